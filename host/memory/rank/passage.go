package rank

import (
	"cmp"
	"slices"
	"time"

	"github.com/jarvis-host/jarvis/host/memory/analysis"
)

// Turn is one thing that was said.
type Turn struct {
	ID      string
	Speaker string
	User    bool // the owner said it
	Text    string
	Lang    string
	Terms   []string
}

// Passage is a candidate with its surroundings.
type Passage struct {
	Turn
	Session       string
	At            time.Time
	Before, After []Turn // nearest first
	Score         float64
}

// Corpus is what all passages have in common.
type Corpus struct {
	Passages int
	Length   float64 // mean terms
	Having   map[string]int
	Speakers []string
}

// Question is what is asked.
type Question struct {
	Text   analysis.Text
	Groups []analysis.Group
	At     time.Time
}

// mostGroups bounds the words of a question that are looked up, each at a cost. Of
// a longer text its beginning and its end are likely what is asked.
const mostGroups = 64

// Ask analyses a question.
func Ask(text, lang string, at time.Time) Question {
	t, groups := analysis.Groups(text, lang)
	if n := len(groups); n > mostGroups {
		groups = slices.Concat(groups[:mostGroups/2], groups[n-mostGroups/2:])
	}
	return Question{Text: t, Groups: groups, At: at}
}

// Terms returns what to count for a question: its stems, and those of kin.
func (q *Question) Terms() (terms, kin []string) {
	for i := range q.Groups {
		terms = append(terms, q.Groups[i].Stems...)
		for _, r := range q.Groups[i].Kin() {
			kin = append(kin, r.Stem)
		}
	}
	return terms, kin
}

// Past says whether a question is about how things were.
func (q *Question) Past() bool { return q.Text.Past() }

// Useful returns what to look up: the terms and kin that occur, but not the
// names of who speaks, unless nothing else is asked.
func (q *Question) Useful(c *Corpus) (terms, kin []string) {
	for i := range q.Groups {
		g := &q.Groups[i]
		if c.isName(g.Word) {
			continue
		}
		for _, s := range g.Stems {
			if c.Having[s] > 0 {
				terms = append(terms, s)
			}
		}
		for _, r := range g.Kin() {
			if c.Having[r.Stem] > 0 {
				kin = append(kin, r.Stem)
			}
		}
	}
	if len(terms)+len(kin) == 0 {
		terms, _ = q.Terms()
	}
	return c.rarest(terms, mostHits), c.rarest(kin, mostKinHits)
}

// Passages that the terms of one look-up may match: what is everywhere in a
// large memory tells little and costs most.
const (
	mostHits    = 5000
	mostKinHits = 2500
)

// rarest returns the rarest of the terms that match no more than so many
// passages together, one at least.
func (c *Corpus) rarest(terms []string, most int) []string {
	slices.SortStableFunc(terms, func(a, b string) int { return cmp.Compare(c.Having[a], c.Having[b]) })
	terms = slices.Compact(terms)
	for i, t := range terms {
		if most -= c.Having[t]; most < 0 && i > 0 {
			return terms[:i]
		}
	}
	return terms
}

// Days after a date on which people still speak of it.
const aftermath = 10

// Days returns the time to look at for a question that names a month or a day
// of a year, or one seen from now such as yesterday; zero times where it does
// not.
func (q *Question) Days() (from, to time.Time) {
	if from, to, ok := q.Text.Relative(q.At); ok {
		return from, to
	}
	d := q.Text.Date()
	if d.Year == 0 || d.Month == 0 {
		return from, to
	}
	if d.Day == 0 {
		from = time.Date(d.Year, d.Month, 1, 0, 0, 0, 0, time.UTC)
		return from, from.AddDate(0, 1, aftermath)
	}
	from = time.Date(d.Year, d.Month, d.Day-1, 0, 0, 0, 0, time.UTC)
	return from, from.AddDate(0, 0, aftermath)
}

func dateOf(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 12, 0, 0, 0, time.UTC)
}
