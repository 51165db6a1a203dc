package memory

import (
	"context"

	"github.com/jarvis-host/jarvis/host/memory/analysis"
)

// Indexer is a [Store] whose index can be made anew from what it keeps.
type Indexer interface {
	// Reindex makes the index of an owner's episodes anew, with the terms that the
	// function finds in each text, in one transaction, and returns how many
	// episodes there are.
	Reindex(ctx context.Context, o Owner, terms func(text, lang string) []string) (episodes int, err error)
}

// Reindexed is what was indexed anew.
type Reindexed struct {
	Episodes int `json:"episodes"`
	Facts    int `json:"facts"`
	Vectors  int `json:"vectors"`
	// Points are the items in an index elsewhere, where there is one.
	Points int `json:"points"`
}

// Reindex makes the index anew: the terms of all that is kept, as they would be
// found today, and the vectors that are missing where a model embeds. It changes
// nothing of what is known.
func (m *Memory) Reindex(ctx context.Context, o Owner) (r Reindexed, err error) {
	if r, err = m.reindexWords(ctx, o); err != nil {
		return r, err
	}
	if r.Vectors, err = m.Embed(ctx, o); err != nil {
		return r, err
	}
	if i, ok := m.store.(Mirror); ok {
		r.Points, err = i.Rebuild(ctx, o)
	}
	return r, err
}

func (m *Memory) reindexWords(ctx context.Context, o Owner) (r Reindexed, err error) {
	defer m.alone(o)()
	if i, ok := m.store.(Indexer); ok {
		if r.Episodes, err = i.Reindex(ctx, o, analysis.Terms); err != nil {
			return r, err
		}
	}
	facts, err := m.store.Facts(ctx, o, FactFilter{Past: true, Faded: true})
	if err != nil || len(facts) == 0 {
		return r, err
	}
	for i := range facts {
		facts[i].Terms = factTerms(&facts[i])
	}
	r.Facts = len(facts)
	return r, m.store.Write(ctx, o, Batch{At: m.now(), Facts: facts})
}
