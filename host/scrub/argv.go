package scrub

import (
	"encoding/hex"
	"regexp"
	"strings"
)

// argument is how programs number the arguments of a command that they log: the
// kernel's audit writes a0="curl", others arg0=curl or argv[0]="curl".
var argument = regexp.MustCompile(`(?:^|[\s,(\[{])(?:a|argv?|args)\[?([0-9]{1,2})\]?=`)

// numbered finds secrets in commands that are logged argument by argument: it
// reads them as they were typed.
type numbered struct{}

func (numbered) find(s, _ string, cuts []span) []span {
	at := argument.FindAllStringSubmatchIndex(s, -1)
	if len(at) < 2 {
		return cuts
	}
	v := typed(s, at)
	for _, c := range find(v.text, deepest) {
		cuts = append(cuts, span{v.at[c.from], v.at[c.to], ""})
	}
	return cuts
}

// typed is a command as it was typed, given where its arguments stand.
func typed(s string, at [][]int) view {
	var v view
	var b strings.Builder
	put := func(text string, from, step int) {
		for i := range len(text) {
			v.at = append(v.at, from+i*step)
		}
		b.WriteString(text)
	}
	for i, m := range at {
		from, to, step := m[1], len(s), 1
		if i+1 < len(at) {
			to = at[i+1][0]
		}
		if from >= to {
			continue
		}
		text := s[from:to]
		if q := text[0]; q == '"' || q == '\'' {
			inside, _, _ := strings.Cut(text[1:], string(q))
			text, from = inside, from+1
		} else {
			text = text[:wordEnd(text, 0)]
			if raw, err := hex.DecodeString(text); err == nil && len(raw) > 1 && readable(raw) == string(raw) {
				text, step = string(raw), 2 // the audit writes what holds blanks in hex
			}
		}
		quote := ""
		if strings.Contains(text, " ") {
			quote = "\""
		}
		end := from + len(text)*step
		put(quote, from, 0)
		put(text, from, step)
		put(quote+" ", end, 0)
	}
	v.at = append(v.at, len(s))
	if n := len(v.at); n > 1 { // what ends the command ends its last argument
		v.at[n-1] = v.at[n-2]
	}
	v.text = b.String()
	return v
}
