package config

import (
	"cmp"
	"maps"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/v2"
)

// Options say where a configuration comes from.
type Options struct {
	// File is the YAML file; empty is jarvis.yaml, if that is there.
	File string
	// Env is the environment, as os.Environ has it.
	Env []string
	// Flags are values by dotted key.
	Flags map[string]any
	// Dir is the folder that relative paths start from; empty is the working
	// directory.
	Dir string
	// SecretDirs are folders that may hold the file jarvis_operator_key. Nil
	// means systemd's credentials, if Env names them, and /run/secrets.
	SecretDirs []string
}

// Layer is where a value comes from.
type Layer string

// The layers, the later over the earlier.
const (
	LayerDefault Layer = "default"
	LayerSecret  Layer = "secret"
	LayerFile    Layer = "file"
	LayerEnv     Layer = "env"
	LayerFlag    Layer = "flag"
)

// origin is where a value comes from, exactly.
type origin struct {
	layer Layer
	where string
}

// loader gathers the layers of one configuration.
type loader struct {
	o        Options
	env      map[string]string
	k        *koanf.Koanf
	layer    Layer
	flat     map[string]any // of the layer being read
	origins  map[string]origin
	problems []Problem
	secrets  []string
	known    map[string]string // secrets by the key that they were read for
	watched  []string          // files that a change of counts

	strangers []string // variables that set nothing, and why
}

// Load reads a configuration. The error is an [*Error] with every problem there
// is. Problems inside the sections of plugins leave a snapshot that can be
// used beside the error, with those plugins off; after any other the snapshot
// is nil.
func Load(o Options) (*Snapshot, error) {
	l := newLoader(o)
	c := l.load()
	if len(l.problems) == 0 {
		return l.snapshot(c), nil
	}
	l.maskProblems()
	err := &Error{Problems: l.problems}
	if slices.ContainsFunc(l.problems, func(p Problem) bool { return p.plugin() == "" }) {
		return nil, err
	}
	for _, p := range l.problems {
		section := c.Plugins[p.plugin()]
		section.Enabled, section.Problem = new(false), p.String()
		c.Plugins[p.plugin()] = section
	}
	return l.snapshot(c), err
}

func newLoader(o Options) *loader {
	l := &loader{o: o, env: map[string]string{}, k: koanf.New("."), origins: map[string]origin{}, known: map[string]string{}}
	for _, e := range o.Env {
		if name, v, ok := strings.Cut(e, "="); ok {
			l.env[name] = v
		}
	}
	return l
}

// load reads every layer, and checks what comes of them.
func (l *loader) load() *Config {
	l.read(LayerDefault, l.defaults)
	l.read(LayerSecret, l.secretFiles)
	l.read(LayerFile, l.file)
	l.read(LayerFile, l.logFile)
	l.read(LayerEnv, l.environ)
	l.read(LayerFlag, l.flags)
	c := l.build()
	l.check(c)
	return c
}

func (l *loader) snapshot(c *Config) *Snapshot {
	return &Snapshot{config: c, raw: l.k, origins: l.origins, problems: l.problems, secrets: l.secrets, known: l.known, watched: l.watched, strangers: l.strangers}
}

// read gathers one layer and lays it over those before.
func (l *loader) read(layer Layer, gather func()) {
	l.layer, l.flat = layer, map[string]any{}
	gather()
	if err := l.k.Load(confmap.Provider(l.flat, "."), nil); err != nil {
		l.problem(Problem{Where: string(layer), Value: err.Error(), Expected: "keys and values"})
	}
}

// defaults reads what is built in.
func (l *loader) defaults() {
	root := reflect.ValueOf(Default())
	for key, leaf := range keys().leaves {
		v := root.FieldByIndex(leaf.index).Interface()
		switch v := v.(type) {
		case Secret:
			l.set(key, v.Reveal(), "")
		case []string:
			l.set(key, append([]string{}, v...), "")
		default:
			l.set(key, v, "")
		}
	}
}

// flags reads the command line's layer.
func (l *loader) flags() {
	for _, key := range sortedKeys(l.o.Flags) {
		leaf, inner, ok := keys().find(key)
		if !ok || inner != "" {
			l.unknown(key, "flag")
			continue
		}
		_, text := l.o.Flags[key].(string)
		l.put(leaf, key, l.o.Flags[key], "flag", text)
	}
}

// put checks a value by its key's kind and keeps it.
func (l *loader) put(leaf leaf, key string, raw any, where string, text bool) {
	value, expected, hint := leaf.parse(raw, text)
	if expected != "" {
		p := Problem{Key: key, Where: where, Value: quote(raw), Expected: expected, Hint: hint}
		if leaf.kind == kindSecret {
			p.Value = masked
		}
		l.problem(p)
		return
	}
	if leaf.kind == kindSecret {
		var ok bool
		if value, ok = l.reveal(key, value.(string), where); !ok {
			return
		}
	}
	l.set(key, value, where)
}

func (l *loader) set(key string, value any, where string) {
	l.flat[key] = value
	l.origins[key] = origin{l.layer, where}
}

func (l *loader) problem(p Problem) { l.problems = append(l.problems, p) }

func (l *loader) unknown(key, where string) {
	l.problem(Problem{Key: key, Where: where, Value: "unknown key", Expected: "a known one", Hint: keys().suggest(key)})
}

// at reports a problem with a value that was kept.
func (l *loader) at(key, value, expected, hint string) {
	l.problem(Problem{Key: key, Where: l.originOf(key).where, Value: value, Expected: expected, Hint: hint})
}

// originOf is where a key's value comes from, or that of what it is part of.
func (l *loader) originOf(key string) origin { return originOf(l.origins, key) }

func originOf(origins map[string]origin, key string) origin {
	for {
		if o, ok := origins[key]; ok {
			return o
		}
		i := strings.LastIndexByte(key, '.')
		if i < 0 {
			return origin{layer: LayerDefault}
		}
		key = key[:i]
	}
}

// names says how the members of each family may be called.
var names = map[string]struct {
	form *regexp.Regexp
	want string
}{
	"plugins":       {regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`), "a plugin's id: small letters, digits and _, a letter first"},
	"llm.providers": {modelName, modelNameWant},
	"llm.routes":    {modelName, modelNameWant},
}

// build fills the typed configuration from the layers.
func (l *loader) build() *Config {
	c := &Config{}
	root := reflect.ValueOf(c).Elem()
	fillFields(root, keys().leaves, func(key string) any { return l.k.Get(key) })
	for _, prefix := range sortedKeys(keys().families) {
		f := keys().families[prefix]
		into := root.FieldByIndex(f.index)
		into.Set(reflect.MakeMap(into.Type()))
		for _, name := range l.k.MapKeys(prefix) {
			if rule := names[prefix]; !rule.form.MatchString(name) {
				l.problem(Problem{Key: prefix + "." + name, Where: l.memberWhere(prefix + "." + name), Expected: rule.want})
				continue
			}
			member := reflect.New(f.elem).Elem()
			fillFields(member, f.leaves, func(key string) any { return l.k.Get(prefix + "." + name + "." + key) })
			into.SetMapIndex(reflect.ValueOf(name), member)
		}
	}
	l.settle(c)
	return c
}

// memberWhere is where something of a family's member stands.
func (l *loader) memberWhere(member string) string {
	for _, key := range sortedKeys(l.origins) {
		if strings.HasPrefix(key, member+".") {
			return l.origins[key].where
		}
	}
	return ""
}

// fillFields sets every field that has a value. The values have the kinds of
// their leaves already.
func fillFields(into reflect.Value, leaves map[string]leaf, get func(key string) any) {
	for key, leaf := range leaves {
		field := into.FieldByIndex(leaf.index)
		switch v := get(key).(type) {
		case nil:
		case bool:
			if field.Kind() == reflect.Pointer {
				field.Set(reflect.ValueOf(&v))
			} else {
				field.SetBool(v)
			}
		case time.Duration:
			field.SetInt(int64(v))
		case int:
			field.SetInt(int64(v))
		case float64:
			field.SetFloat(v)
		case string:
			if leaf.kind == kindSecret {
				field.Set(reflect.ValueOf(NewSecret(v)))
			} else {
				field.SetString(v)
			}
		default:
			field.Set(reflect.ValueOf(v))
		}
	}
}

// settle turns what is written into what is meant: paths and automatic values.
func (l *loader) settle(c *Config) {
	c.DataDir, c.PluginsDir, c.OperatorKeyFile = l.path(c.DataDir), l.path(c.PluginsDir), l.path(c.OperatorKeyFile)
	c.Log.File = l.path(c.Log.File)
	if c.Log.Format == "auto" {
		c.Log.Format = map[bool]string{true: "json", false: "text"}[c.Profile == "prod"]
	}
	for id, p := range c.Plugins {
		p.ConfigFile = l.path(p.ConfigFile)
		if strings.ContainsRune(p.Path, filepath.Separator) {
			p.Path = l.path(p.Path)
		}
		c.Plugins[id] = p
	}
	l.settleModels(&c.LLM)
}

func sortedKeys[M ~map[K]V, K cmp.Ordered, V any](m M) []K { return slices.Sorted(maps.Keys(m)) }
