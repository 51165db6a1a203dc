package scrub

import (
	"regexp"
	"strings"
)

// pattern recognises credentials by their structure; its first group is what goes,
// or all of it.
type pattern struct {
	keywords []string // in small letters; a text without all of them is not looked at
	needs    string   // what else a text must have
	alone    bool     // it is a credential by itself, whatever stands around it
	heads    bool     // a keyword begins it, and ^ the expression: it is tried there only
	re       *regexp.Regexp
	only     func(m string) bool // nil takes every match
}

// find cuts what has the structure.
func (p pattern) find(s, lower string, cuts []span) []span {
	if !strings.Contains(s, p.needs) {
		return cuts
	}
	if p.heads {
		return p.atHeads(s, lower, cuts)
	}
	if len(s) <= longestWindow {
		return p.within(s, 0, len(s), cuts)
	}
	for from := 0; from < len(s); {
		near := p.next(lower, from)
		if near < 0 {
			return cuts
		}
		start := from
		if at := max(0, near-beforeKeyword); at > from {
			start = at + max(0, strings.IndexByte(s[at:near], ' ')) // not within a word
		}
		to := min(len(s), near+longestWindow-beforeKeyword)
		cuts = p.within(s, start, to, cuts)
		if from = to - beforeKeyword; to == len(s) {
			break
		}
	}
	return cuts
}

// atHeads tries the expression where one of the keywords begins a word.
func (p pattern) atHeads(s, lower string, cuts []span) []span {
	for from := 0; from < len(s); {
		at := p.next(lower, from)
		if at < 0 {
			return cuts
		}
		from = at + 1
		if at > 0 && letterByte(s[at-1]) {
			continue
		}
		if m := p.re.FindStringSubmatchIndex(s[at:]); m != nil {
			cuts = p.cut(s, at, m, cuts)
			from = at + m[1]
		}
	}
	return cuts
}

// A long text is looked at by parts around the keywords, which regular expressions
// go through much faster than through all of it.
const (
	longestWindow = 1200
	beforeKeyword = 300 // how much before a keyword belongs to it
)

// next is where the next keyword stands, or -1.
func (p pattern) next(lower string, from int) int {
	first := -1
	for _, k := range p.keywords {
		end := len(lower)
		if first >= 0 {
			end = min(end, first+len(k))
		}
		if i := strings.Index(lower[from:end], k); i >= 0 {
			first = from + i
		}
	}
	return first
}

// within cuts what has the structure and begins in a part of a text.
func (p pattern) within(s string, start, end int, cuts []span) []span {
	for _, m := range p.re.FindAllStringSubmatchIndex(s[start:end], -1) {
		if base := start + m[0]; start+m[1] == end && end < len(s) { // it may go on
			if whole := p.re.FindStringSubmatchIndex(s[base:]); whole != nil && whole[0] == 0 {
				cuts = p.cut(s, base, whole, cuts)
				continue
			}
		}
		cuts = p.cut(s, start, m, cuts)
	}
	return cuts
}

// cut cuts what a match at a place has found.
func (p pattern) cut(s string, base int, m []int, cuts []span) []span {
	group := func(i int) (from, to int) { return base + m[2*i], base + m[2*i+1] }
	from, to := group(1)
	if len(m) >= 6 { // a name, and what belongs to it
		named := s[from:to]
		if len(m) == 8 {
			from, to = group(3)
			named = s[from:to]
		}
		if from, to = group(2); !promises(named) && (promiseOf(named) != perhaps || lookOf(s[from:to]) < drawnLook) {
			return cuts
		}
	}
	if v := s[from:to]; v == "" || strings.HasPrefix(v, Redacted) || empty(v) || p.only != nil && !p.only(v) {
		return cuts
	}
	quote := ""
	if from > 2 && s[from-1] == '[' && strings.HasSuffix(strings.TrimRight(s[:from-1], " "), `":`) { // a list of JSON
		quote = `"`
	}
	return append(cuts, span{from, to, quote})
}
