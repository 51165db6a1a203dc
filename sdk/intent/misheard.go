package intent

import (
	"embed"
	"fmt"
	"slices"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

//go:embed misheard/*.yaml
var misheardFiles embed.FS

// maxMisheard is how many words a misheard phrase may have.
const maxMisheard = 3

// misheard maps what is written to what was said, both normalised.
type misheard map[string][]string

// misheardOf reads a language's table; a language without one has none. The
// files are part of this program: a broken one is a fault that any test finds.
func misheardOf(code string, l *language) misheard {
	data, err := misheardFiles.ReadFile("misheard/" + code + ".yaml")
	if err != nil {
		return nil
	}
	var table map[string][]string
	if err := yaml.Unmarshal(data, &table); err != nil {
		panic(fmt.Sprintf("misheard words of %s: %v", code, err))
	}
	m := misheard{}
	for said, written := range table {
		said = string(newUtterance(l, said).words())
		for _, w := range written {
			w = string(newUtterance(l, w).words())
			m[w] = append(m[w], said)
		}
	}
	for _, said := range m {
		slices.Sort(said)
	}
	return m
}

// maxHeard bounds how many ways to hear one utterance are tried.
const maxHeard = 16

// variants returns the other ways in which an utterance may have been meant,
// those with fewest words replaced first.
func (m misheard) variants(words []string) []string {
	type way struct {
		text string
		at   int // words before it are settled
	}
	var out []string
	open := []way{{strings.Join(words, " "), 0}}
	for len(open) > 0 && len(out) < maxHeard {
		w := open[0]
		open = open[1:]
		now := strings.Fields(w.text)
		for at := w.at; at < len(now); at++ {
			for n := min(maxMisheard, len(now)-at); n > 0; n-- {
				for _, said := range m[strings.Join(now[at:at+n], " ")] {
					next := slices.Concat(now[:at], strings.Fields(said), now[at+n:])
					text := strings.Join(next, " ")
					out = append(out, text)
					open = append(open, way{text, at + len(strings.Fields(said))})
				}
			}
		}
	}
	return out[:min(len(out), maxHeard)]
}

// misheardTables are read once.
var misheardTables sync.Map // code -> misheard

func (c *compiled) misheard() misheard {
	if m, ok := misheardTables.Load(c.code); ok {
		return m.(misheard)
	}
	m, _ := misheardTables.LoadOrStore(c.code, misheardOf(c.code, languageOf(c.code)))
	return m.(misheard)
}
