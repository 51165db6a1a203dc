package config

import (
	"fmt"
	"strings"
)

// Problem is one thing that is wrong with the configuration.
type Problem struct {
	Key      string // dotted; empty for a file as a whole
	Where    string // "jarvis.yaml:12", "OLLAMA_URL", "flag"
	Value    string // what stands there; a placeholder for a secret
	Expected string // what should
	Hint     string // what may help, or empty
}

// String tells the problem in one line.
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.Key)
	if p.Where != "" {
		if p.Key == "" {
			b.WriteString(p.Where)
		} else {
			b.WriteString(" (" + p.Where + ")")
		}
	}
	b.WriteString(": ")
	if p.Value != "" {
		b.WriteString(p.Value + ", ")
	}
	b.WriteString("expected " + p.Expected)
	if p.Hint != "" {
		b.WriteString("; " + p.Hint)
	}
	return b.String()
}

// plugin returns the id of the plugin whose section the problem is in; such a
// problem stops that plugin, not the host.
func (p Problem) plugin() string {
	rest, ok := strings.CutPrefix(p.Key, "plugins.")
	if !ok {
		return ""
	}
	id, _, ok := strings.Cut(rest, ".")
	if !ok {
		return ""
	}
	return id
}

// Error is every problem of a configuration at once.
type Error struct{ Problems []Problem }

// Error lists the problems, one a line.
func (e *Error) Error() string {
	var b strings.Builder
	if n := len(e.Problems); n == 1 {
		b.WriteString("the configuration has a problem:")
	} else {
		fmt.Fprintf(&b, "the configuration has %d problems:", n)
	}
	for _, p := range e.Problems {
		b.WriteString("\n  " + p.String())
	}
	return b.String()
}

// Nearest returns the candidate that name was probably meant to be, or nothing.
func Nearest(name string, candidates []string) string {
	best, least := "", max(2, len(name)/3)+1
	for _, c := range candidates {
		if d := distance(name, c); d < least {
			best, least = c, d
		}
	}
	return best
}

// distance counts the edits between two names; swapped neighbours are one.
func distance(a, b string) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j]+cost, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
