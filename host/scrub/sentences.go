package scrub

import (
	"regexp"
	"strings"
)

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
	if b.n.promise == surely {
		b.complaint(i)
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
			if end < 0 || end > 40 || b.n.promise == surely && b.remark(i+1, i+end) {
				return
			}
			i = skipBlank(s, i+end+1)
			continue
		case c == '|' && words > 0:
			b.neighbour(i)
			return
		case c == ',' && (strings.HasPrefix(s[i:], ", c'est ") || strings.HasPrefix(s[i:], ", c’est ")):
			i += len(", ")
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

// given are words before a value that somebody gave, found or expected not to find.
var given = set(`value valeur was etait était got reçu reçue recu received given input had found trouvé trouvée donné donnée fourni saisi saisie lu actual provided`)

// remark looks for what a remark says that the value is: (value "x"), (reçu : x).
func (b *binder) remark(from, to int) bool {
	s := b.s
	i := skipBlank(s, from)
	end := i
	for end < to && letterByte(s[end]) {
		end++
	}
	if !given[small(s[i:end])] {
		return false
	}
	p := skipBlank(s, end)
	for p < to && (s[p] == ':' || s[p] == '=') {
		p = skipBlank(s, p+1)
	}
	return p > end && p < to && b.value(p, told, true)
}

// complains reports whether a word says that a value is not as it should be.
var complains = set(`invalid unexpected unknown bad wrong illegal has have had with unsupported malformed invalide inattendue inattendu inconnue inconnu mauvaise mauvais avec a la une an the`)

// complaint looks for a value behind what is wrong with it: invalid value "x".
func (b *binder) complaint(at int) {
	s := b.s
	for range 4 {
		i := skipBlank(s, at)
		end := i
		for end < len(s) && letterByte(s[end]) {
			end++
		}
		word := small(s[i:end])
		if given[word] {
			b.remark(i, min(len(s), end+4))
			return
		}
		if !complains[word] {
			return
		}
		at = end
	}
}

// release is the version of a package.
var release = regexp.MustCompile(`^(?:[0-9]+:)?[0-9]+\.[0-9]+[0-9a-z.+~-]*$`)

// parenthesis is a value in brackets behind its name: clé API (x), or a remark
// before it: mot de passe (wifi) : x.
func (b *binder) parenthesis(i int) {
	s := b.s
	end := strings.IndexByte(s[i:], ')')
	if end < 0 {
		end = len(s) - i
	}
	if b.n.promise == surely && b.remark(i+1, i+end) {
		return
	}
	inside := strings.Trim(s[i+1:i+end], "\"'`")
	least := mixedLook
	if i == b.n.to && b.n.role&humanWord == 0 {
		least = drawnLook // the argument of a function
	}
	if !strings.ContainsAny(inside, " ,") && len(inside) > 4 && !setting.MatchString(inside) && inside[0] != '/' && !release.MatchString(inside) && lookOf(inside) >= least {
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
	for range 6 {
		if i <= 0 {
			return
		}
		from := i
		for from > 0 && s[from-1] != ' ' {
			from--
		}
		switch word := small(strings.Trim(s[from:i], "\"'(),»«”“")); {
		case possessives[word] || word == "" && linked:
		case word == "as" || word == "is" || word == "comme" || word == "est" || word == "was" || word == "with" || word == "ist" || word == "es" || word == "è" || word == "#" || word == "//" || word == "←" || word == "<-":
			if linked {
				return
			}
			linked = true
		case word == "for" || word == "pour" || word == "in":
			linked, quoted = true, true
		case word == "flag" || word == "key" || word == "field" || word == "option" || word == "parameter" || word == "setting" || word == "variable" || word == "header" || word == "name" || word == "-" || word == "--":
		case !linked && s[i-1] == ',' && handed(s[b.n.to:]) && b.n.role&humanWord != 0:
			v := strings.Trim(s[from:i-1], "\"'`.;:()«»“”")
			if k := strings.LastIndexByte(v, '='); k >= 0 {
				v = strings.TrimLeft(v[k+1:], "\"'`\\")
			}
			if chosen(v) {
				at := from + strings.LastIndex(s[from:i], v)
				b.cut(at, at+len(v), "")
			}
			return
		case linked:
			v := strings.Trim(s[from:i], "\"'`,.;:()«»“”")
			if b.n.role&dialWord != 0 && len(v) >= 4 && len(v) <= 8 && digits(v) || len(v) >= 5 && lookOf(v) >= mixedLook && !strings.ContainsAny(v, "=/") && (!quoted || strings.IndexByte("\"'`", s[i-1]) >= 0) {
				at := from + strings.Index(s[from:i], v)
				b.cut(at, at+len(v), "")
			}
			return
		default:
			return
		}
		i = from - 1
	}
}

// possessives stand between a value and its name: x is the new admin password.
var possessives = set(`my the a our new mon ma le la wifi wi-fi his her their notre un une das der die dein mein il lo el su mi
	admin root guest user router nas mqtt alarm default current temporary nouveau nouvel`)

// handed reports whether a text says by whom a password was given, or for what.
func handed(s string) bool {
	word, end := wordAfter(s, 0)
	if word == "was" || word == "is" || word == "est" {
		word, _ = wordAfter(s, end)
	}
	switch word {
	case "donne", "given", "fourni", "communique", "transmis", "laisse", "choisi", "chosen", "shared", "partage", "told", "du", "de", "des", "of", "pour", "for":
		return true
	default:
		return false
	}
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

// accountBefore reports whether a little before there is talk of an account.
func (b *binder) accountBefore() bool {
	low := small(b.s[max(0, b.n.from-nearby):b.n.from])
	return strings.Contains(low, "login") || strings.Contains(low, "user") || strings.Contains(low, "admin") || strings.Contains(low, "create")
}

// tried reports whether the word before a name says that a password was given.
func (b *binder) tried() bool {
	before, _ := wordBefore(b.s, b.n.from)
	return tries[before]
}

// tries are words before a password that somebody tried.
var tries = set(`tried with using entered typed wrong bad invalid incorrect got received avec saisi essaye tape mauvais faux`)
