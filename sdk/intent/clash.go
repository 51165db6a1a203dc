package intent

import (
	"maps"
	"slices"
)

// Clash is an utterance that sentences of two sources both claim.
type Clash struct {
	Lang      string
	Utterance string
	Winner    Match // the one that ranks first
	Loser     Match
	// Tie means that only the order of adding decided.
	Tie bool
}

// clashSamples is how many utterances of each sentence are tried.
const clashSamples = 16

// Clashes returns at most limit pairs of sentences of different sources that
// claim the same utterance, with an utterance that shows it; each pair once.
//
// Conditions on the context are left aside. It says examples of every sentence and looks who else understands them. That
// finds every clash with literal text and values of lists; two sentences that
// meet only in what their wildcards may take can stay unseen.
func (m *Matcher) Clashes(limit int) []Clash {
	var out []Clash
	for _, code := range slices.Sorted(maps.Keys(m.languages)) {
		f := &clashFinder{compiled: m.languages[code], limit: limit - len(out), seen: map[[4]string]bool{}}
		out = append(out, f.all()...)
	}
	return out
}

type clashFinder struct {
	*compiled
	limit int
	found []Clash
	seen  map[[4]string]bool
}

func (f *clashFinder) all() []Clash {
	for _, s := range f.sentences {
		for _, text := range f.samples(s, clashSamples) {
			f.try(s, text)
			if len(f.found) >= f.limit {
				return f.found[:max(0, f.limit)]
			}
		}
	}
	return f.found
}

// try compares a sentence with all others that understand one of its
// utterances, in the same pass or a better one.
func (f *clashFinder) try(s *entry, text string) {
	matches := f.pass(newUtterance(f.lang, text), true, known{free: true})
	own := slices.IndexFunc(matches, func(m Match) bool { return m.Source == s.Source && m.Template == s.Template })
	if own < 0 {
		return
	}
	for i, other := range matches {
		if other.Source != s.Source {
			f.add(text, matches[min(own, i)], matches[max(own, i)])
		}
	}
}

func (f *clashFinder) add(text string, winner, loser Match) {
	pair := [4]string{winner.Source, winner.Template, loser.Source, loser.Template}
	mirrored := [4]string{loser.Source, loser.Template, winner.Source, winner.Template}
	if f.seen[pair] || f.seen[mirrored] || len(f.found) >= f.limit {
		return
	}
	f.seen[pair] = true
	f.found = append(f.found, Clash{
		Lang: f.code, Utterance: text, Winner: winner, Loser: loser,
		Tie: winner.Wildcards == loser.Wildcards && winner.Literal == loser.Literal && winner.WildcardChars == loser.WildcardChars,
	})
}
