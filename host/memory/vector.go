package memory

import (
	"context"
	"fmt"
	"time"
)

// Embedder turns texts into vectors whose nearness is that of their meanings. A
// vector of another model, or of another length, compares with none.
type Embedder interface {
	// Embed returns one vector for each text, in order.
	Embed(ctx context.Context, texts []string) ([][]float32, error)
	// Model names the model with all that changes its vectors: version, length,
	// prefix.
	Model() string
}

// Vectors is a [Store] that can keep vectors beside its items. Those of deleted
// items go with them.
type Vectors interface {
	// PutVectors keeps vectors of a model by item id.
	PutVectors(ctx context.Context, o Owner, model string, vectors map[string][]float32) error
	// Nearest returns the items whose vectors of the model are nearest, the nearest
	// first.
	Nearest(ctx context.Context, o Owner, model string, query []float32, most int) ([]Near, error)
	// Pending returns items that have no vector of the model, the newest first.
	Pending(ctx context.Context, o Owner, model string, most int) ([]Text, error)
	// KeepVectors deletes the vectors of every other model.
	KeepVectors(ctx context.Context, o Owner, model string) error
}

// Near is an item with the cosine of its vector and the question's.
type Near struct {
	ID     string
	Cosine float64
}

// Text is the text of an item.
type Text struct{ ID, Text string }

const (
	// embedTime is how long a question's vector may take; words alone answer then.
	embedTime = 30 * time.Millisecond
	// nearest is how many items vectors bring.
	nearest = 60
	// embedBatch is how many texts are embedded at once.
	embedBatch = 64
	// cosineWeight is what a cosine adds to a score, chosen by hand: a difference
	// of 0.1 is as much as one of the stronger features.
	cosineWeight = 10
)

// near asks the vectors. It returns nothing when there are none, and says when
// there should be some.
func (m *Memory) near(ctx context.Context, o Owner, text string) (cosines map[string]float64, degraded bool) {
	v, ok := m.store.(Vectors)
	if m.embed == nil || !ok {
		return nil, false
	}
	ctx, cancel := context.WithTimeout(ctx, embedTime)
	defer cancel()
	vectors, err := m.embed.Embed(ctx, []string{text})
	if err != nil || len(vectors) != 1 {
		return nil, true
	}
	found, err := v.Nearest(ctx, o, m.embed.Model(), vectors[0], nearest)
	if err != nil {
		return nil, true
	}
	cosines = map[string]float64{}
	for _, n := range found {
		cosines[n.ID] = n.Cosine
	}
	return cosines, false
}

// Embed makes the vectors that are missing, such as after the model changed, in
// slices that each are kept at once, and returns how many it made. When none is
// missing any more, the vectors of other models go. It belongs in idle time.
func (m *Memory) Embed(ctx context.Context, o Owner) (made int, err error) {
	v, ok := m.store.(Vectors)
	if m.embed == nil || !ok {
		return 0, nil
	}
	model := m.embed.Model()
	for {
		todo, err := v.Pending(ctx, o, model, embedBatch)
		if err != nil {
			return made, err
		}
		if len(todo) == 0 {
			return made, v.KeepVectors(ctx, o, model)
		}
		texts := make([]string, len(todo))
		for i, t := range todo {
			texts[i] = t.Text
		}
		vectors, err := m.embed.Embed(ctx, texts)
		if err != nil {
			return made, fmt.Errorf("embed memories: %w", err)
		}
		if len(vectors) != len(todo) {
			return made, fmt.Errorf("embed memories: %d vectors for %d texts", len(vectors), len(todo))
		}
		batch := map[string][]float32{}
		for i, t := range todo {
			batch[t.ID] = vectors[i]
		}
		if err := v.PutVectors(ctx, o, model, batch); err != nil {
			return made, err
		}
		made += len(todo)
	}
}
