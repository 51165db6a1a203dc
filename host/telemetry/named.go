package telemetry

import (
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// keyWords are the words of which one is in every name that promises a secret;
// a text without any of them is not looked at further.
var keyWords = []string{
	"pass", "pwd", "mdp", "mot de", "mot_de", "mot-de", "motde", "secret", "secrète", "secrete", "token", "jeton", "key", "clé", "cle", "auth",
	"cookie", "credential", "identifiants", "sess", "sid", "sig", "otp", "ticket", "pincode", "pin_code", "pin-code", "code_pin", "codepin", "srf",
}

// secretEnds end names that promise a secret, in small letters without marks.
var secretEnds = []string{
	"password", "passwd", "passwort", "passphrase", "passcode", "pwd", "motdepasse", "mdp", "secret", "token", "jeton", "apikey", "cleapi",
	"clesecrete", "cleprivee", "accesskey", "privatekey", "secretkey", "signingkey", "encryptionkey", "masterkey", "sharedkey", "authkey",
	"accountkey", "operatorkey", "authorization", "cookie", "credential", "credentials", "identifiants", "signature", "ticket", "codepin", "pincode",
}

// secretParts promise a secret wherever they stand in a name.
var secretParts = []string{"password", "passwd", "motdepasse", "secret", "apikey", "privatekey"}

// secretNames promise a secret only as a whole name.
var secretNames = []string{"pass", "sid", "sessionid", "jsessionid", "phpsessid", "connectsid", "csrf", "xsrf", "sig", "otp", "tokens", "secrets", "passwords"}

// harmlessEnds end names of what is about a secret, and none itself.
var harmlessEnds = []string{
	"file", "path", "dir", "id", "ids", "name", "type", "kind", "count", "length", "len", "size", "limit", "policy", "hint", "expires", "expiry",
	"expiresin", "expiresat", "ttl", "age", "url", "uri", "endpoint", "field", "header", "algorithm", "rotation", "required", "enabled", "set", "present",
}

// harmlessNames end like a secret's name and are none.
var harmlessNames = []string{
	"firsttoken", "betweentokens", "maxtoken", "pagetoken", "nextpagetoken", "nexttoken", "continuationtoken", "stoptoken", "eostoken", "bostoken",
	"publickey", "secretary", "secretaire", "secretariat", "keyboard", "issignature",
}

// phrases are names of several words.
var phrases = []string{
	"mot de passe", "mots de passe", "clé api", "cle api", "clé d'api", "cle d'api", "clé secrète", "cle secrete", "api key", "secret key",
	"private key", "access key", "code pin",
}

// maxName is the longest name that is looked at.
const maxName = 64

// promises reports whether a name promises a secret.
func promises(name string) bool {
	n := plain(name)
	if n == "" || slices.Contains(harmlessNames, n) {
		return false
	}
	if slices.Contains(secretNames, n) {
		return true
	}
	for _, e := range harmlessEnds {
		if strings.HasSuffix(n, e) {
			return false
		}
	}
	for _, p := range secretParts {
		if strings.Contains(n, p) && !strings.Contains(n, "secretar") {
			return true
		}
	}
	for _, e := range secretEnds {
		if strings.HasSuffix(n, e) {
			return true
		}
	}
	return false
}

// lastPairs are the two letters with which names that promise a secret end.
var lastPairs = sync.OnceValue(func() map[[2]byte]bool {
	pairs := map[[2]byte]bool{}
	for _, n := range slices.Concat(secretEnds, secretNames) {
		pairs[[2]byte{n[len(n)-2], n[len(n)-1]}] = true
	}
	return pairs
})

// mayEnd reports whether a name's last two letters are those of a secret's; it
// is quick and right about most other names.
func mayEnd(name string) bool {
	var last [2]byte
	for i, n := len(name)-1, 1; i >= 0 && n >= 0; i-- {
		switch c := name[i]; {
		case c >= utf8.RuneSelf:
			return true
		case c >= 'A' && c <= 'Z':
			last[n], n = c+'a'-'A', n-1
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			last[n], n = c, n-1
		}
	}
	return lastPairs()[last]
}

// plain is a name in small letters, without marks and accents.
func plain(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			return r
		case r == 'é' || r == 'è' || r == 'É' || r == 'È':
			return 'e'
		default:
			return -1
		}
	}, name)
}

// scrubNamed takes out what stands behind names that promise a secret, after =
// or a colon: JSON, YAML, headers, query strings, Go's and Python's printed
// values, settings.
func scrubNamed(s string, groups uint64) string {
	var b strings.Builder
	done := 0
	for i := 0; i < len(s); i++ {
		if s[i] != '=' && s[i] != ':' || i < done {
			continue
		}
		n, ok := nameBefore(s, done, i, groups)
		if !ok {
			continue
		}
		v := valueAfter(s, i, n)
		if v.end <= v.start {
			continue
		}
		b.WriteString(s[done:v.start])
		b.WriteString(v.instead)
		done, i = v.end, v.end-1
	}
	if done == 0 {
		return s
	}
	b.WriteString(s[done:])
	return b.String()
}

// name is what stands before a separator.
type name struct {
	text  string
	quote string // the quote that closes it, with its backslashes: ", \", '
}

// nameBefore finds the name before position i that promises a secret.
func nameBefore(s string, from, i int, groups uint64) (name, bool) {
	j := i
	for j > from && s[j-1] == ' ' && i-j < 2 {
		j--
	}
	var n name
	if j > from && (s[j-1] == '"' || s[j-1] == '\'') {
		k := j - 1
		for k > from && s[k-1] == '\\' {
			k--
		}
		n.quote, j = s[k:j], k
	}
	k := j
	for k > from && j-k < maxName && isNameByte(s[k-1]) {
		k--
	}
	n.text = s[k:j]
	// The key of ?key=... alone; elsewhere a key is anything.
	if s[i] == '=' && strings.EqualFold(n.text, "key") && k > from && (s[k-1] == '?' || s[k-1] == '&') {
		return n, true
	}
	if s[i] != '=' && len(n.text) < 8 && plain(n.text) == "sig" {
		return n, false
	}
	if (groups&groupParts != 0 || mayEnd(n.text)) && promises(n.text) {
		return n, true
	}
	if groups&groupPhrases == 0 {
		return n, false
	}
	before := small(s[max(from, j-24):j])
	for _, p := range phrases {
		if strings.HasSuffix(before, p) {
			n.text = p
			return n, true
		}
	}
	return n, false
}

func isNameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '.' || c >= utf8.RuneSelf
}

// value is the part of a text that must go, and what comes instead.
type value struct {
	start, end int
	instead    string
}

// valueAfter finds what belongs to the name before the separator at i.
func valueAfter(s string, i int, n name) value {
	p := i + 1
	for p < len(s) && (s[p] == '=' || s[p] == '>') && s[i] == '=' {
		p++ // ==, =>
	}
	if s[i] == '=' && p < len(s) && s[p] == ' ' && s[i-1] != ' ' {
		return value{} // nothing was given
	}
	spaced := false
	for p < len(s) && (s[p] == ' ' || s[p] == '\t') && p-i < 8 {
		p, spaced = p+1, true
	}
	if p >= len(s) {
		return value{}
	}
	q := p
	for q < len(s) && s[q] == '\\' {
		q++
	}
	switch {
	case q < len(s) && (s[q] == '"' || s[q] == '\''):
		return quotedValue(s, q+1, s[p:q+1])
	case s[p] == '{', strings.HasPrefix(s[p:], Redacted), strings.HasPrefix(s[p:], masked):
		return value{} // the names inside tell; or it is gone already
	case s[p] == '[':
		return listValue(s, p, n)
	default:
		return bareValue(s, p, n, s[i] == ':' && n.quote == "", spaced)
	}
}

// quotedValue ends at the same quote, or at the end of what the quotes stand in.
// A quote inside a JSON text inside a JSON text has one backslash before it, one
// level deeper it has three, and so on; each more doubles.
func quotedValue(s string, from int, open string) value {
	mark, level := open[len(open)-1], len(open)-1
	for t := from; t < len(s); t++ {
		run := 0
		for t < len(s) && s[t] == '\\' {
			run, t = run+1, t+1
		}
		if t >= len(s) || s[t] != mark {
			continue
		}
		for outer := level; outer >= 0; outer /= 2 {
			if run%(2*(outer+1)) == outer {
				return whole(s, from, t-outer)
			}
			if outer == 0 {
				break
			}
		}
	}
	return whole(s, from, len(s))
}

// whole replaces a value unless there is nothing to hide.
func whole(s string, start, end int) value {
	if v := s[start:end]; v == "" || empty(v) {
		return value{}
	}
	return value{start, end, Redacted}
}

// masked is what the configuration shows in place of a secret.
const masked = "[secret]"

// empty reports whether a value says that there is no secret, or names where
// it is.
func empty(v string) bool {
	switch strings.ToLower(v) {
	case "null", "nil", "<nil>", "none", "true", "false", "undefined", Redacted, masked:
		return true
	default:
		return strings.HasPrefix(v, "env:") || strings.HasPrefix(v, "${") || strings.Trim(v, "*.•") == ""
	}
}

// listValue replaces all of a list.
func listValue(s string, p int, n name) value {
	end := strings.IndexByte(s[p:], ']')
	if end <= 1 {
		return value{}
	}
	quote := n.quote
	if i := strings.IndexByte(s[p:p+end], '"'); i >= 0 {
		inside := strings.TrimRight(s[p:p+i], `\`)
		quote = s[p+len(inside) : p+i+1]
	}
	return value{p + 1, p + end, quote + Redacted + quote}
}

// bareValue ends where an unquoted value does.
func bareValue(s string, p int, n name, prose, spaced bool) value {
	end := p
	stops := " \t\r\n,;&|)}]\"'<>\\"
	key := plain(n.text)
	header := strings.HasSuffix(key, "authorization") || strings.HasSuffix(key, "cookie")
	if header && prose {
		stops = "\r\n\"\\" // a header's value is the rest of its line
	}
	for end < len(s) && strings.IndexByte(stops, s[end]) < 0 {
		end++
	}
	v := s[p:end]
	if scheme(v) && end < len(s) && s[end] == ' ' {
		for end++; end < len(s) && strings.IndexByte(stops, s[end]) < 0; {
			end++
		}
		v = s[p:end]
	}
	if v == "" || empty(v) || key == "pwd" && strings.HasPrefix(v, "/") {
		return value{}
	}
	if prose && spaced && isProse(v, key) {
		return value{}
	}
	// A number in JSON becomes a text, so that the object stays one.
	return value{p, end, n.quote + Redacted + n.quote}
}

func scheme(v string) bool {
	switch strings.ToLower(v) {
	case "bearer", "basic", "digest", "negotiate", "token", "apikey":
		return true
	default:
		return false
	}
}

// isProse reports whether what follows "name: " is rather a sentence about the
// secret than the secret.
func isProse(v, key string) bool {
	const longest = 12
	v = strings.TrimRight(v, ".!?")
	for _, word := range []string{
		"must", "required", "missing", "invalid", "expected", "is", "not", "incorrect", "wrong", "unset", "empty", "expired", "unknown", "the", "a", "no",
		"requis", "manquant", "invalide", "doit", "vide", "inconnu", "le", "la", "un", "une", "pas",
	} {
		if strings.EqualFold(v, word) {
			return true
		}
	}
	if strings.Contains(key, "pass") || key == "mdp" || key == "pwd" {
		return false
	}
	return len(v) <= longest && !strings.ContainsFunc(v, func(r rune) bool { return r < 'a' || r > 'z' })
}
