package intent

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Explanation says why an utterance is understood as it is.
type Explanation struct {
	Normalized string // the form that is compared
	Matches    []Match
	// Blocked are sentences that it is an instance of, were it not for what
	// they require of the context or of keywords.
	Blocked []Blocked
	// Close are the sentences nearest to it, when nothing matches.
	Close []Near
}

// Blocked is a match that a condition forbids.
type Blocked struct {
	Match
	Why string
}

// Near is a sentence that is not said, and what keeps the utterance from it.
type Near struct {
	Source, Intent, Template string
	Sample                   string   // an utterance of the sentence, the nearest one tried
	Missing, Extra           []string // words that the sample has more, and the utterance
}

// Bounds of an explanation.
const (
	explainSamples = 24 // utterances tried of each sentence
	explainClose   = 3
)

// Explain is [Matcher.MatchContext] with its reasons. It is for people: it
// looks at every sentence of the language, which takes a while for thousands.
func (m *Matcher) Explain(lang, text string, context map[string]any) Explanation {
	e := Explanation{Normalized: Normalize(lang, text), Matches: m.MatchContext(lang, text, context)}
	c := m.languages[baseLang(lang)]
	if c == nil || len(text) > MaxUtterance {
		return e
	}
	u := newUtterance(c.lang, text)
	if len(u.runes) == 0 {
		return e
	}
	e.Normalized = string(u.words())
	e.Blocked = c.blocked(u, e.Matches, context)
	if len(e.Matches) == 0 {
		e.Close = c.near(u)
	}
	return e
}

// blocked finds what would match without conditions.
func (c *compiled) blocked(u *utterance, matches []Match, context map[string]any) (out []Blocked) {
	for _, exact := range []bool{true, false} {
		for _, free := range c.pass(u, exact, known{context: context, free: true}) {
			same := func(m Match) bool {
				return m.Template == free.Template && m.Intent == free.Intent && m.Source == free.Source
			}
			if slices.ContainsFunc(matches, same) || slices.ContainsFunc(out, func(b Blocked) bool { return same(b.Match) }) {
				continue
			}
			i := slices.IndexFunc(c.sentences, func(s *entry) bool {
				return s.Template == free.Template && s.Intent == free.Intent && s.Source == free.Source
			})
			if why := c.sentences[i].refuses(u, free.Context); why != "" {
				out = append(out, Blocked{free, why})
			}
		}
		if len(out)+len(matches) > 0 {
			return out
		}
	}
	return out
}

// refuses says which condition of a sentence is not met, or nothing.
func (s *entry) refuses(u *utterance, context map[string]any) string {
	if !u.holdsOne(s.keywords) {
		return fmt.Sprintf("one of these words has to be said: %s", strings.Join(s.Keywords, ", "))
	}
	if s.condition == nil {
		return ""
	}
	for _, r := range s.condition.requires {
		v, ok := context[r.key]
		switch {
		case !ok:
			return fmt.Sprintf("%s has to be known%s", r.key, r.wanted())
		case !r.metBy(v):
			return fmt.Sprintf("%s is %v%s", r.key, v, r.wanted())
		}
	}
	for _, r := range s.condition.excludes {
		if v, ok := context[r.key]; ok && r.metBy(v) {
			return fmt.Sprintf("%s must not be %v", r.key, v)
		}
	}
	return ""
}

func (r requirement) wanted() string {
	if len(r.values) == 0 {
		return ""
	}
	return fmt.Sprintf(", expected one of %v", r.values)
}

// near finds the sentences whose utterances share most words with one.
func (c *compiled) near(u *utterance) []Near {
	type scored struct {
		Near
		distance int
	}
	var all []scored
	said := strings.Fields(string(u.words()))
	for _, s := range c.sentences {
		best := scored{distance: tooFar}
		for _, sample := range c.samples(s, explainSamples) {
			words := strings.Fields(string(newUtterance(c.lang, sample).words()))
			missing, extra := without(words, said), without(said, words)
			if d := len(missing) + len(extra); d < best.distance && len(missing) < len(words) {
				best = scored{Near{s.Source, s.Intent, s.Template, sample, missing, extra}, d}
			}
		}
		if best.distance < len(said)+2 {
			all = append(all, best)
		}
	}
	slices.SortStableFunc(all, func(a, b scored) int { return cmp.Compare(a.distance, b.distance) })
	var out []Near
	for _, s := range all[:min(len(all), explainClose)] {
		out = append(out, s.Near)
	}
	return out
}

// without returns the words of a that b does not have, as often as it lacks them.
func without(a, b []string) (out []string) {
	rest := slices.Clone(b)
	for _, w := range a {
		if i := slices.Index(rest, w); i >= 0 {
			rest = slices.Delete(rest, i, i+1)
			continue
		}
		out = append(out, w)
	}
	return out
}
