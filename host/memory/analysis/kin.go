package analysis

import (
	"strings"
	"sync"
)

// Bond is how two words belong together.
type Bond int

// The bonds between words.
const (
	Same  Bond = iota // they mean nearly the same, maybe in the other language
	Below             // the other is a kind, a part or a sign of the first
	Above             // the first is a kind, a part or a sign of the other
	Bonds             // how many there are
)

// Relative is a stem that belongs with another.
type Relative struct {
	Stem string
	Bond Bond
}

var kin = sync.OnceValue(func() map[string][]Relative {
	out := map[string][]Relative{}
	seen := map[[2]string]bool{}
	add := func(from, to string, b Bond) {
		if from != to && !seen[[2]string{from, to}] {
			seen[[2]string{from, to}] = true
			out[from] = append(out[from], Relative{to, b})
		}
	}
	var lines [][2][]string
	for line := range strings.Lines(read("kin.txt")) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		heads, members, _ := strings.Cut(line, ">")
		lines = append(lines, [2][]string{allStems(heads), allStems(members)})
	}
	for _, l := range lines { // what is the same comes before what is a kind
		for _, a := range l[0] {
			for _, b := range l[0] {
				add(a, b, Same)
			}
		}
	}
	for _, l := range lines {
		for _, head := range l[0] {
			for _, member := range l[1] {
				add(head, member, Below)
				add(member, head, Above)
			}
		}
	}
	return out
})

// allStems returns the stems of each word in either language.
func allStems(words string) []string {
	var out []string
	seen := map[string]bool{}
	for _, w := range strings.Fields(words) {
		for _, lang := range []string{"en", "fr"} {
			if s := languages()[lang].stemmed(w); !seen[s] {
				seen[s] = true
				out = append(out, s)
			}
		}
	}
	return out
}

// Kin returns what belongs with a group's word.
func (g *Group) Kin() []Relative {
	var out []Relative
	seen := map[string]bool{}
	for _, s := range g.Stems {
		seen[s] = true
	}
	for _, s := range g.Stems {
		for _, r := range kin()[s] {
			if !seen[r.Stem] {
				seen[r.Stem] = true
				out = append(out, r)
			}
		}
	}
	return out
}
