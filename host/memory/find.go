package memory

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/jarvis-host/jarvis/host/memory/rank"
	"github.com/jarvis-host/jarvis/host/memory/salience"
)

// Question is what is looked for.
type Question struct {
	Text    string
	Lang    string    // told by the text when empty
	At      time.Time // when it is asked; now when zero
	Limit   int       // 10 when 0
	Facts   bool      // facts too
	Exclude string    // a session to leave out
}

// Result is one thing that was found.
type Result struct {
	ID      string
	Text    string
	Score   float64
	At      time.Time
	Session string
	Speaker string
	Role    Role
	Fact    *Fact       // where it is a fact; nil for an episode
	Stale   bool        // what is known from it holds no longer
	Foreign bool        // a tool or a plugin brought it in: nobody's own words
	Parts   []rank.Part // what its score is made of, the strongest first
}

const (
	defaultLimit = 10
	window       = 2 // neighbours that are looked at, on either side

	// Candidates that are looked at: by the question's words, by kin of them, and
	// by the date that is asked about.
	// A large memory holds better ones among fewer.
	direct, indirect, thatDay = 300, 150, 60
	large                     = 5000
)

// Answer is what a question finds.
type Answer struct {
	Results []Result // the best first
	// Coverage is how much of the question the best results hold, from 0 to 1. An
	// answer is likely among them above GateAsked.
	Coverage float64
	// Degraded says that vectors or an index should have helped, and could not.
	Degraded bool
}

// Find returns what answers a question best.
func (m *Memory) Find(ctx context.Context, o Owner, q Question) (*Answer, error) {
	if q.Limit <= 0 {
		q.Limit = defaultLimit
	}
	if q.At.IsZero() {
		q.At = m.now()
	}
	c, err := m.candidates(ctx, o, q)
	if err != nil {
		return nil, err
	}
	order := make([]int, len(c.rows))
	scores := make([]float64, len(c.rows))
	for i := range c.rows {
		order[i], scores[i] = i, rank.Default().Score(c.rows[i])+cosineWeight*c.cosine(i)
	}
	chances := rank.Chances(scores)
	for i := range chances {
		chances[i] *= c.weigh(i, q.At)
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(chances[b], chances[a]) })
	out := &Answer{Degraded: c.degraded}
	var best [][]float64
	var bestScores []float64
	for _, i := range order[:min(len(order), max(q.Limit, gateTop))] {
		best, bestScores = append(best, c.rows[i]), append(bestScores, scores[i])
		if len(out.Results) < q.Limit {
			out.Results = append(out.Results, c.result(i, chances[i]))
		}
	}
	out.Coverage = coverage(best, bestScores)
	return out, nil
}

// shownParts is how many parts of a score are told.
const shownParts = 5

func (c *candidates) result(i int, score float64) Result {
	r := Result{Score: score, Parts: rank.Default().Parts(c.rows[i], shownParts)}
	if n := len(c.found.Episodes); i >= n {
		k := &c.found.Facts[i-n]
		r.ID, r.Text, r.At, r.Fact, r.Foreign = k.ID, k.Text, k.From, k, k.Origin == OriginPlugin
		return r
	}
	h := &c.found.Episodes[i]
	r.ID, r.Text, r.At, r.Session, r.Speaker, r.Role, r.Stale = h.ID, h.Text, h.At, h.Session, h.Speaker, h.Role, h.Stale
	r.Foreign = h.Flags&(FlagTool|FlagPlugin) != 0
	return r
}

// staleWorth is the share of its score that is left to what holds no longer,
// unless the past is asked about.
const staleWorth = 0.01

// weigh returns the factor for how well a candidate is remembered, how much it
// matters, and whether it still holds.
func (c *candidates) weigh(i int, now time.Time) float64 {
	if n := len(c.found.Episodes); i >= n {
		k := &c.found.Facts[i-n]
		return salience.Weigh(salience.Retrievability(k.Stability, now.Sub(latest(k.From, k.Recalled))), k.Importance)
	}
	h := &c.found.Episodes[i]
	w := salience.Weigh(salience.Retrievability(h.Stability, now.Sub(latest(h.At, h.Recalled))), h.Importance)
	if h.Stale && !c.question.Past() {
		w *= staleWorth
	}
	return w
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// candidates are what a store found, with what can be seen of each.
type candidates struct {
	question rank.Question
	found    *Found
	rows     [][]float64
	cosines  map[string]float64 // by id, of the nearest; nil without vectors
	far      float64            // the least of them: what the others have at most
	degraded bool
}

// cosine returns how near in meaning a candidate is, as far as vectors tell.
func (c *candidates) cosine(i int) float64 {
	if c.cosines == nil {
		return 0
	}
	var id string
	if n := len(c.found.Episodes); i < n {
		id = c.found.Episodes[i].ID
	} else {
		id = c.found.Facts[i-n].ID
	}
	if x, ok := c.cosines[id]; ok {
		return x
	}
	return c.far
}

func (m *Memory) candidates(ctx context.Context, o Owner, q Question) (*candidates, error) {
	c := &candidates{question: rank.Ask(q.Text, q.Lang, q.At)}
	terms, kin := c.question.Terms()
	stats, err := m.store.Stats(ctx, o, append(terms, kin...))
	if err != nil {
		return nil, err
	}
	corpus := &rank.Corpus{Passages: stats.Episodes, Length: stats.Length, Having: stats.Having, Speakers: stats.Speakers}
	search := Search{Limit: direct, KinMax: indirect, DayMax: thatDay, Window: window, Exclude: q.Exclude}
	if stats.Episodes > large {
		search.Limit, search.KinMax = direct/2, indirect/2
	}
	search.Terms, search.Kin = c.question.Useful(corpus)
	search.From, search.To = c.question.Days()
	c.cosines, c.degraded = m.near(ctx, o, q.Text)
	c.far = 1
	for id, x := range c.cosines {
		search.IDs = append(search.IDs, id)
		c.far = min(c.far, x)
	}
	slices.Sort(search.IDs)
	search.Sides, search.Past = q.Facts, c.question.Past()
	if c.found, err = m.store.Search(ctx, o, search); err != nil {
		return nil, err
	}
	c.degraded = c.degraded || c.found.Degraded
	passages := make([]rank.Passage, 0, len(c.found.Episodes)+len(c.found.Facts))
	for i := range c.found.Episodes {
		passages = append(passages, passage(&c.found.Episodes[i]))
	}
	for i := range c.found.Facts {
		passages = append(passages, factPassage(&c.found.Facts[i]))
	}
	c.rows = rank.Rows(&c.question, corpus, passages)
	return c, nil
}

func passage(h *Hit) rank.Passage {
	return rank.Passage{
		Turn:    rank.Turn{ID: h.ID, Speaker: h.Speaker, User: h.Role == RoleUser, Text: h.Text, Lang: h.Lang, Terms: h.Terms},
		Session: h.Session, At: h.At, Score: h.Score, Before: turns(h.Before), After: turns(h.After),
	}
}

func factPassage(k *Fact) rank.Passage {
	t := rank.Turn{ID: k.ID, User: true, Text: k.Text, Lang: k.Lang, Terms: k.Terms}
	if k.Subject != Self {
		t.Speaker = k.Subject
	}
	return rank.Passage{Turn: t, Session: k.ID, At: k.From}
}

func turns(list []Turn) []rank.Turn {
	out := make([]rank.Turn, len(list))
	for i, t := range list {
		out[i] = rank.Turn{ID: t.ID, Speaker: t.Speaker, User: t.Role == RoleUser, Text: t.Text, Lang: t.Lang, Terms: t.Terms}
	}
	return out
}

// Features returns the candidates of a question and what is seen of each, in
// the order of rank.Names, to choose weights with.
func (m *Memory) Features(ctx context.Context, o Owner, q Question) (ids []string, rows [][]float64, err error) {
	if q.At.IsZero() {
		q.At = m.now()
	}
	c, err := m.candidates(ctx, o, q)
	if err != nil {
		return nil, nil, err
	}
	for _, h := range c.found.Episodes {
		ids = append(ids, h.ID)
	}
	return ids, c.rows, nil
}
