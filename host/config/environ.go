package config

import (
	"cmp"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// prefix is what the names of the host's own variables begin with.
const prefix = "JARVIS_"

// alias is a variable with a name of its own that sets one of our keys.
type alias struct {
	name, key string
	meaning   string
	// read turns the variable's text into the key's; nil keeps it.
	read func(string) (string, error)
}

// aliases lists them, the weaker of two for the same key first. All are weaker
// than the key's own variable.
func aliases() []alias {
	return []alias{
		{name: "JARVIS_ENV", key: "profile", meaning: "`dev` or `prod`", read: profileName},
		{name: "JARVIS_API_KEY", key: "operator_key", meaning: "the operator's key itself"},
		{name: "OLLAMA_HOST", key: "llm.ollama.url", meaning: "the server as Ollama's own tools name it, such as `192.168.1.5` or `https://models.example`", read: ollamaHost},
		{name: "OLLAMA_URL", key: "llm.ollama.url", meaning: "the server's address; goes before `OLLAMA_HOST`"},
		{name: "OLLAMA_MODEL", key: "llm.ollama.model", meaning: "the model's name, such as `llama3.2:1b`"},
		{name: "QDRANT_URL", key: "memory.qdrant.url", meaning: "the server's address; its port 6333 counts as 6334, on which it speaks gRPC"},
		{name: "ALLOWED_ORIGINS", key: "gateway.allowed_origins", meaning: "separated by commas"},
		{name: "LOG_LEVEL", key: "log.level", meaning: "`WARNING` and `CRITICAL` are understood too", read: levelName},
	}
}

// strangers are the original's variables for what the host does by itself, or
// does not do. They set nothing; `jarvis config check` says so.
var strangers = []struct{ name, instead string }{
	{"DATABASE_URL", "the host keeps everything in its data directory"},
	{"REDIS_URL", "the host needs no cache beside it"},
	{"OPENWEATHER_API_KEY", "the weather comes from Open-Meteo, which needs no key"},
	{"HOME_ASSISTANT_URL", "no plugin of this release speaks with Home Assistant"},
	{"HOME_ASSISTANT_TOKEN", "no plugin of this release speaks with Home Assistant"},
	{"STT_API_URL", "this release does not listen"},
	{"TTS_API_URL", "this release does not speak"},
}

// Strangers tells which variables are set that set nothing, and why; one line
// each, without their values.
func (s *Snapshot) Strangers() []string { return slices.Clone(s.strangers) }

func (l *loader) findStrangers() {
	for _, v := range strangers {
		if value := l.env[v.name]; value != "" {
			l.strangers = append(l.strangers, v.name+" sets nothing: "+v.instead)
			l.secrets = append(l.secrets, secretOf(v.name, value)...)
		}
	}
}

// secretOf is the secret in a variable of the original's: all of it, or the
// password of an address.
func secretOf(name, value string) []string {
	if strings.HasSuffix(name, "_URL") {
		if u, err := url.Parse(value); err == nil && u.User != nil {
			if password, ok := u.User.Password(); ok {
				return []string{password}
			}
		}
		return nil
	}
	return []string{value}
}

func profileName(s string) (string, error) {
	switch s = strings.ToLower(s); s {
	case "development":
		return "dev", nil
	case "production":
		return "prod", nil
	default:
		return s, nil
	}
}

func levelName(s string) (string, error) {
	switch s = strings.ToLower(s); s {
	case "warning":
		return "warn", nil
	case "critical", "fatal":
		return "error", nil
	default:
		return s, nil
	}
}

// ollamaHost reads a server's name as Ollama does: scheme, port and even the
// host may be missing, and the address that a server listens on everywhere is
// reached on this machine.
func ollamaHost(s string) (string, error) {
	s = strings.Trim(strings.TrimSpace(s), `"'`)
	scheme, rest, ok := strings.Cut(s, "://")
	port := map[string]string{"http": "80", "https": "443"}[scheme]
	if !ok {
		scheme, rest, port = "http", s, "11434"
	}
	if port == "" {
		return "", errors.New("http:// or https://")
	}
	hostport, path, _ := strings.Cut(rest, "/")
	host, given, err := net.SplitHostPort(hostport)
	if err != nil {
		host = strings.Trim(hostport, "[]")
	}
	if given != "" {
		if n, err := strconv.Atoi(given); err != nil || n < 1 || n > 65535 {
			return "", errors.New("a port from 1 to 65535")
		}
	}
	host = cmp.Or(host, "127.0.0.1")
	if ip, err := netip.ParseAddr(host); err == nil && ip.IsUnspecified() {
		host = map[bool]string{true: "127.0.0.1", false: "::1"}[ip.Is4()]
	}
	u := url.URL{Scheme: scheme, Host: net.JoinHostPort(host, cmp.Or(given, port)), Path: strings.TrimSuffix(path, "/")}
	return u.String(), nil
}

// environ reads the environment's layer.
func (l *loader) environ() {
	l.findStrangers()
	for _, a := range aliases() {
		if v := strings.TrimSpace(l.env[a.name]); v != "" {
			l.alias(a, v)
		}
	}
	for _, name := range sortedKeys(l.env) {
		known := slices.ContainsFunc(aliases(), func(a alias) bool { return a.name == name })
		if rest, ok := strings.CutPrefix(name, prefix); ok && !known && name != logVariable {
			l.variable(name, rest)
		}
	}
}

func (l *loader) alias(a alias, v string) {
	leaf := keys().leaves[a.key]
	if a.read != nil {
		text, err := a.read(v)
		if err != nil {
			l.problem(Problem{Key: a.key, Where: a.name, Value: quote(v), Expected: err.Error()})
			return
		}
		v = text
	}
	l.put(leaf, a.key, v, a.name, true)
}

// variable reads one of the host's own variables. A name without a section may
// be anyone's, such as those an orchestrator makes for a service called jarvis:
// it counts only if it is a key, or nearly one.
func (l *loader) variable(name, rest string) {
	key := strings.ToLower(strings.ReplaceAll(rest, "__", "."))
	leaf, inner, ok := keys().find(key)
	switch {
	case ok && inner != "":
		l.inner(key, name)
	case ok:
		l.put(leaf, key, l.env[name], name, true)
	case strings.Contains(rest, "__"):
		l.unknown(key, name)
	default:
		top := slices.DeleteFunc(keys().children(""), func(k string) bool { return keys().sections[k] })
		if near := Nearest(key, top); near != "" {
			l.problem(Problem{Key: key, Where: name, Expected: "a known key", Hint: "did you mean " + prefix + strings.ToUpper(near) + "?"})
		}
	}
}

// inner reads a value inside a plugin's own configuration, whose kinds only the
// plugin knows: it is taken as YAML would.
func (l *loader) inner(key, name string) {
	var v any = l.env[name]
	var read any
	if err := yaml.Unmarshal([]byte(l.env[name]), &read); err == nil && read != nil {
		v = read
	}
	l.set(key, v, name)
}
