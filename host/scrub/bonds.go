package scrub

import (
	"regexp"
	"strings"
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
	if strings.HasSuffix(s[:n.from], "<set to the key '") || strings.HasSuffix(s[:n.from], "' in ") && strings.Contains(s[:n.from], "<set to the key '") {
		return cuts // where it is
	}
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
		if s[at] == ')' && n.from > 0 && s[n.from-1] == '(' && !n.alone && n.promise == surely {
			n.promise = perhaps // (get_passphrase): New. tells of a function
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
	case strings.HasPrefix(s[i:], "::") && i+2 < len(s) && letterByte(s[i+2]) && b.n.role&humanWord == 0: // a member of a type
	case c == '=' || c == ':':
		if c == ':' && (strings.HasPrefix(s[i:], "://") || b.key == "" && b.n.from > 0 && s[b.n.from-1] == ':' && i+1 < len(s) && s[i+1] != ' ') {
			return // an address, an ARN
		}
		b.afterMark(i)
	case c == '.' && strings.HasPrefix(s[i:], "..."):
		b.value(skipBlank(s, len(s)-len(strings.TrimLeft(s[i:], "."))), named, true)
	case c == '~' && i == at && i+1 < len(s) && s[i+1] != ' ' && s[i+1] != '/' && b.n.promise == surely:
		if end := strings.IndexByte(s[i+1:], '~'); end > 0 {
			b.cut(i+1, i+1+end, "")
		}
	case c == '<' && strings.HasPrefix(s[i:], "</") && b.n.from > 0 && s[b.n.from-1] == '>':
		b.tagged(i)
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
		if c == ',' && b.key == "" && b.n.role&humanWord != 0 && strings.HasPrefix(s[i:], ", ") && !setting.MatchString(s[i+2:]) && i+2 < len(s) && s[i+2] != '"' && s[i+2] != '\'' {
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

// setting is the next of a list of settings.
var setting = regexp.MustCompile(`^[A-Za-z_]+=`)

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
	if block := strings.TrimLeft(s[q:], "|>+-"); len(block) < len(s[q:]) && strings.HasPrefix(block, "\n") {
		q = len(s) - len(block)
	}
	if q < len(s) && (s[q] == '\n' || s[q] == '\r') { // the value is on the next line
		for q < len(s) && strings.IndexByte("\r\n \t-|>", s[q]) >= 0 {
			q++
		}
		if e := wordEnd(s, q); e > q && s[e-1] == ':' && lookOf(s[q:e-1]) == wordLook {
			return // the next name
		}
	}
	bound := named
	if setting || q == p && strings.LastIndexAny(s[:b.n.from], "{[") > strings.LastIndexAny(s[:b.n.from], "}]") {
		bound = tied
	}
	if !b.value(q, bound, q > p) && bound == named && b.n.promise == surely {
		b.complaint(q)
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

// tagged is what follows a name that stands in an element: <b>password</b>: x, or
// the next element of a list of properties.
func (b *binder) tagged(i int) {
	s := b.s
	end := strings.IndexByte(s[i:], '>')
	if end < 0 {
		return
	}
	j := i + end + 1
	for j < len(s) && strings.IndexByte(" \t\r\n", s[j]) >= 0 {
		j++
	}
	switch {
	case j >= len(s):
	case s[j] == ':' || s[j] == '=':
		b.afterMark(j)
	case strings.HasPrefix(s[j:], "<string>"):
		j += len("<string>")
		if end := strings.IndexByte(s[j:], '<'); end > 0 && b.n.promise == surely && !empty(s[j:j+end]) {
			b.cut(j, j+end, "")
		}
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
