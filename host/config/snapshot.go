package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/knadh/koanf/v2"
	"go.yaml.in/yaml/v3"
)

// Snapshot is one configuration as it was read. It never changes and is safe
// for concurrent use.
type Snapshot struct {
	config   *Config
	raw      *koanf.Koanf
	origins  map[string]origin
	problems []Problem
	secrets  []string
	known    map[string]string
	watched  []string

	strangers []string
}

// Explanation says what a key is set to, and by what.
type Explanation struct {
	Key   string `json:"key"`
	Value any    `json:"value"` // as it would be written; secrets are masked
	Layer Layer  `json:"layer"`
	Where string `json:"where,omitempty"` // the file's line or the variable
}

// String tells the explanation in one line.
func (e Explanation) String() string {
	where := string(e.Layer)
	if e.Where != "" && e.Where != where {
		where += " " + e.Where
	}
	return fmt.Sprintf("%s = %s (%s)", e.Key, flow(e.Value), where)
}

// Config returns the typed configuration, a copy that is the caller's.
func (s *Snapshot) Config() *Config {
	c := *s.config
	c.Gateway.AllowedHosts = slices.Clone(c.Gateway.AllowedHosts)
	c.Gateway.TrustedProxies = slices.Clone(c.Gateway.TrustedProxies)
	c.Home.People = slices.Clone(c.Home.People)
	c.Gateway.AllowedOrigins = slices.Clone(c.Gateway.AllowedOrigins)
	c.Plugins = maps.Clone(c.Plugins)
	for id, p := range c.Plugins {
		if p.Enabled != nil {
			p.Enabled = new(*p.Enabled)
		}
		p.Grants = slices.Clone(p.Grants)
		p.Config, _ = deepCopy(p.Config).(map[string]any)
		p.Secrets = maps.Clone(p.Secrets)
		c.Plugins[id] = p
	}
	c.LLM = c.LLM.clone()
	return &c
}

// Problems lists what is wrong with the sections of plugins, those that are off
// for it.
func (s *Snapshot) Problems() []Problem { return slices.Clone(s.problems) }

// Secrets returns every secret value that was read, for the scrubber of logs.
func (s *Snapshot) Secrets() []string { return slices.Clone(s.secrets) }

// Explain says what a key, or a key inside a plugin's own configuration, is set
// to and where that comes from. Of an unknown key the error suggests another.
func (s *Snapshot) Explain(key string) (Explanation, error) {
	leaf, inner, ok := keys().find(key)
	if !ok {
		if isSection(key) {
			return Explanation{}, fmt.Errorf("explain %s: it is a section; its keys are %s", key, strings.Join(keys().children(key+"."), ", "))
		}
		return Explanation{}, fmt.Errorf("explain %s: unknown key; %s", key, keys().suggest(key))
	}
	o := originOf(s.origins, key)
	v := s.raw.Get(key)
	if v == nil && inner != "" {
		return Explanation{}, fmt.Errorf("explain %s: it is not set", key)
	}
	return Explanation{Key: key, Value: shown(key, leaf, v), Layer: o.layer, Where: o.where}, nil
}

// All explains every key that has a value, sorted.
func (s *Snapshot) All() []Explanation {
	all := sortedKeys(keys().leaves)
	for prefix, f := range keys().families {
		for _, name := range s.raw.MapKeys(prefix) {
			for key := range f.leaves {
				if full := prefix + "." + name + "." + key; s.raw.Exists(full) {
					all = append(all, full)
				}
			}
		}
	}
	slices.Sort(all)
	out := make([]Explanation, 0, len(all))
	for _, key := range all {
		if e, err := s.Explain(key); err == nil {
			out = append(out, e)
		}
	}
	return out
}

// Show writes the configuration in effect as YAML, secrets masked.
func (s *Snapshot) Show() (string, error) {
	tree := map[string]any{}
	for _, e := range s.All() {
		at := tree
		parts := strings.Split(e.Key, ".")
		for _, p := range parts[:len(parts)-1] {
			if at[p] == nil {
				at[p] = map[string]any{}
			}
			at, _ = at[p].(map[string]any)
		}
		at[parts[len(parts)-1]] = e.Value
	}
	out, err := yaml.Marshal(tree)
	if err != nil {
		return "", fmt.Errorf("write configuration: %w", err)
	}
	return string(out), nil
}

// shown is a value as an operator would write it, without its secrets.
func shown(key string, leaf leaf, v any) any {
	switch v := v.(type) {
	case time.Duration:
		return compact(v)
	case string:
		if v != "" && (leaf.kind == kindSecret || leaf.kind == kindMap && secretive(key) && !secretRef.MatchString(v)) {
			return masked
		}
		return v
	case map[string]any:
		out := make(map[string]any, len(v))
		for name := range v {
			out[name] = shown(key+"."+name, leaf, v[name])
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = shown(key, leaf, v[i])
		}
		return out
	default:
		if leaf.kind == kindMap && secretive(key) && v != nil {
			return masked
		}
		return v
	}
}

// secretive reports whether a plugin's key sounds like a secret's.
func secretive(key string) bool {
	if strings.Contains(key, ".secrets.") {
		return true
	}
	name := strings.ToLower(key[strings.LastIndexByte(key, '.')+1:])
	if strings.HasSuffix(name, "_file") || strings.HasSuffix(name, "_id") {
		return false
	}
	for _, word := range []string{"token", "jeton", "password", "passwd", "mot_de_passe", "mdp", "secret", "key", "cle", "clé", "credential", "pin"} {
		if slices.Contains(strings.FieldsFunc(name, func(r rune) bool { return r == '_' || r == '-' }), word) || len(word) > 4 && strings.Contains(name, word) {
			return true
		}
	}
	return strings.Contains(name, "apikey")
}

// compact writes a duration without its zero parts: 5m rather than 5m0s.
func compact(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// flow writes a value on one line.
func flow(v any) string {
	var n yaml.Node
	if err := n.Encode(v); err != nil {
		return fmt.Sprint(v)
	}
	n.Style = yaml.FlowStyle
	out, err := yaml.Marshal(&n)
	if err != nil {
		return fmt.Sprint(v)
	}
	return strings.TrimSpace(string(out))
}

func deepCopy(v any) any {
	switch v := v.(type) {
	case map[string]any:
		if v == nil {
			return v
		}
		out := make(map[string]any, len(v))
		for k := range v {
			out[k] = deepCopy(v[k])
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = deepCopy(v[i])
		}
		return out
	default:
		return v
	}
}
