package agent

import (
	_ "embed"
	"slices"
	"strings"
	"sync/atomic"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/tool"
)

// maxTools is how many tools a model is shown: small models lose their way
// among more.
const maxTools = 5

//go:embed prompts/stopwords.txt
var stopwordList string

// Relevance finds the tools that matter for an utterance, by the words that it
// shares with their names, descriptions, sentences and examples. For small
// talk it finds none, on purpose: small models call a tool for "hello" when
// they are shown one.
type Relevance struct {
	stop map[string]bool
	// known are the words of the offers that were looked at last. An offer never
	// changes; others take its place.
	known atomic.Pointer[map[*tool.Offer]map[string]bool]
}

// NewRelevance returns a Relevance with the stop words of French and English.
func NewRelevance() *Relevance {
	r := &Relevance{stop: map[string]bool{}}
	for w := range strings.FieldsSeq(stopwordList) {
		r.stop[w] = true
	}
	return r
}

// Pick returns the tools to offer for an utterance, best first.
func (r *Relevance) Pick(text string, offers []*tool.Offer) []*tool.Offer {
	said := r.stems(text)
	type scored struct {
		offer *tool.Offer
		score int
	}
	var found []scored
	known := r.words(offers)
	for _, o := range offers {
		score := 0
		for w := range said {
			if known[o][w] {
				score++
			}
		}
		if score > 0 {
			found = append(found, scored{o, score})
		}
	}
	slices.SortStableFunc(found, func(a, b scored) int { return b.score - a.score })
	var picked []*tool.Offer
	for _, f := range found[:min(len(found), maxTools)] {
		picked = append(picked, f.offer)
	}
	return picked
}

// words returns the words of all offers. They are read again when there are
// others than the last time: to read them costs more than a turn.
func (r *Relevance) words(offers []*tool.Offer) map[*tool.Offer]map[string]bool {
	known := r.known.Load()
	if known != nil && !slices.ContainsFunc(offers, func(o *tool.Offer) bool { return (*known)[o] == nil }) {
		return *known
	}
	read := make(map[*tool.Offer]map[string]bool, len(offers))
	for _, o := range offers {
		read[o] = r.describe(o)
	}
	r.known.Store(&read)
	return read
}

func (r *Relevance) describe(o *tool.Offer) map[string]bool {
	var b strings.Builder
	b.WriteString(strings.ReplaceAll(o.Spec.Name, "_", " ") + " " + o.Spec.Description)
	for _, s := range o.Spec.Sentences {
		for _, p := range s.Patterns {
			b.WriteString(" " + p)
		}
		for _, e := range s.Examples {
			b.WriteString(" " + e.Text)
		}
	}
	return r.stems(b.String())
}

// stems cuts text into folded words of at least three letters, without stop
// words, each down to its first six letters: enough to bring "forecasts" and
// "forecast" together in both languages.
func (r *Relevance) stems(text string) map[string]bool {
	out := map[string]bool{}
	for w := range strings.FieldsFuncSeq(folded(text), func(c rune) bool { return !unicode.IsLetter(c) }) {
		if len(w) < 3 || r.stop[w] {
			continue
		}
		out[w[:min(len(w), 6)]] = true
	}
	return out
}

// folded is lower case without accents, in ASCII where that is possible.
func folded(text string) string {
	return strings.Map(func(c rune) rune {
		if unicode.Is(unicode.Mn, c) {
			return -1
		}
		return unicode.ToLower(c)
	}, norm.NFD.String(text))
}

// definitions are the tools as a model sees them.
func definitions(offers []*tool.Offer) []llm.ToolDef {
	var defs []llm.ToolDef
	for _, o := range offers {
		defs = append(defs, llm.ToolDef{
			Name: o.Name(), Description: o.Spec.Description, Parameters: flatten(o.Spec.InputSchema),
		})
	}
	return defs
}
