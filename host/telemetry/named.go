package telemetry

import (
	"strings"
	"unicode/utf8"
)

// scrubNamed takes out what stands behind names that promise a secret, after =,
// a colon or a space: JSON, YAML, headers, query strings, XML, Go's and Python's
// printed values, settings, sentences.
func scrubNamed(s string, groups uint64) string {
	var b strings.Builder
	done := 0
	for i := 1; i < len(s); i++ {
		if !separates[s[i]] || i < done {
			continue
		}
		n, ok := nameBefore(s, done, i, groups)
		if !ok {
			continue
		}
		v := valueOf(s, i, n)
		if v.end <= v.start || n.promise == perhaps && !looks(s[v.start:v.end], n) {
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

// separates are the bytes that may stand between a name and its value.
var separates = [256]bool{'=': true, ':': true, ' ': true, '\t': true, '|': true, '>': true, ',': true, ';': true}

// valueOf finds what belongs to the name before the separator at i.
func valueOf(s string, i int, n name) value {
	switch s[i] {
	case '=', ':':
		return valueAfter(s, i, n)
	case '>':
		return elementValue(s, i, n)
	case ',', ';':
		return neighbourValue(s, i, n)
	default:
		return saidValue(s, i, n)
	}
}

// name is what stands before a separator.
type name struct {
	text    string
	quote   string // the quote that closes it, with its backslashes: ", \", '
	promise promise
}

// nameBefore finds the name before position i that promises a secret.
func nameBefore(s string, from, i int, groups uint64) (name, bool) {
	j := i
	for j > from && s[j-1] == ' ' && i-j < 2 {
		j--
	}
	var n name
	index := j > from && s[j-1] == ']' && (s[i] == '=' || s[i] == ':')
	if index { // config["password"] = ...
		j--
	}
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
	n.text, n.promise = s[k:j], surely
	if index {
		n.quote = ""
	}
	if s[i] == '>' && !opens(s, from, k) {
		return n, false
	}
	// The key of ?key=... alone; elsewhere a key is anything.
	if s[i] == '=' && strings.EqualFold(n.text, "key") && k > from && (s[k-1] == '?' || s[k-1] == '&') {
		return n, true
	}
	if s[i] == '=' && (strings.EqualFold(n.text, "appid") || strings.EqualFold(n.text, "code")) && k > from && (s[k-1] == '?' || s[k-1] == '&') {
		n.promise = perhaps // OpenWeather's key, OAuth's code
		return n, true
	}
	if s[i] != '=' && len(n.text) < 8 && plain(n.text) == "sig" {
		return n, false
	}
	if groups&groupParts != 0 || mayEnd(n.text) {
		if n.promise = promiseOf(strings.TrimPrefix(n.text, "-D")); n.promise == surely {
			return n, true
		}
	} else {
		n.promise = nothing
	}
	if groups&groupPhrases == 0 {
		return n, n.promise != nothing
	}
	if j < 2 || !phrasePairs()[pair(smallByte(s[j-2]), smallByte(s[j-1]))] {
		return n, n.promise != nothing
	}
	before := small(s[max(from, j-24):j])
	for _, p := range phrases {
		if strings.HasSuffix(before, p) {
			n.text, n.promise = p, surely
			return n, true
		}
	}
	return n, n.promise != nothing
}

// opens reports whether the name of an element begins at k, behind < or a prefix.
func opens(s string, from, k int) bool {
	if k > from && s[k-1] == ':' {
		for k--; k > from && isNameByte(s[k-1]); k-- {
		}
	}
	return k > from && s[k-1] == '<'
}

// smallByte is a letter of ASCII made small, and any other byte itself.
func smallByte(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
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
	for p < len(s) && (s[p] == '=' || s[p] == '>' && s[i] == '=') {
		p++ // ==, =>, :=
	}
	if s[i] == '=' && p == i+1 && p < len(s) && s[p] == ' ' && s[i-1] != ' ' {
		return value{} // nothing was given
	}
	spaced := false
	for p < len(s) && p-i < 8 {
		switch {
		case s[p] == ' ' || s[p] == '\t':
			p, spaced = p+1, true
			continue
		case strings.HasPrefix(s[p:], `\t`) && p+2 < len(s):
			p, spaced = p+2, true
			continue
		}
		break
	}
	if p >= len(s) {
		return value{}
	}
	p += prelude(s[p:])
	p += wrapper(s[p:])
	q := p
	for q < len(s) && s[q] == '\\' {
		q++
	}
	switch {
	case q < len(s) && (s[q] == '"' || s[q] == '\''):
		return quotedValue(s, q+1, s[p:q+1])
	case s[p] == '{', strings.HasPrefix(s[p:], Redacted), strings.HasPrefix(s[p:], masked):
		return value{} // the names inside tell; or it is gone already
	case strings.HasPrefix(s[p:], "[]string{"):
		return bracedValue(s, p+len("[]string{"))
	case s[p] == '[':
		return listValue(s, p, n)
	default:
		return bareValue(s, p, n, s[i] == ':' && n.quote == "", spaced)
	}
}

// preludes stand before some values: YAML's blocks, and types.
var preludes = []string{"|- ", "| ", ">- ", "> ", "str = ", "string = ", "String = ", "bytes = ", "SecretStr = ", "Optional[str] = "}

// prelude is the length of what stands before a value and is no part of it. A tag
// or an anchor of YAML is one, unless it says where the value is.
func prelude(s string) int {
	for _, p := range preludes {
		if strings.HasPrefix(s, p) {
			return len(p)
		}
	}
	word, _, more := strings.Cut(s, " ")
	if more && len(word) > 1 && len(word) < longestWrapper && (word[0] == '!' || word[0] == '&') && !empty(word) && word != "!include" {
		return len(word) + 1
	}
	return 0
}

// longestWrapper is the longest name of what a value is wrapped in.
const longestWrapper = 24

// wrapper is the length of what a printed value is wrapped in before its quote:
// Some("x"), SecretStr('x'), b"x", string(12) "x".
func wrapper(s string) int {
	for i := 0; i < len(s) && i < longestWrapper; i++ {
		switch c := s[i]; {
		case c == '"' || c == '\'':
			if i == 1 && strings.IndexByte("bBrRuUnN", s[0]) >= 0 || i > 1 && (s[i-1] == '(' || strings.HasSuffix(s[:i], ") ")) {
				return i
			}
			return 0
		case !isNameByte(c) && strings.IndexByte("() :", c) < 0:
			return 0
		}
	}
	return 0
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
		for _, where := range []string{"env:", "file:", "secret:", "!secret", "!env"} {
			if strings.HasPrefix(v, where) {
				return true
			}
		}
		return strings.HasPrefix(v, "${") || strings.Trim(v, "*.•") == ""
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
	if v == "" || empty(v) || number(v, key) || strings.HasPrefix(v, "SIG") && key == "sig" || s[p-1] != '"' && strings.Contains(v, "(") && spaced {
		return value{}
	}
	if key == "pass" && prose && strings.HasPrefix(v, "Test") {
		return value{} // a test of Go
	}
	if key == "pwd" && strings.HasPrefix(v, "/") || key == "pin" && !isPIN(v) && !mixed(v) && !random(v) {
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
	if strings.HasPrefix(v, "/") && strings.Count(v, "/") > 1 && !strings.ContainsAny(v, "+=") {
		return true // where it is
	}
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
