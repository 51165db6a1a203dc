package scrub

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// quotes are those that people print around a value, and what closes each.
var quotes = map[string]string{"`": "`", "«": "»", "“": "”", "‘": "’", "„": "“"}

// quotedValue ends at the same quote, or at the end of what the quotes stand in.
// A quote inside a JSON text inside a JSON text has one backslash before it, one
// level deeper it has three, and so on; each more doubles.
func quotedValue(s string, from int, open string) (int, int) {
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
				return from, t - outer
			}
			if outer == 0 {
				break
			}
		}
	}
	return from, len(s)
}

// preludes stand before some values: YAML's blocks, and types.
var preludes = []string{"|- ", "| ", ">- ", "> ", "str = ", "string = ", "String = ", "bytes = ", "SecretStr = ", "Optional[str] = "}

// longestWrapper is the longest name of what a value is wrapped in.
const longestWrapper = 24

// prelude is the length of what stands before a value and is no part of it: a tag
// of YAML, a type, a call around a quote: Some("x"), b"x", string(12) "x".
func prelude(s string) int {
	for _, p := range preludes {
		if s[0] == p[0] && strings.HasPrefix(s, p) {
			return len(p)
		}
	}
	word, _, more := strings.Cut(s, " ")
	if more && len(word) > 1 && len(word) < longestWrapper && (word[0] == '!' || word[0] == '&' && letterByte(word[1])) && !empty(word) && word != "!include" && lookOf(word[1:]) == wordLook {
		return len(word) + 1
	}
	for i := 0; i < len(s) && i < longestWrapper; i++ {
		switch c := s[i]; {
		case c == '"' || c == '\'':
			if i == 1 && strings.IndexByte("bBrRuUnNfL@", s[0]) >= 0 || i > 1 && (s[i-1] == '(' || strings.HasSuffix(s[:i], ") ")) {
				return i
			}
			return 0
		case !nameByte(c) && strings.IndexByte("() :=", c) < 0:
			return 0
		}
	}
	return 0
}

// value judges what stands at p, and cuts it; it reports whether there was a value
// that did not belong to a sentence about the secret.
func (b *binder) value(p int, bound bond, spaced bool) bool {
	s := b.s
	if p >= len(s) {
		return false
	}
	if bound >= told && (s[p] != '&' || p > 0 && s[p-1] == ' ') {
		p += prelude(s[p:])
		if b.n.role&dialWord != 0 && p+1 < len(s) && s[p] == '#' {
			p++
		}
	}
	if bound == told && strings.HasPrefix(s[min(p, len(s)):], "*** ") {
		p += len("*** ")
	}
	if p >= len(s) || strings.HasPrefix(s[p:], Redacted) || strings.HasPrefix(s[p:], masked) {
		return true
	}
	for _, three := range []string{`"""`, "'''"} {
		if rest, ok := strings.CutPrefix(s[p:], three); ok {
			if end := strings.Index(rest, three); end > 0 {
				return b.quoted(p+len(three), p+len(three)+end, bound)
			}
		}
	}
	q := p
	for q < len(s) && s[q] == '\\' {
		q++
	}
	if q < len(s) && (s[q] == '"' || s[q] == '\'') {
		from, to := quotedValue(s, q+1, s[p:q+1])
		return b.quoted(from, to, bound)
	}
	if s[p] == '`' || s[p] >= utf8.RuneSelf {
		if from, to, closes := b.printed(p); closes {
			return true
		} else if from >= 0 {
			return b.quoted(from, to, bound)
		}
	}
	for _, open := range []string{"[]string{", "[]byte{", "[]uint8{"} {
		if !strings.HasPrefix(s[p:], open) {
			continue
		}
		if end := strings.IndexByte(s[p:], '}'); end > len(open) {
			quote := ""
			if open == "[]string{" {
				quote = `"`
			}
			b.cut(p+len(open), p+end, quote)
		}
		return true
	}
	if b.n.promise == surely && strings.HasPrefix(s[p:], "0x") {
		if m := byteRun.FindStringIndex(s[p:]); m != nil {
			b.cut(p, p+m[1], "")
			return true
		}
	}
	if m := nodeBytes.FindStringSubmatchIndex(s[p:]); m != nil {
		b.cut(p+m[2], p+m[3], "")
		return true
	}
	if b.n.role&dialWord != 0 && bound >= told {
		if m := spoken.FindStringIndex(s[p:]); m != nil {
			b.cut(p, p+m[1], "")
			return true
		}
	}
	switch s[p] {
	case '{':
		if bound < named || strings.HasPrefix(s[p:], "{{") {
			return false
		}
		return b.braces(p)
	case '[':
		if bound < named {
			return false
		}
		return b.list(p)
	case '(':
		return false
	}
	return b.bare(p, bound, spaced)
}

// byteRun are bytes one by one, as the settings of radios hold keys.
var byteRun = regexp.MustCompile(`^0x[0-9A-Fa-f]{2}(?:,? ?0x[0-9A-Fa-f]{2}){3,}`)

// bytesOfKey is a key as radios write it; fingerprints are named otherwise.
var bytesOfKey = regexp.MustCompile(`^[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){15}$`)

// byteList is a key, a number for each byte.
var byteList = regexp.MustCompile(`^[0-9]{1,3}(?:(?:, ?| )[0-9]{1,3}){15,}$`)

// nodeBuffer is how Node writes bytes in JSON, and nodeBytes how it prints them.
var (
	nodeBuffer = regexp.MustCompile(`^\{\s*\\*["']?type\\*["']?:\s*\\*["']Buffer\\*["'],\s*\\*["']?data\\*["']?:\s*\[([0-9, ]+)\]`)
	nodeBytes  = regexp.MustCompile(`^<Buffer ([0-9a-f]{2}(?: [0-9a-f]{2})*)`)
)

// spoken are digits as they are said.
var spoken = regexp.MustCompile(`(?i)^(?:(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|zéro|un|deux|trois|quatre|cinq|sept|huit|neuf)(?:[ ,-]+|\b)){3,}`)

// printed is what stands in quotes as people print them, or -1; closes is whether
// the quote closes the name: `secret=`.
func (b *binder) printed(p int) (from, to int, closes bool) {
	s := b.s
	if s[p] == '`' && b.n.from > 0 && s[b.n.from-1] == '`' {
		return -1, -1, true
	}
	for open, end := range quotes {
		rest, ok := strings.CutPrefix(s[p:], open)
		if !ok {
			continue
		}
		if k := strings.Index(rest, end); k > 0 {
			trimmed := strings.TrimSpace(strings.ReplaceAll(rest[:k], "\u00a0", " "))
			from = p + len(open) + max(0, strings.Index(rest[:k], trimmed))
			return from, from + len(trimmed), false
		}
	}
	return -1, -1, false
}

// braces are left to the names inside, unless there are none.
func (b *binder) braces(p int) bool {
	if m := nodeBuffer.FindStringSubmatchIndex(b.s[p:]); m != nil {
		b.cut(p+m[2], p+m[3], `"`)
		return true
	}
	if end := strings.IndexByte(b.s[p:], '}'); end > 1 && b.n.role&humanWord != 0 && b.s[p-1] == '=' && !strings.ContainsAny(b.s[p+1:p+end], ":=\"'{") {
		b.cut(p+1, p+end, "")
	}
	return true
}

// namesOnly reports whether a list only names secrets.
func namesOnly(list string) bool {
	n := 0
	for item := range strings.SplitSeq(list, ",") {
		item = strings.Trim(item, " \"'")
		if !promisesAny(item) || lookOf(item) != wordLook || !strings.ContainsAny(item, "_-") {
			return false
		}
		n++
	}
	return n > 0
}

// list replaces all of a list.
func (b *binder) list(p int) bool {
	s := b.s
	if end := strings.IndexByte(s[p:], ']'); end > 0 && (b.n.plural || strings.HasSuffix(small(s[b.n.from:b.n.to]), "tokens")) && b.n.role&(humanWord|keyWord) == 0 && strings.Trim(s[p+1:p+end], " 0123456789,.") == "" {
		return true // of a language model
	}
	if end := strings.IndexByte(s[p:], ']'); end > 0 && namesOnly(s[p+1:p+end]) {
		return true
	}
	if end := strings.IndexByte(s[p:], ']'); end > 0 && byteList.MatchString(s[p+1:p+end]) {
		b.cut(p+1, p+end, b.key)
		return true
	}
	end := 1
	for ; p+end < len(s) && s[p+end] != ']'; end++ {
		if strings.HasPrefix(s[p+end:], Redacted) {
			end += len(Redacted) - 1
		}
	}
	if p+end == len(s) || end <= 1 || b.n.promise != surely || hidden[small(s[p+1:p+end])] || absent[small(strings.Trim(s[p+1:p+end], "\"'"))] {
		return true
	}
	quote := b.key
	if i := strings.IndexByte(s[p:p+end], '"'); i >= 0 {
		inside := strings.TrimRight(s[p:p+i], `\`)
		quote = s[p+len(inside) : p+i+1]
	}
	if inside := strings.Trim(s[p+1:p+end], " 0123456789,"); inside == "" && b.n.role&(phraseWord|dialWord) == 0 && (b.n.role&humanWord == 0 || end < 5) && b.key == "" && strings.Count(s[p:p+end], ",")+strings.Count(s[p:p+end], " ") < 8 {
		return true
	}
	b.cut(p+1, p+end, quote)
	return true
}

// hidden are words that stand where a secret was.
var hidden = set(`redacted masked filtered hidden masqué caché secret removed omitted scrubbed sanitized sanitised private protected`)

// quoted judges a value in quotes.
func (b *binder) quoted(from, to int, bound bond) bool {
	v := b.s[from:to]
	if v == "" || empty(v) || strings.HasPrefix(v, Redacted) && len(v) == len(Redacted) {
		return true
	}
	n := b.n
	if b.harmless(v) || labels[small(v)] {
		return true
	}
	l := lookOf(strings.ReplaceAll(v, " ", ""))
	if l == wordLook && promises(v) && (n.role&humanWord == 0 && (roles()[small(v)] != 0 || v[0] >= 'A' && v[0] <= 'Z') || strings.ContainsAny(v, "_-") && strings.ToUpper(v) == v) {
		return true // the name of a variable
	}
	if n.role&codeWord != 0 && l == wordLook && !strings.ContainsAny(v, "0123456789") && n.role&phraseWord == 0 {
		return true
	}
	if _, rest, ok := strings.Cut(v, " "); ok && schemes[small(v[:len(v)-len(rest)-1])] && (empty(rest) || strings.HasSuffix(rest, "...")) {
		return true
	}
	if n.promise == perhaps && bound == tied && n.role&keyWord != 0 && bytesOfKey.MatchString(v) {
		b.cut(from, to, "")
		return true
	}
	if n.promise == perhaps {
		ok := l >= drawnLook && !strings.ContainsAny(v, " :") && (bound >= named && !isUUID(v) || l == surelyLook)
		if !ok && n.role&hintWord != 0 && bound == tied && l >= mixedLook && strings.HasSuffix(small(b.s[n.from:n.to]), "auth") {
			ok = true
		}
		if name := small(b.s[n.from:n.to]); !ok && l >= mixedLook && (name == "pass" || name == "passe") && (bound >= named || b.tried() || !strings.Contains(v, " ") && !strings.HasPrefix(b.s[to:], "`")) {
			ok = true
		}
		if !ok && bound == tied && n.role&keyWord != 0 && allHex(v) && len(v) >= 32 {
			ok = true
		}
		if ok {
			b.cut(from, to, "")
		}
		return ok
	}
	switch {
	case bound == tied:
		if (n.role&humanWord == 0 || saysSecret(v)) && l == wordLook && strings.Contains(v, " ") && from > 1 && b.s[from-2] == '(' {
			return true // a message
		}
		if n.role&humanWord == 0 && (sentenceLike(v) || l == wordLook && strings.Contains(v, "-") && small(b.s[n.from:n.to]) == "secret") || where(v) {
			return true
		}
	case bound >= told:
		if sentenceLike(v) && n.role&phraseWord == 0 && strings.Count(v, " ") > 5 || where(v) {
			return true
		}
	default: // loose: names are quoted too
		if n.role&humanWord != 0 && !prose[small(v)] && n.from > 0 && len(v) > 3 {
			if b.tried() {
				b.cut(from, to, "")
				return true
			}
		}
		if l < mixedLook && (n.role&humanWord == 0 || !strings.Contains(v, " ") || sentenceLike(v)) || len(v) < 4 {
			return false
		}
		if l == mixedLook && n.role&humanWord == 0 && len(v) < 12 && strings.ContainsAny(v, "-_.") {
			return false
		}
	}
	b.cut(from, to, "")
	return true
}

// labels are what a page writes beside a field.
var labels = func() map[string]bool {
	all := map[string]bool{}
	for l := range strings.SplitSeq("mot de passe,nouveau mot de passe,mot de passe oublié ?,ton mot de passe,votre mot de passe,code pin,clé api,clé d'api,api key,your password,new password,forgot password?,confirm password,access token", ",") {
		all[l] = true
	}
	return all
}()

// saysSecret reports whether one of several words is that for a secret.
func saysSecret(v string) bool {
	for w := range strings.FieldsSeq(v) {
		if promises(w) {
			return true
		}
	}
	return false
}
