package scrub

import (
	"strings"
	"unicode/utf8"
)

// bond is how closely a value belongs to a name.
type bond int

const (
	loose bond = iota // a space between them: token abc123
	told              // a sentence: the token is abc123
	named             // a colon in a sentence: token: abc123
	tied              // a setting, a field, an argument: token=abc123, "token":"abc123"
)

// span is a part of a text that must go.
type span struct {
	from, to int
	quote    string // what goes around its replacement, so that JSON stays JSON
}

// masked is what the configuration shows in place of a secret.
const masked = "[secret]"

// binds finds the values that belong to a name.
func binds(s string, n name, cuts []span) []span {
	at, key := n.to, ""
	j := at
	for j < len(s) && s[j] == '\\' {
		j++
	}
	if j < len(s) && (s[j] == '"' || s[j] == '\'' || s[j] == '`') {
		if opened := n.from > 0 && s[n.from-1] == s[j]; opened || s[j] != '`' {
			key, at = s[at:j+1], j+1
		} else {
			return cuts
		}
	}
	for at < len(s) && (s[at] == ']' || s[at] == '*' || s[at] == ')' && at+1 < len(s) && (s[at+1] == ' ' || s[at+1] == ':' || s[at+1] == '=')) {
		if s[at] == ']' {
			key = ""
		}
		at++
	}
	if strings.HasPrefix(s[at:], "[]") {
		at += 2
	}
	b := binder{s: s, n: n, key: key, cuts: cuts}
	b.from(at)
	b.before()
	return b.cuts
}

// binder goes from a name to its values.
type binder struct {
	s    string
	n    name
	key  string // the quote that closes the name, with its backslashes
	cuts []span
}

func (b *binder) cut(from, to int, quote string) {
	b.cuts = append(b.cuts, span{from, to, quote})
}

// from follows what stands between the name and its value.
func (b *binder) from(at int) {
	s := b.s
	i := skipBlank(s, at)
	for k := i; k < len(s) && k-i < 4 && (s[k] >= '0' && s[k] <= '9' || s[k] == '#'); k++ { // Unseal Key 3:
		if k+1 < len(s) && (s[k+1] == ':' || s[k+1] == '=') {
			i = k + 1
		}
	}
	flag := b.n.from >= 2 && s[b.n.from-1] == '-' && (s[b.n.from-2] == '-' || strings.IndexByte(" \"'", s[b.n.from-2]) >= 0)
	if i >= len(s) {
		return
	}
	switch c := s[i]; {
	case c == '=' || c == ':':
		if c == ':' && (strings.HasPrefix(s[i:], "://") || b.key == "" && b.n.from > 0 && s[b.n.from-1] == ':' && i+1 < len(s) && s[i+1] != ' ') {
			return // an address, an ARN
		}
		b.afterMark(i)
	case c == '>':
		b.element(i)
	case c == '-' && strings.HasPrefix(s[i:], "->"), strings.HasPrefix(s[i:], "→"), strings.HasPrefix(s[i:], "⇒"), strings.HasPrefix(s[i:], "- "), strings.HasPrefix(s[i:], "– "), strings.HasPrefix(s[i:], "— "), strings.HasPrefix(s[i:], "# "):
		_, after, _ := strings.Cut(s[i:], " ")
		if c == '-' && s[i+1] == '>' {
			after = s[i+2:]
		}
		b.value(skipBlank(s, len(s)-len(after)), told, true)
	case i > at && s[at] == '\t' && b.key == "" || c == '|' && i == at && i+1 < len(s) && s[i+1] != ' ' && s[i+1] != '|' && b.n.promise == surely:
		if c == '|' {
			i++
		}
		b.value(i, named, true)
	case c == ',' || c == ';' || c == '|':
		b.neighbour(i)
		if c == ',' && b.key == "" && b.n.role&humanWord != 0 && strings.HasPrefix(s[i:], ", ") && i+2 < len(s) && s[i+2] != '"' && s[i+2] != '\'' {
			b.sentence(i + 1)
		}
	case c == '[' && i == at && b.key == "" && i+1 < len(s):
		if end := strings.IndexByte(s[i:], ']'); end > 4 && b.n.promise == surely && lookOf(s[i+1:i+end]) >= mixedLook {
			b.cut(i+1, i+end, "")
		}
	case c == '(' && i == at && b.key == "" && assigned(behind(s[i:])): // password(hex)=x
		b.afterMark(i + strings.IndexByte(s[i:], ')') + 1)
	case c == '(' && (i > at || i+1 < len(s) && strings.IndexByte("\"'", s[i+1]) >= 0):
		b.parenthesis(i)
	case flag && i > at:
		b.value(i, named, true)
	case i > at:
		b.sentence(at)
	}
}

// behind is what follows a short remark in brackets.
func behind(s string) string {
	if end := strings.IndexByte(s, ')'); end > 0 && end < 16 && !strings.ContainsAny(s[1:end], "\"' ") {
		return s[end+1:]
	}
	return ""
}

// marks are what runs of may stand between a name and its value.
const marks = "=:>~"

func (b *binder) afterMark(i int) {
	s := b.s
	p := i + 1
	for p < len(s) && strings.IndexByte(marks, s[p]) >= 0 {
		p++
	}
	setting := s[i] == '=' || b.key != "" || p > i+1
	if s[i] == '=' && p == i+1 && p < len(s) && s[p] == ' ' && s[i-1] != ' ' {
		return // nothing was given
	}
	q := skipBlank(s, p)
	if q < len(s) && (s[q] == '\n' || s[q] == '\r') { // the value is on the next line
		for q < len(s) && strings.IndexByte("\r\n \t-|>", s[q]) >= 0 {
			q++
		}
	}
	bound := named
	if setting || q == p && strings.LastIndexAny(s[:b.n.from], "{[") > strings.LastIndexAny(s[:b.n.from], "}]") {
		bound = tied
	}
	b.value(q, bound, q > p)
}

// sentence looks for the value behind words: password for the NAS is x.
func (b *binder) sentence(at int) {
	s := b.s
	link := loose
	if setsBefore(s, b.n.from) {
		link = told
	}
	i, words := skipBlank(s, at), 0
	if end := wordEnd(s, i); b.n.role&humanWord == 0 && schemes[small(s[i:end])] && strings.HasSuffix(small(s[b.n.from:b.n.to]), "authorization") {
		b.value(skipBlank(s, end), tied, false)
		return
	}
	if b.value(i, loose, true) {
		return
	}
	known := roles()
	for words < 8 && i < len(s) && i-at < 80 {
		switch c := s[i]; {
		case c == '=' || c == ':':
			if i+1 < len(s) && c == ':' && (s[i+1] == '/' || words > 0 && s[i+1] != ' ') {
				return
			}
			if words > 2 && b.n.role&humanWord == 0 || c == '=' && words > 0 && (words > 1 || b.n.role&humanWord == 0) {
				b.value(skipBlank(s, i+1), loose, true)
			} else if words > 0 {
				b.value(skipBlank(s, i+1), told, true)
			} else {
				b.afterMark(i)
			}
			return
		case c == '(':
			end := strings.IndexByte(s[i:], ')')
			if end < 0 || end > 40 {
				return
			}
			i = skipBlank(s, i+end+1)
			continue
		case c == ',' && words == 0 || c == '"' || c == '\'' || strings.HasPrefix(s[i:], "’"):
			i++
			continue
		case strings.HasPrefix(s[i:], "→"), strings.HasPrefix(s[i:], "-> "), strings.HasPrefix(s[i:], "=> "):
			_, rest, _ := strings.Cut(s[i:], " ")
			b.value(skipBlank(s, len(s)-len(rest)), told, true)
			return
		case (c == '[' || c == ']') && words > 0:
			i++
			continue
		case !letterByte(c) && c != '-' && c != '_':
			return
		}
		end := i
		for end < len(s) && (letterByte(s[end]) || s[end] == '-' || s[end] == '_' || s[end] == '@' || s[end] == '.' && end+1 < len(s) && letterByte(s[end+1])) {
			end++
		}
		word := s[i:end]
		low := small(word)
		if end < len(s) && s[end] == '\'' && (low == "c" || low == "l" || low == "d" || low == "n" || low == "qu") {
			low += "'"
			end++
			if strings.HasPrefix(s[end:], "est ") || strings.HasPrefix(s[end:], "était ") {
				_, after, _ := strings.Cut(s[end:], " ")
				b.told(len(s)-len(after), words)
				return
			}
		}
		if copulas[low] {
			if b.told(end, words) || b.n.role&humanWord == 0 {
				return
			}
			words++
			i = skipBlank(s, end)
			continue
		}
		if words == 1 && b.n.role&humanWord != 0 && b.n.alone && lookOf(word) == mixedLook && !prose[low] && b.value(i, loose, true) {
			return
		}
		if words > 0 && (low == "par" || low == "to" || low == "from" || low == "en" || low == "de" || low == "à" || low == "sur") {
			if next := skipBlank(s, end); next < len(s) && b.value(next, link, true) {
				return
			}
		}
		if words < 2 && (low == "to" || low == "with" || low == "from" || low == "of" || low == "à" || low == "provided" || low == "value" || low == "set" || low == "avec" || low == "in") {
			next := skipBlank(s, end)
			if low != "to" && low != "à" {
				link = loose
			}
			if next < len(s) && b.value(next, link, true) {
				return
			}
		}
		if words == 0 {
			var room [4]string
			for _, w := range split(low, room[:0]) {
				if known[w]&aboutWord != 0 && known[w]&qualifier == 0 && !strings.HasPrefix(s[end:], " to ") && !strings.HasPrefix(s[end:], " from ") {
					return
				}
			}
		}
		words++
		i = skipBlank(s, end)
	}
}

// setsBefore reports whether something is set before i: set the password to x.
func setsBefore(s string, i int) bool {
	for range 4 {
		var w string
		if w, i = wordBefore(s, i); w == "" {
			return false
		}
		switch w {
		case "set", "setting", "change", "changed", "changing", "reset", "update", "updated", "mets", "met", "mis", "remplace", "defini", "passe":
			return true
		}
	}
	return false
}

// told is what follows "is": fillers, and the value.
func (b *binder) told(at, words int) bool {
	s := b.s
	i := skipBlank(s, at)
	for range 4 {
		end := i
		for end < len(s) && s[end] != ' ' && strings.IndexByte("\"'`«“", s[end]) < 0 {
			end++
		}
		if end >= len(s) || end == i || !fillers[small(s[i:end])] {
			break
		}
		i = skipBlank(s, end)
	}
	bound := told
	if words > 5 {
		bound = loose
	}
	return b.value(i, bound, true)
}

// parenthesis is a value in brackets behind its name: clé API (x), or a remark
// before it: mot de passe (wifi) : x.
func (b *binder) parenthesis(i int) {
	s := b.s
	end := strings.IndexByte(s[i:], ')')
	if end < 0 {
		end = len(s) - i
	}
	inside := strings.Trim(s[i+1:i+end], "\"'`")
	if !strings.Contains(inside, " ") && inside != "" && !strings.Contains(inside, ",") && lookOf(inside) >= mixedLook && len(inside) > 4 {
		at := i + 1 + strings.Index(s[i+1:], inside)
		b.cut(at, at+len(inside), "")
		return
	}
	if j := skipBlank(s, min(len(s), i+end+1)); j < len(s) && end < 40 && (s[j] == ':' || s[j] == '=') {
		b.afterMark(j)
	} else if e := wordEnd(s, min(j, len(s))); end < 40 && j > i && copulas[small(s[min(j, len(s)):e])] {
		b.sentence(j)
	}
}

// element is what stands between <name> and the next tag.
func (b *binder) element(i int) {
	s := b.s
	k := b.n.from
	for k > 0 && (nameByte(s[k-1]) || s[k-1] == ':') {
		k--
	}
	if k == 0 || s[k-1] != '<' {
		if b.key == "" && i+1 < len(s) && s[i+1] == ' ' {
			b.value(i+2, told, true)
		}
		return
	}
	if strings.HasPrefix(s[i+1:], "<![CDATA[") {
		i += len("<![CDATA[")
		if end := strings.Index(s[i:], "]]>"); end > 1 {
			b.cut(i+1, i+end, "")
		}
		return
	}
	end := strings.IndexByte(s[i+1:], '<')
	if end <= 0 {
		return
	}
	if v := strings.TrimSpace(s[i+1 : i+1+end]); v != "" && !empty(v) && (b.n.promise == surely || lookOf(v) >= drawnLook) {
		b.cut(i+1, i+1+end, "")
	}
}

// neighbour is what follows the name in a list: "x-auth-key", "abc123".
func (b *binder) neighbour(i int) {
	s := b.s
	p := skipBlank(s, i+1)
	for p < len(s) && (s[p] == 'b' || s[p] == '[' || s[p] == '|') && p+1 < len(s) && strings.IndexByte("\"'[ ", s[p+1]) >= 0 {
		p = skipBlank(s, p+1)
	}
	if strings.HasPrefix(s[p:], "s:") { // PHP writes the length before a text
		p = len(s) - len(strings.TrimLeft(s[p:], "s:0123456789"))
	}
	q := p
	for q < len(s) && s[q] == '\\' {
		q++
	}
	if q < len(s) && (s[q] == '"' || s[q] == '\'') {
		if b.key == "" {
			return
		}
		from, to := quotedValue(s, q+1, s[p:q+1])
		if v := s[from:to]; v != "" && !empty(v) && (strings.Contains(v, " ") && b.n.role&humanWord != 0 || lookOf(strings.ReplaceAll(v, " ", "")) >= mixedLook && !promisesAny(v) || strings.HasPrefix(s[max(0, b.n.from-2):], "--") || b.n.role&humanWord != 0 && b.n.from > 2 && strings.HasSuffix(strings.TrimRight(s[:b.n.from-1], " "), "(") && !prose[small(v)]) {
			b.cut(from, to, "")
		}
		return
	}
	to := wordEnd(s, p)
	v := strings.TrimRight(s[p:to], ",;")
	if k := strings.IndexAny(v, ",;"); k > 0 {
		v = v[:k]
	}
	if b.n.promise != surely || len(v) < 6 || strings.Contains(v, "=") || empty(v) {
		return
	}
	if l := lookOf(v); l >= drawnLook || l == mixedLook && b.n.role&humanWord != 0 && s[i] != ',' {
		b.cut(p, p+len(v), "")
	}
}

func promisesAny(v string) bool { return promiseOf(v) != nothing }

// before is a value that stands before its name: x is my password.
func (b *binder) before() {
	s := b.s
	for b.n.from > 1 && strings.IndexByte("-\"'", s[b.n.from-1]) >= 0 {
		b.n.from--
	}
	if b.n.promise != surely || b.n.from == 0 || s[b.n.from-1] != ' ' {
		return
	}
	i, linked, quoted := b.n.from-1, false, false
	for range 4 {
		from := i
		for from > 0 && s[from-1] != ' ' {
			from--
		}
		switch word := small(strings.Trim(s[from:i], "\"'(),")); {
		case word == "my" || word == "the" || word == "a" || word == "our" || word == "new" || word == "mon" || word == "ma" || word == "le" || word == "la" || word == "wifi" || word == "his" || word == "her" || word == "notre" || word == "un":
		case word == "as" || word == "is" || word == "comme" || word == "est" || word == "was" || word == "with":
			if linked {
				return
			}
			linked = true
		case word == "for" || word == "pour" || word == "in":
			linked, quoted = true, true
		case word == "flag" || word == "key" || word == "field" || word == "option" || word == "parameter" || word == "setting" || word == "variable" || word == "header" || word == "name" || word == "-" || word == "--":
		case linked:
			v := strings.Trim(s[from:i], "\"'`,.;:()«»“”")
			if len(v) >= 5 && lookOf(v) >= mixedLook && !strings.ContainsAny(v, "=/") && (!quoted || strings.IndexByte("\"'`", s[i-1]) >= 0) {
				at := from + strings.Index(s[from:i], v)
				b.cut(at, at+len(v), "")
			}
			return
		default:
			return
		}
		if i = from - 1; i <= 0 {
			return
		}
	}
}

func skipBlank(s string, p int) int {
	for p < len(s) && (s[p] == ' ' || s[p] == '\t') {
		p++
	}
	return p
}

// wordEnd is where a word ends.
func wordEnd(s string, p int) int {
	for p < len(s) && strings.IndexByte(" \t\r\n\"'`\\<>{}()[]|", s[p]) < 0 {
		p++
	}
	return p
}

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

// empty reports whether a value says that there is no secret, or names where
// it is.
func empty(v string) bool {
	if len(v) > longestJudged {
		return false
	}
	switch small(v) {
	case "null", "nil", "<nil>", "none", "true", "false", "undefined", Redacted, masked, "[filtered]", "[masked]", "[hidden]", "filtered", "redacted", "***", "<redacted>", "<hidden>", "<secret>", "xxx", "xxxx", "xxxxx", "xxxxxxxx", "n/a", "{}", "[]", "optional", "required":
		return true
	default:
		for _, where := range []string{"env:", "file:", "secret:", "!secret", "!env", "vault:", "op://", "${", "$(", "{{", "<%", "%{", "ENC[", "process.env", "os.environ", "os.getenv", "ENV[", "secrets."} {
			if strings.HasPrefix(v, where) {
				return true
			}
		}
		if v = strings.Trim(v, "*"); v == "true" || v == "false" {
			return true
		}
		return strings.Trim(v, "*.•-_ xX#?/") == "" || len(v) == 2 && v[0] == '%' || strings.HasPrefix(v, "%(") || v[0] == '{' && v[len(v)-1] == '}' || v[0] == '$' && digits(v[1:]) || v[0] == ':' && len(v) > 1 && promises(v[1:]) || v[0] == '$' && strings.ToUpper(v) == v && strings.Trim(v[1:], "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == "" || strings.HasPrefix(v, "<") && strings.HasSuffix(v, ">") && lookOf(v[1:len(v)-1]) == wordLook
	}
}

// quotes are those that open a value, and what closes each.
var quotes = map[string]string{"\"": "\"", "'": "'", "`": "`", "«": "»", "“": "”", "‘": "’", "„": "“"}

// preludes stand before some values: YAML's blocks, and types.
var preludes = []string{"|- ", "| ", ">- ", "> ", "str = ", "string = ", "String = ", "bytes = ", "SecretStr = ", "Optional[str] = "}

// longestWrapper is the longest name of what a value is wrapped in.
const longestWrapper = 24

// prelude is the length of what stands before a value and is no part of it: a tag
// of YAML, a type, a call around a quote: Some("x"), b"x", string(12) "x".
func prelude(s string) int {
	for _, p := range preludes {
		if strings.HasPrefix(s, p) {
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
		case !nameByte(c) && strings.IndexByte("() :", c) < 0:
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
	if bound >= told {
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
	q := p
	for q < len(s) && s[q] == '\\' {
		q++
	}
	if q < len(s) && (s[q] == '"' || s[q] == '\'') {
		from, to := quotedValue(s, q+1, s[p:q+1])
		return b.quoted(from, to, bound)
	}
	for open, end := range quotes {
		if len(open) > 1 || open == "`" {
			if open == "`" && b.n.from > 0 && s[b.n.from-1] == '`' {
				return true // it closes the name: `secret=`
			}
			if rest, ok := strings.CutPrefix(s[p:], open); ok {
				if k := strings.Index(rest, end); k > 0 {
					from := p + len(open)
					inside := rest[:k]
					trimmed := strings.TrimSpace(strings.ReplaceAll(inside, "\u00a0", " "))
					return b.quoted(from+strings.Index(inside, trimmed), from+strings.Index(inside, trimmed)+len(trimmed), bound)
				}
			}
		}
	}
	if strings.HasPrefix(s[p:], "[]string{") {
		end := strings.IndexByte(s[p:], '}')
		if end > 0 {
			b.cut(p+len("[]string{"), p+end, `"`)
		}
		return true
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

// braces are left to the names inside, unless there are none.
func (b *binder) braces(p int) bool {
	if end := strings.IndexByte(b.s[p:], '}'); end > 1 && b.n.role&humanWord != 0 && b.s[p-1] == '=' && !strings.ContainsAny(b.s[p+1:p+end], ":=\"'{") {
		b.cut(p+1, p+end, "")
	}
	return true
}

// quoted judges a value in quotes.
func (b *binder) quoted(from, to int, bound bond) bool {
	v := b.s[from:to]
	if v == "" || empty(v) || strings.HasPrefix(v, Redacted) && len(v) == len(Redacted) {
		return true
	}
	n := b.n
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
	if n.promise == perhaps {
		ok := l >= drawnLook && !strings.ContainsAny(v, " :") && (bound >= named && !isUUID(v) || l == surelyLook)
		if !ok && n.role&hintWord != 0 && bound == tied && l >= mixedLook && strings.HasSuffix(small(b.s[n.from:n.to]), "auth") {
			ok = true
		}
		if name := small(b.s[n.from:n.to]); !ok && l >= mixedLook && (name == "pass" || name == "passe") && (bound >= named || b.tried() || !strings.Contains(v, " ") && b.s[to] != '`') {
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

// tried reports whether the word before a name says that a password was given.
func (b *binder) tried() bool {
	before, _ := wordBefore(b.s, b.n.from)
	return tries[before]
}

// tries are words before a password that somebody tried.
var tries = set(`tried with using entered typed wrong bad invalid incorrect got received avec saisi essaye tape mauvais faux`)

// saysSecret reports whether one of several words is that for a secret.
func saysSecret(v string) bool {
	for w := range strings.FieldsSeq(v) {
		if promises(w) {
			return true
		}
	}
	return false
}

// where reports whether a value says where the secret is.
func where(v string) bool {
	if i := strings.Index(v, ":/"); i > 0 {
		v = v[i+1:]
	}
	return strings.HasPrefix(v, "/") && strings.Count(v, "/") > 1 && wordyPath(v) || strings.HasPrefix(v, "~/") || strings.HasPrefix(v, "./")
}

// sentenceLike reports whether a text is made of words as sentences are.
func sentenceLike(v string) bool {
	if strings.Count(v, " ") < 2 {
		return false
	}
	n, all := 0, 0
	for w := range strings.FieldsSeq(v) {
		all++
		if prose[small(strings.Trim(w, ",.;:!?()"))] {
			n++
		}
	}
	return n*4 >= all
}

// hidden are words that stand where a secret was.
var hidden = set(`redacted masked filtered hidden masqué caché secret removed omitted scrubbed sanitized sanitised private protected`)

// list replaces all of a list.
func (b *binder) list(p int) bool {
	s := b.s
	end := 1
	for ; p+end < len(s) && s[p+end] != ']'; end++ {
		if strings.HasPrefix(s[p+end:], Redacted) {
			end += len(Redacted) - 1
		}
	}
	if p+end == len(s) || end <= 1 || b.n.promise != surely || hidden[small(s[p+1:p+end])] {
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

// schemes stand before the credential of a header.
var schemes = set(`bearer basic digest negotiate token apikey ntlm hawk hmac-sha256 aws4-hmac-sha256 key oauth deepl-auth-key splunk geniekey ssws jwt dpop bot gss kerberos klaviyo-api-key pw-key
	mac hmac signature sharedkey sharedkeylite apitoken api-key personal client-id zoho-oauthtoken googlelogin sso-key x-api-key private-token scram-sha-256 acquia-http-hmac vapid`)

// bare judges a value without quotes.
func (b *binder) bare(p int, bound bond, spaced bool) bool {
	s, n := b.s, b.n
	stops := " \t\r\n,;&|)}]\"'<>\\`"
	var room [8]string
	words := split(s[n.from:n.to], room[:0])
	last := ""
	if len(words) > 0 {
		last = words[len(words)-1]
	}
	header := last == "authorization" || strings.HasPrefix(last, "cookie")
	end := p
	if header && bound >= named && s[p-1] != '=' {
		for end < len(s) && strings.IndexByte("\r\n\"\\'`", s[end]) < 0 {
			end++
		}
	} else {
		for end < len(s) && strings.IndexByte(stops, s[end]) < 0 && (n.promise == surely || end-p < 2*longestJudged) {
			end++
		}
		if bound <= told || spaced { // marks of sentences
			for end < len(s) && end > p && (s[end] == ',' || s[end] == ';' || s[end] == '&' || s[end] == '|' || s[end] == ')') && end+1 < len(s) && strings.IndexByte(" \t\r\n\"'", s[end+1]) < 0 && n.role&humanWord != 0 {
				for end++; end < len(s) && strings.IndexByte(stops, s[end]) < 0; {
					end++
				}
			}
		}
		if schemes[small(s[p:end])] && end < len(s) && s[end] == ' ' && bound >= told {
			for end++; end < len(s) && strings.IndexByte(stops, s[end]) < 0; {
				end++
			}
		}
	}
	if end < len(s) && (s[end] == '(' || s[end] == '[' && bound == tied && spaced) {
		return false
	}
	for end+8 < len(s) && s[end] == '|' && letterByte(s[end+1]) && b.key == "" && lookOf(s[p:end]) >= drawnLook {
		for end++; end < len(s) && strings.IndexByte(stops, s[end]) < 0; {
			end++
		}
	}
	v := s[p:end]
	if spaced && b.key == "" && isCode(v) {
		return false
	}
	if strings.HasPrefix(last, "cookie") && harmlessCookie(v) {
		return true
	}
	if _, rest, ok := strings.Cut(v, " "); ok && header && rest != "" && (empty(rest) || len(rest) < 9 && count(rest).capitals == len(rest) || strings.HasSuffix(rest, "...")) {
		return true
	}
	if bound < tied || spaced {
		if t := strings.TrimRight(v, ".,;:!?"); len(t) < len(v) && !strings.HasSuffix(t, "!") {
			if k := len(t); v[k] != '!' && v[k] != '?' || k < 4 {
				v = t
			}
		}
	}
	if low := small(v[:min(len(v), longestJudged)]); strings.Contains(low, "[redacted") || strings.Contains(low, "[masked") || strings.Contains(low, "[filtered") || strings.Contains(low, "[hidden") {
		return true
	}
	if v == "" || empty(v) || strings.Contains(v, Redacted) || strings.Contains(v, "://") {
		return v != ""
	}
	l := lookOf(v)
	if n.promise == perhaps {
		ok := false
		switch {
		case isUUID(v), strings.Contains(v, ":"):
		case bound == tied:
			ok = l >= drawnLook || allHex(v) && len(v) >= 32 || strings.HasSuffix(last, "auth") && l >= mixedLook && len(v) > 5
		case bound == named:
			ok = l >= drawnLook || strings.HasSuffix(last, "auth") && l >= mixedLook && len(v) >= 16
		default:
			ok = l == surelyLook || n.role&keyWord != 0 && allHex(v) && len(v) >= 24 && len(v) < 40 || l >= mixedLook && len(v) > 5 && last == "pass" && (b.tried() || b.accountBefore()) || l == drawnLook && n.role&keyWord != 0 && len(v) >= 16 && !allHex(v)
		}
		if ok {
			b.cut(p, p+len(v), b.key)
		}
		return ok
	}
	if number(v) || (n.plural || n.role&humanWord == 0 && bound < tied) && unit(v) {
		return b.number(p, v, bound, last)
	}
	if bound < tied && strings.Contains(v, "(") && strings.HasSuffix(v, ")") || where(v) || last == "pwd" && v[0] == '/' {
		return true
	}
	if strings.HasSuffix(v, "...") || strings.HasSuffix(v, "…") {
		return true
	}
	var ok bool
	switch bound {
	case tied:
		ok = !spaced || !b.aboutIt(p, v, l)
		if n.role&humanWord == 0 && strings.HasPrefix(v, "SIG") || strings.HasSuffix(v, "(") {
			ok = false
		}
		if strings.ContainsAny(v, "([{") && spaced && l < drawnLook && strings.IndexFunc(v, func(r rune) bool { return r == '(' }) > 0 && b.key == "" {
			ok = false // a call
		}
	case named:
		ok = !b.aboutIt(p, v, l)
	case told:
		ok = l >= mixedLook || n.role&humanWord != 0 && (n.role&codeWord == 0 || n.role&phraseWord != 0) && !b.aboutIt(p, v, l) && lastOfSentence(s, phraseEnd(s, p, p+len(v)))
	default:
		c := count(v)
		ok = l >= drawnLook || l == mixedLook && len(v) >= 6 && n.role&humanWord != 0 && !strings.ContainsAny(v, "=/:") && !nameLike(v) ||
			l == mixedLook && len(v) >= 8 && c.digits > 1 && c.turns > 3 && c.marks == 0 || l == wordLook && n.role&humanWord != 0 && b.account() && lastOfSentence(s, p+len(v)) && !b.aboutIt(p, v, l)
	}
	if k := strings.IndexByte(v, '='); k >= 0 && bound < named && !strings.HasSuffix(v, "=") && lookOf(v[:k]) == wordLook {
		ok = false
	}
	if !ok {
		return false
	}
	to := p + len(v)
	if (l == wordLook && n.role&humanWord != 0 || n.role&phraseWord != 0) && (n.from == 0 || s[n.from-1] != '-') {
		to = phraseEnd(s, p, to)
	}
	b.cut(p, to, b.key)
	if rest, ok := strings.CutPrefix(s[to:], " to "); ok && bound < named && rest != "" && n.role&humanWord != 0 {
		b.value(to+len(" to "), told, true)
	}
	if n.plural || n.role&codeWord != 0 {
		b.more(to)
	}
	return true
}

// account reports whether a user is named before: user ana and password x.
func (b *binder) account() bool {
	before := strings.Fields(small(b.s[max(0, b.n.from-nearby):b.n.from]))
	if n := len(before); n >= 3 {
		switch before[n-1] {
		case "and", "et", "/", "with", "avec", "und":
			for _, w := range before[max(0, n-4) : n-1] {
				switch strings.Trim(w, ":=,'\"") {
				case "user", "login", "username", "utilisateur", "identifiant", "account", "compte", "name", "id":
					return true
				}
			}
		}
	}
	return false
}

// isCode reports whether a value is rather an expression: a call, a pointer, another
// variable.
func isCode(v string) bool {
	if i := strings.IndexByte(v, '('); i > 1 && nameByte(v[i-1]) && lookOf(v[:i]) < drawnLook {
		return true
	}
	v = strings.TrimLeft(v, "*&")
	if v == "" || strings.ContainsAny(v, "0123456789") || lookOf(v) != wordLook || !promises(v) {
		return false
	}
	return count(v).capitals > 0 && count(v).small > 0
}

// harmlessCookie reports whether cookies only hold words.
func harmlessCookie(v string) bool {
	for pair := range strings.SplitSeq(v, ";") {
		if _, value, _ := strings.Cut(pair, "="); lookOf(strings.ReplaceAll(value, "%2F", "-")) != wordLook || value == "" && !strings.Contains(pair, "=") && len(pair) > 8 {
			return false
		}
	}
	return strings.Contains(v, "=")
}

// accountBefore reports whether a little before there is talk of an account.
func (b *binder) accountBefore() bool {
	low := small(b.s[max(0, b.n.from-nearby):b.n.from])
	return strings.Contains(low, "login") || strings.Contains(low, "user") || strings.Contains(low, "admin") || strings.Contains(low, "create")
}

// nameLike reports whether a word is rather a name with a number: db-01.
func nameLike(v string) bool {
	i := strings.LastIndexAny(v, "-_.")
	return i > 0 && len(v)-i <= 4 && digits(v[i+1:]) && surprise(v[:i])/i < 70 && strings.ToLower(v) == v
}

func number(v string) bool { return strings.Trim(v, "0123456789.-+ ") == "" || digits(v) }

// number judges a value of digits: PINs go, counts stay.
func (b *binder) number(p int, v string, bound bond, last string) bool {
	n := b.n
	long := len(v) >= 4 && len(v) <= 12 || len(v) >= 12
	ok := false
	switch {
	case n.role&dialWord != 0:
		ok = bound >= told && len(v) == 3 && n.role&codeWord != 0 || len(v) == 3 && (last == "cvv" || last == "cvc") || long && (bound >= told || len(v) <= 8 && digits(v) || strings.Count(v, "-") == 2)
	case n.role&keyWord != 0 && strings.Count(v, "-") >= 3:
		ok = true
	case n.plural:
	case n.role&humanWord != 0:
		ok = n.role&keyWord != 0 && len(v) >= 16 || bound >= told && len(v) > 2 || bound == tied
		if last == "pass" && len(b.s) >= b.n.to && b.n.to-b.n.from <= 5 && (bound != tied || len(v) < 4) {
			ok = false
		}
	case last == "secret" || last == "token" || last == "jeton":
		ok = bound >= named && len(v) > 3
	case n.role&keyWord != 0 && bound == tied && len(v) >= 8 && digits(v):
		ok = true
	case n.role&keyWord != 0 || last == "ticket" || strings.HasPrefix(last, "sig"):
	default:
		ok = bound >= named && len(v) > 5
	}
	if n.role&dialWord != 0 && len(v) == 3 && digits(v) && bound >= loose {
		if rest := strings.TrimLeft(b.s[p+3:], " -"); len(rest) >= 3 && digits(rest[:3]) && (len(rest) == 3 || !letterByte(rest[3])) {
			b.cut(p, len(b.s)-len(rest)+3, b.key)
			return true
		}
	}
	if ok {
		b.cut(p, p+len(v), b.key)
		if n.role&dialWord != 0 {
			b.more(p + len(v))
		}
	}
	return true
}

// aboutIt reports whether what follows a name is rather a sentence about the
// secret than the secret.
func (b *binder) aboutIt(p int, v string, l look) bool {
	s := b.s
	if l >= mixedLook && !prose[small(v)] {
		return l == mixedLook && strings.HasPrefix(v, "-")
	}
	low := small(strings.Trim(v, ".,;:!?()"))
	if prose[low] && b.n.role&humanWord != 0 && l == wordLook && wordsOfPhrase(s[p:]) {
		return false
	}
	if prose[low] || strings.HasPrefix(v, "-") {
		return true
	}
	if strings.IndexByte(v, '\'') > 0 {
		return true
	}
	if b.n.role&humanWord == 0 {
		// What machines draw is no word; but who writes a name of several words sets
		// something.
		return (b.n.alone || len(v) < 6 || strings.Contains(v, ".") || !lastOfSentence(s, p+len(v))) && !strings.ContainsAny(v, "0123456789") && len(v) <= 20
	}
	// A sentence goes on with words that passwords do not have.
	rest := s[p+len(v):]
	if i := strings.IndexAny(rest, "\r\n\"\\{[=|"); i >= 0 {
		rest = rest[:i]
	}
	if sentence := strings.Fields(rest); len(sentence) > 0 {
		for i, w := range sentence {
			if i > 5 {
				break
			}
			if prose[small(strings.Trim(w, ",.;:!?()"))] {
				return true
			}
		}
	}
	return false
}

// wordsOfPhrase reports whether a text begins with a passphrase: at least four words
// and nothing else, few of which are those of sentences.
func wordsOfPhrase(s string) bool {
	if i := strings.IndexAny(s, "\r\n\"\\{[=|,;.:"); i >= 0 {
		s = s[:i]
	}
	words := strings.Fields(s)
	n := 0
	for _, w := range words {
		if count(w).letters() < len(w) {
			return false
		}
		if prose[small(w)] {
			n++
		}
	}
	return len(words) >= 4 && len(words) < 12 && n*3 <= len(words)
}

// lastOfSentence reports whether nothing but marks follows.
func lastOfSentence(s string, at int) bool {
	rest := strings.TrimLeft(s[at:], ".!?\"'»)`, ")
	return rest == "" || rest[0] == '}' || rest[0] == '\n' || rest[0] == '\\' || len(rest) > 0 && at < len(s) && strings.IndexByte(".!?,;\"", s[at]) >= 0 || strings.HasPrefix(rest, "(") || strings.HasPrefix(rest, "and ") || strings.HasPrefix(rest, "et ")
}

// phraseEnd is where a password of several words ends.
func phraseEnd(s string, from, to int) int {
	end := to
	for range 30 {
		p := skipBlank(s, end)
		e := p
		for e < len(s) && (s[e] >= 'a' && s[e] <= 'z' || s[e] >= 'A' && s[e] <= 'Z' || s[e] >= utf8.RuneSelf || s[e] == '-' || s[e] >= '0' && s[e] <= '9') {
			e++
		}
		if e == p || p == end || s[p] == '-' || e < len(s) && strings.IndexByte("=:@/(\\'\"", s[e]) >= 0 || prose[small(s[p:e])] || roles()[small(s[p:e])]&(secretWord|hintWord) != 0 {
			break
		}
		end = e
	}
	return end
}

// more takes out what a list goes on with: recovery codes.
func (b *binder) more(at int) {
	s := b.s
	for range 40 {
		p := at
		for p < len(s) && (strings.IndexByte(" ,;/|\t", s[p]) >= 0) {
			p++
		}
		for _, and := range []string{"and ", "et ", "or ", "ou ", "puis "} {
			p += len(s[p:]) - len(strings.TrimPrefix(s[p:], and))
		}
		e := p
		for e < len(s) && (letterByte(s[e]) || s[e] == '-' || s[e] == '_') {
			e++
		}
		if v := s[p:e]; p == at || len(v) < 4 || e < len(s) && strings.IndexByte("=:", s[e]) >= 0 || lookOf(v) == wordLook && !number(v) {
			return
		}
		b.cut(p, e, "")
		at = e
	}
}

// columns cuts what stands below the name of a secret in a table whose first row
// names its columns.
func columns(s string, cuts []span) []span {
	for _, rows := range []string{"\n", ";"} {
		head, _, ok := strings.Cut(s, rows)
		if !ok || !strings.ContainsAny(head, ",;\t|") || strings.Contains(head, ", ") || strings.Contains(head, "; ") {
			continue
		}
		for _, mark := range []string{",", ";", "\t", "|"} {
			names := strings.Split(head, mark)
			if len(names) < 2 || mark == rows {
				continue
			}
			at := len(head) + len(rows)
			for row := range strings.SplitSeq(s[at:], rows) {
				cells := strings.Split(row, mark)
				for i, from := 0, at; len(cells) == len(names) && i < len(cells); i++ {
					name := strings.Trim(names[i], " \"'")
					if v := strings.Trim(cells[i], " \"'\r"); v != "" && !strings.ContainsAny(name, " =:{") && promises(name) && !empty(v) {
						k := from + strings.Index(cells[i], v)
						cuts = append(cuts, span{k, k + len(v), ""})
					}
					from += len(cells[i]) + len(mark)
				}
				at += len(row) + len(rows)
			}
		}
	}
	return cuts
}
