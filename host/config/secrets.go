package config

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Bounds of a key given from outside.
const (
	minKey = 16
	maxKey = 512
)

// secretName is the file of a secrets folder that holds the operator's key.
const secretName = "jarvis_operator_key"

var envRef = regexp.MustCompile(`^env:([A-Za-z_][A-Za-z0-9_]*)$`)

// secretFiles reads the layer of folders that a service manager fills.
func (l *loader) secretFiles() {
	dirs := l.o.SecretDirs
	if dirs == nil {
		if d := l.env["CREDENTIALS_DIRECTORY"]; d != "" {
			dirs = append(dirs, d)
		}
		dirs = append(dirs, "/run/secrets")
	}
	for _, d := range dirs {
		name := filepath.Join(d, secretName)
		raw, err := readBounded(name)
		if err == nil {
			l.keepSecret("operator_key", strings.TrimSpace(string(raw)), name)
			return
		}
		if !os.IsNotExist(err) {
			l.problem(Problem{Key: "operator_key", Where: name, Value: reason(err), Expected: "a file that can be read"})
			return
		}
	}
}

// reveal finds the secret that a value stands for. It is never written in the
// file or on the command line itself: files are copied around, and a command
// line is seen by everyone on the machine.
func (l *loader) reveal(key, value, where string) (string, bool) {
	if value == "" {
		return "", true
	}
	if m := envRef.FindStringSubmatch(value); m != nil {
		v := strings.TrimSpace(l.env[m[1]])
		if v == "" {
			l.problem(Problem{Key: key, Where: where, Value: value, Expected: "a variable that is set", Hint: "the environment has no " + m[1]})
		}
		l.secrets = append(l.secrets, v)
		return v, v != ""
	}
	if l.layer != LayerEnv {
		l.problem(Problem{Key: key, Where: where, Value: masked, Expected: "env:NAME", Hint: "or use " + key + "_file"})
		return "", false
	}
	l.secrets = append(l.secrets, value)
	return value, true
}

func (l *loader) keepSecret(key, value, where string) {
	l.secrets = append(l.secrets, value)
	l.set(key, value, where)
}

// operatorKey reads the key's file, and checks the key wherever it is from.
func (l *loader) operatorKey(c *Config) {
	const key, file = "operator_key", "operator_key_file"
	if c.OperatorKeyFile != "" {
		if !c.OperatorKey.IsZero() && l.originOf(key).layer != LayerSecret {
			l.at(file, quote(c.OperatorKeyFile), "one source of the key", key+" is set too ("+l.originOf(key).where+")")
			return
		}
		text, ok := l.privateFile(file, c.OperatorKeyFile)
		if !ok {
			return
		}
		c.OperatorKey = NewSecret(text)
		l.secrets = append(l.secrets, text)
	}
	v := c.OperatorKey.Reveal()
	if v != "" && (len(v) < minKey || len(v) > maxKey || strings.ContainsFunc(v, func(r rune) bool { return r <= ' ' || r > '~' })) {
		source := key
		if c.OperatorKeyFile != "" {
			source = file
		}
		l.at(source, masked, "16 to 512 visible ASCII characters", "`openssl rand -base64 32` makes a good one")
	}
}

// privateFile reads a file that only its owner may read.
func (l *loader) privateFile(key, path string) (string, bool) {
	info, err := os.Stat(path)
	if err == nil && info.Mode().Perm()&0o077 != 0 {
		l.at(key, path+" with mode "+info.Mode().Perm().String(), "a file that only its owner can read", "chmod 600 "+path)
		return "", false
	}
	raw, err := readBounded(path)
	if err != nil {
		l.at(key, path+" "+reason(err), "a file that can be read", "")
		return "", false
	}
	text := strings.TrimSpace(string(raw))
	if text == "" {
		l.at(key, path+" is empty", "a file that holds the key", "")
		return "", false
	}
	return text, true
}

// resolve replaces env:NAME inside a plugin's own configuration.
func (l *loader) resolve(key string, v any) any {
	switch v := v.(type) {
	case string:
		m := envRef.FindStringSubmatch(v)
		if m == nil {
			return v
		}
		found := l.env[m[1]]
		if found == "" {
			l.problem(Problem{Key: key, Where: l.originOf(key).where, Value: v, Expected: "a variable that is set", Hint: "the environment has no " + m[1]})
			return v
		}
		l.secrets = append(l.secrets, found)
		return found
	case map[string]any:
		out := make(map[string]any, len(v))
		for _, name := range sortedKeys(v) {
			out[name] = l.resolve(key+"."+name, v[name])
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = l.resolve(key, v[i])
		}
		return out
	default:
		return v
	}
}

// pluginSecrets finds what a plugin may ask for by name.
func (l *loader) pluginSecrets(key string, secrets map[string]any) map[string]any {
	out := map[string]any{}
	for _, name := range sortedKeys(secrets) {
		at := key + "." + name
		text, ok := secrets[name].(string)
		if !ok || !envRef.MatchString(text) {
			l.at(at, masked, "env:NAME", "secrets do not stand in files that are copied around")
			continue
		}
		if v, ok := l.resolve(at, text).(string); ok && v != text {
			out[name] = v
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}
