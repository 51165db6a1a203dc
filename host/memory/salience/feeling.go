package salience

import (
	"embed"
	"math"
	"strconv"
	"strings"
	"sync"

	"github.com/jarvis-host/jarvis/host/memory/analysis"
)

//go:embed data
var data embed.FS

func read(name string) string {
	b, err := data.ReadFile("data/" + name)
	if err != nil {
		panic(err) // embedded: the build would be broken
	}
	return string(b)
}

// set returns the folded words of a file.
func set(name string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(read(name)) {
		out[analysis.Fold(w)] = true
	}
	return out
}

// Feeling is the tone of what was said.
type Feeling struct {
	Arousal float64 // 0 calm to 1 strong
	Valence float64 // -1 bad to 1 good
}

type lexicon struct {
	words            map[string]Feeling
	strong, negation map[string]bool
}

// Load reads the word lists, which the first text otherwise waits for.
func Load() {
	kindsOf()
	feelings()
}

var feelings = sync.OnceValue(func() *lexicon {
	l := &lexicon{words: map[string]Feeling{}, strong: set("strong.txt"), negation: set("negations.txt")}
	for line := range strings.Lines(read("feelings.txt")) {
		f := strings.Fields(line)
		if len(f) < 3 || f[0] == "#" {
			continue
		}
		valence, err := strconv.ParseFloat(f[0], 64)
		arousal, err2 := strconv.ParseFloat(f[1], 64)
		if err != nil || err2 != nil {
			continue // a comment
		}
		for _, w := range f[2:] {
			l.words[analysis.Fold(w)] = Feeling{Arousal: arousal / 9, Valence: valence / 9}
		}
	}
	return l
})

// reach is how many words before a feeling a negation or an intensifier counts.
const reach = 3

// Feel reads the tone of a text from its words. It knows French and English.
func Feel(t analysis.Text) Feeling {
	l := feelings()
	var out Feeling
	strongest, n := 0.0, 0.0
	for i, k := range t.Tokens {
		f, ok := l.words[k.Folded]
		if !ok {
			continue
		}
		negated := false
		for j := max(0, i-reach); j < i; j++ {
			negated = negated || l.negation[t.Tokens[j].Folded]
			if l.strong[t.Tokens[j].Folded] {
				f.Arousal = math.Min(1, f.Arousal*1.25)
			}
		}
		if negated {
			f.Valence, f.Arousal = -f.Valence/2, f.Arousal*0.6
		}
		out.Valence += f.Valence
		strongest = math.Max(strongest, f.Arousal)
		n++
	}
	if n > 0 {
		out.Valence = math.Max(-1, math.Min(1, out.Valence/math.Sqrt(n)))
	}
	out.Arousal = strongest
	if strings.Contains(t.Raw, "!") {
		out.Arousal = math.Min(1, out.Arousal+0.1)
	}
	return out
}
