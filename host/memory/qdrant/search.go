package qdrant

import (
	"cmp"
	"context"
	"slices"

	client "github.com/qdrant/go-client/qdrant"

	"github.com/jarvis-host/jarvis/host/memory"
)

// besideWeight is what the words next to an item count, as in the truth's own
// index.
const besideWeight = .5

// Candidates that are asked for where a search does not say, and of facts.
const (
	defaultCandidates = 200
	maxFacts          = 200
)

// Search implements [memory.Store].
func (s *Store) Search(ctx context.Context, o memory.Owner, q memory.Search) (*memory.Found, error) {
	if o.User() == "" || len(q.Terms)+len(q.Kin) == 0 {
		return s.Truth.Search(ctx, o, q) // no words to look for
	}
	helps, degraded, err := s.helps(ctx, o)
	if err != nil {
		return nil, err
	}
	if helps {
		c, err := s.scope(o).candidates(ctx, q)
		if err == nil {
			return s.read(ctx, o, q, c)
		}
		if ctx.Err() != nil {
			return nil, ctx.Err() // whoever asked does not wait any more
		}
		s.failed(err)
		degraded = true
	}
	found, err := s.Truth.Search(ctx, o, q)
	if err == nil {
		found.Degraded = degraded
	}
	return found, err
}

// helps says whether the server can be asked about an owner now, and if not,
// whether it should.
func (s *Store) helps(ctx context.Context, o memory.Owner) (yes, degraded bool, err error) {
	if !s.up.Load() {
		return false, true, nil
	}
	if yes, err = s.current(ctx, o); err == nil && !yes {
		s.nudge() // another process may have written
	}
	return yes, false, err
}

// candidates are the ids of what may answer.
type candidates struct {
	scores map[string]float64 // of what matches the words of the search
	ids    []string           // of all, the likelier first
}

// candidates asks the server, all questions at once.
func (c scope) candidates(ctx context.Context, q memory.Search) (*candidates, error) {
	ctx, cancel := context.WithTimeout(ctx, c.o.SearchWithin)
	defer cancel()
	var lists list
	episodes := client.NewMatchKeyword(fieldKind, kindEpisode)
	limit := cmp.Or(q.Limit, defaultCandidates)
	lists.ask(c, q, q.Terms, vectorWords, limit, episodes)
	lists.ask(c, q, q.Terms, vectorContext, limit, episodes)
	lists.ask(c, q, q.Kin, vectorWords, q.KinMax, episodes)
	lists.ask(c, q, q.Kin, vectorContext, q.KinMax, episodes)
	if q.Sides {
		lists.askFacts(c, q)
	}
	got, err := c.client.QueryBatch(ctx, &client.QueryBatchPoints{CollectionName: c.o.Server.Collection, QueryPoints: lists.queries})
	if err != nil {
		return nil, err
	}
	return lists.merge(c, got, limit, q.KinMax), nil
}

// list collects what is asked.
type list struct {
	queries []*client.QueryPoints
	names   []string // of each: vectorWords and vectorContext of words, then of kin, else empty
	kin     []bool
}

func (l *list) ask(c scope, q memory.Search, terms []string, vector string, limit int, more ...*client.Condition) {
	if len(terms) == 0 || limit <= 0 {
		return
	}
	if !q.Faded {
		more = append(more, client.NewMatchBool(fieldFaded, false))
	}
	n := uint64(limit) //nolint:gosec // above 0
	l.queries = append(l.queries, &client.QueryPoints{
		CollectionName: c.o.Server.Collection, Query: client.NewQuerySparse(asked(terms)), Using: &vector, Limit: &n,
		Filter: c.filter(more...), WithPayload: client.NewWithPayloadInclude(fieldItem, fieldUser, fieldHome),
	})
	l.names, l.kin = append(l.names, vector), append(l.kin, len(q.Kin) > 0 && &terms[0] == &q.Kin[0])
}

// askFacts asks for facts that hold one of the words.
func (l *list) askFacts(c scope, q memory.Search) {
	var more []*client.Condition
	if !q.Past {
		more = append(more, client.NewMatchBool(fieldSuperseded, false))
	}
	before := len(l.names)
	l.ask(c, q, slices.Concat(q.Terms, q.Kin), vectorWords, maxFacts, more...)
	for i := before; i < len(l.names); i++ {
		l.names[i] = ""
		f := l.queries[i].GetFilter()
		f.MustNot = append(f.MustNot, client.NewMatchKeyword(fieldKind, kindEpisode))
	}
}

// merge puts the answers together: what matches words by its score, then what
// matches kin, then facts.
func (l *list) merge(c scope, got []*client.BatchResult, limit, kinMax int) *candidates {
	direct, kin := map[string]float64{}, map[string]float64{}
	var facts []string
	strangers := 0
	for i, answer := range got[:min(len(got), len(l.names))] {
		for _, p := range answer.GetResult() {
			id, ok := c.itemOf(p.GetPayload())
			// The server still counts words of what was deleted, until it tidies up, so
			// that a word can seem to be in more points than there are.
			switch score := max(float64(p.GetScore()), 0); {
			case !ok:
				strangers++
			case l.names[i] == "":
				facts = append(facts, id)
			case l.kin[i]:
				kin[id] += score * weightOf(l.names[i])
			default:
				direct[id] += score * weightOf(l.names[i])
			}
		}
	}
	c.strangers(strangers)
	out := &candidates{scores: map[string]float64{}}
	for _, id := range best(direct, limit) {
		out.scores[id] = direct[id]
		out.ids = append(out.ids, id)
	}
	for _, id := range slices.Concat(best(kin, kinMax), facts) {
		if _, ok := out.scores[id]; !ok {
			out.ids = append(out.ids, id)
		}
	}
	return out
}

func weightOf(vector string) float64 {
	if vector == vectorContext {
		return besideWeight
	}
	return 1
}

// best returns the ids with the greatest scores.
func best(scores map[string]float64, most int) []string {
	ids := make([]string, 0, len(scores))
	for id := range scores {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b string) int { return cmp.Or(cmp.Compare(scores[b], scores[a]), cmp.Compare(a, b)) })
	return ids[:min(len(ids), max(most, 0))]
}

// strangers tells of points that the server should not have found: a filter that
// is ignored gives them away, and here they are dropped.
func (s *Store) strangers(n int) {
	if n > 0 {
		err := ErrStrangers
		s.o.Counted("index", err)
		s.o.Log("memory index found what is another's; it was dropped", err)
	}
}

// read loads the candidates from the truth.
func (s *Store) read(ctx context.Context, o memory.Owner, q memory.Search, c *candidates) (*memory.Found, error) {
	place := map[string]int{}
	for i, id := range c.ids {
		place[id] = i
	}
	q.Terms, q.Kin = nil, nil
	q.IDs = append(slices.Clone(q.IDs), c.ids...)
	found, err := s.Truth.Search(ctx, o, q)
	if err != nil {
		return nil, err
	}
	rank := func(h memory.Hit) int {
		if at, ok := place[h.ID]; ok {
			return at
		}
		return len(c.ids)
	}
	slices.SortStableFunc(found.Episodes, func(a, b memory.Hit) int { return cmp.Compare(rank(a), rank(b)) })
	for i := range found.Episodes {
		found.Episodes[i].Score = c.scores[found.Episodes[i].ID]
	}
	return found, nil
}

// Nearest implements [memory.Vectors].
func (s *Store) Nearest(ctx context.Context, o memory.Owner, model string, query []float32, most int) ([]memory.Near, error) {
	if o.User() == "" || model != s.o.Model || most <= 0 {
		return s.Truth.Nearest(ctx, o, model, query, most)
	}
	helps, _, err := s.helps(ctx, o)
	if err != nil {
		return nil, err
	}
	if helps && int(s.takes.Load()) == len(query) {
		near, err := s.scope(o).nearest(ctx, model, query, most)
		if err == nil {
			return near, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		s.failed(err)
	}
	return s.Truth.Nearest(ctx, o, model, query, most)
}

func (c scope) nearest(ctx context.Context, model string, query []float32, most int) ([]memory.Near, error) {
	ctx, cancel := context.WithTimeout(ctx, c.o.SearchWithin)
	defer cancel()
	n, vector := uint64(most), vectorMeaning //nolint:gosec // above 0
	got, err := c.client.Query(ctx, &client.QueryPoints{
		CollectionName: c.o.Server.Collection, Query: client.NewQueryDense(query), Using: &vector, Limit: &n,
		Filter:      c.filter(client.NewMatchKeyword(fieldModel, model), client.NewMatchBool(fieldFaded, false)),
		WithPayload: client.NewWithPayloadInclude(fieldItem, fieldUser, fieldHome),
	})
	if err != nil {
		return nil, err
	}
	out := make([]memory.Near, 0, len(got))
	strangers := 0
	for _, p := range got {
		if id, ok := c.itemOf(p.GetPayload()); ok {
			out = append(out, memory.Near{ID: id, Cosine: float64(p.GetScore())})
		} else {
			strangers++
		}
	}
	c.strangers(strangers)
	return out, nil
}
