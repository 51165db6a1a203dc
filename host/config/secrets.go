package config

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// Bounds of a key given from outside.
const (
	minKey = 16
	maxKey = 512
)

// secretName is the file of a secrets folder that holds the operator's key.
const secretName = "jarvis_operator_key"

// secretRef is where a secret is: the environment, a file, or a folder that a
// service manager fills.
var secretRef = regexp.MustCompile(`^(?:env:([A-Za-z_][A-Za-z0-9_]*)|file:(.+)|secret:([A-Za-z0-9_][A-Za-z0-9_.-]*))$`)

// secretForms is what may stand in the place of a secret.
const secretForms = "env:NAME, file:PATH or secret:NAME"

// secretDirs are the folders of systemd's credentials and of Docker's secrets.
func (l *loader) secretDirs() []string {
	dirs := l.o.SecretDirs
	if dirs == nil {
		if d := l.env["CREDENTIALS_DIRECTORY"]; d != "" {
			dirs = append(dirs, d)
		}
		dirs = append(dirs, "/run/secrets")
	}
	return dirs
}

// secretFiles reads the layer of folders that a service manager fills.
func (l *loader) secretFiles() {
	for _, d := range l.secretDirs() {
		name := filepath.Join(d, secretName)
		l.watched = append(l.watched, name)
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
	if v, isRef, ok := l.fetch(key, value, where); isRef {
		return v, ok
	}
	if l.layer != LayerEnv {
		l.problem(Problem{Key: key, Where: where, Value: masked, Expected: secretForms, Hint: "or use " + key + "_file"})
		return "", false
	}
	l.know(key, value)
	return value, true
}

// fetch reads the secret that a value names, if it names one.
func (l *loader) fetch(key, value, where string) (secret string, isRef, ok bool) {
	m := secretRef.FindStringSubmatch(value)
	switch {
	case m == nil:
		return "", false, false
	case m[1] != "":
		if secret = strings.TrimSpace(l.env[m[1]]); secret == "" {
			l.problem(Problem{Key: key, Where: where, Value: value, Expected: "a variable that is set", Hint: "the environment has no " + m[1]})
		}
	case m[2] != "":
		var p *Problem
		if secret, p = l.readPrivate(l.path(m[2])); p != nil {
			p.Key, p.Where = key, where
			l.problem(*p)
		}
	default:
		if secret = l.managed(m[3]); secret == "" {
			l.problem(Problem{
				Key: key, Where: where, Value: value, Expected: "a secret that the service manager hands over",
				Hint: "there is no " + m[3] + " in " + strings.Join(l.secretDirs(), " or "),
			})
		}
	}
	if secret == "" {
		return "", true, false
	}
	l.know(key, secret)
	return secret, true, true
}

// managed reads a secret from the folders of a service manager, whose files
// have the modes that it gives them.
func (l *loader) managed(name string) string {
	for _, d := range l.secretDirs() {
		file := filepath.Join(d, name)
		l.watched = append(l.watched, file)
		if raw, err := readBounded(file); err == nil {
			return strings.TrimSpace(string(raw))
		}
	}
	return ""
}

// know keeps a secret for the scrubber, and for telling whether it is another
// one than before.
func (l *loader) know(key, secret string) {
	l.secrets = append(l.secrets, secret)
	l.known[key] += secret + "\x00"
}

func (l *loader) keepSecret(key, value, where string) {
	l.know(key, value)
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
		l.know(file, text)
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
	text, p := l.readPrivate(path)
	if p != nil {
		l.at(key, p.Value, p.Expected, p.Hint)
		return "", false
	}
	return text, true
}

// readPrivate is privateFile without a key to tell of.
func (l *loader) readPrivate(path string) (string, *Problem) {
	l.watched = append(l.watched, path)
	info, err := os.Stat(path)
	if err == nil && info.Mode().Perm()&0o077 != 0 {
		return "", &Problem{Value: path + " with mode " + info.Mode().Perm().String(), Expected: "a file that only its owner can read", Hint: "chmod 600 " + path}
	}
	raw, err := readBounded(path)
	if err != nil {
		return "", &Problem{Value: path + " " + reason(err), Expected: "a file that can be read"}
	}
	text := strings.TrimSpace(string(raw))
	if text == "" {
		return "", &Problem{Value: path + " is empty", Expected: "a file that holds the key"}
	}
	return text, nil
}

// resolve replaces what names a secret inside a plugin's own configuration.
func (l *loader) resolve(key string, v any) any {
	switch v := v.(type) {
	case string:
		if found, isRef, ok := l.fetch(key, v, l.originOf(key).where); isRef && ok {
			return found
		} else if !isRef && v != "" && secretive(key) {
			l.know(key, v)
		}
		return v
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
		if !ok || !secretRef.MatchString(text) {
			l.at(at, masked, secretForms, "secrets do not stand in files that are copied around")
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

// maskProblems hides secrets that stand where no secret belongs.
func (l *loader) maskProblems() {
	var pairs []string
	for _, secret := range l.secrets {
		if len(secret) >= minMasked {
			pairs = append(pairs, secret, masked, strings.Trim(strconv.Quote(secret), `"`), masked)
		}
	}
	mask := strings.NewReplacer(pairs...).Replace
	for i, p := range l.problems {
		l.problems[i].Key, l.problems[i].Value, l.problems[i].Hint = mask(p.Key), mask(p.Value), mask(p.Hint)
	}
}

// minMasked is the shortest secret that is looked for in problems: a shorter one
// would be found in innocent text.
const minMasked = 6
