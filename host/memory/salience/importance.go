package salience

import (
	"math"
	"strings"
	"sync"

	"github.com/jarvis-host/jarvis/host/memory/analysis"
)

// kindsOf maps a folded word to the kinds of matter it belongs to.
var kindsOf = sync.OnceValue(func() map[string][]string {
	out := map[string][]string{}
	for line := range strings.Lines(read("matters.txt")) {
		kind, words, ok := strings.Cut(line, ":")
		if !ok || strings.HasPrefix(line, "#") {
			continue
		}
		for _, w := range strings.Fields(words) {
			w = analysis.Fold(w)
			out[w] = append(out[w], kind)
		}
	}
	return out
})

// Signs are the features of importance, in the order of the weights.
var Signs = []string{"length", "first_person", "time", "proper", "number", "asks", "short", "health", "urgent", "life", "family", "prefer", "plan", "smalltalk", "arousal"}

// weights of the signs and the constant, fitted by logistic regression on which
// turns of LoCoMo's half for choosing are asked for; those of health and urgency
// are set by hand, for such dialogues hold little of either, and feelings and
// plans are left out, for they tell nothing there (docs/memory.md).
var (
	weights  = []float64{1.157, 0.281, 0.512, 0.466, 1.223, -0.608, 0.119, 2, 1.6, 0.257, 1.03, 0.255, 0, -0.251, 0}
	constant = -4.337
)

// SignsOf returns the signs of importance of a text.
func SignsOf(t analysis.Text) []float64 {
	terms, proper, number := 0.0, 0.0, 0.0
	found := map[string]float64{}
	for _, k := range t.Tokens {
		if !k.Stop {
			terms++
			if k.Proper {
				proper++
			}
		}
		if k.Number {
			number++
		}
		for _, kind := range kindsOf()[k.Folded] {
			found[kind]++
		}
	}
	few := func(n float64) float64 { return math.Min(n, 3) }
	short := 0.0
	if terms < 4 {
		short = 1
	}
	asks := 0.0
	if t.Asks() {
		asks = 1
	}
	return []float64{
		math.Log1p(terms), few(float64(t.FirstPerson())), few(float64(t.TimeWords())), few(proper), few(number), asks, short,
		few(found["health"]), few(found["urgent"]), few(found["life"]), few(found["family"]), few(found["prefer"]), few(found["plan"]), few(found["smalltalk"]),
		Feel(t).Arousal,
	}
}

// Importance returns how likely a text is asked for later, from 0 to 1.
func Importance(t analysis.Text) float64 {
	sum := constant
	for i, s := range SignsOf(t) {
		sum += weights[i] * s
	}
	return 1 / (1 + math.Exp(-sum))
}
