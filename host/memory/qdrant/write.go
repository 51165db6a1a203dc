package qdrant

import (
	"context"
	"maps"
	"slices"

	"github.com/jarvis-host/jarvis/host/memory"
)

// Write implements [memory.Store].
func (s *Store) Write(ctx context.Context, o memory.Owner, w memory.Batch) error {
	return s.changing(o, func() ([]string, error) {
		if err := s.Truth.Write(ctx, o, w); err != nil {
			return nil, err
		}
		ids := slices.Concat(w.Fade, w.Restore)
		for i := range w.Episodes {
			ids = append(ids, w.Episodes[i].ID)
		}
		for i := range w.Facts {
			ids = append(ids, w.Facts[i].ID)
		}
		return ids, nil
	})
}

// Delete implements [memory.Store].
func (s *Store) Delete(ctx context.Context, o memory.Owner, ids ...string) (gone []string, err error) {
	err = s.changing(o, func() ([]string, error) {
		// What stood next to a message has it in its own entry.
		beside, err := s.beside(ctx, o, ids)
		if err != nil {
			return nil, err
		}
		gone, err = s.Truth.Delete(ctx, o, ids...)
		return append(beside, gone...), err
	})
	return gone, err
}

// beside returns the ids of what stands next to episodes.
func (s *Store) beside(ctx context.Context, o memory.Owner, ids []string) (out []string, err error) {
	for some := range slices.Chunk(ids, readBatch) {
		found, err := s.Truth.Search(ctx, o, memory.Search{IDs: some, Window: 1, Faded: true})
		if err != nil {
			return nil, err
		}
		for _, h := range found.Episodes {
			for _, t := range slices.Concat(h.Before, h.After) {
				out = append(out, t.ID)
			}
		}
	}
	return out, nil
}

// Erase implements [memory.Store].
func (s *Store) Erase(ctx context.Context, o memory.Owner) error {
	return s.changing(o, func() ([]string, error) {
		k := s.owner(o)
		k.compare()
		k.indexed.Store(unknown)
		return nil, s.Truth.Erase(ctx, o)
	})
}

// PutVectors implements [memory.Vectors].
func (s *Store) PutVectors(ctx context.Context, o memory.Owner, model string, vectors map[string][]float32) error {
	return s.changing(o, func() ([]string, error) {
		return slices.Collect(maps.Keys(vectors)), s.Truth.PutVectors(ctx, o, model, vectors)
	})
}

// KeepVectors implements [memory.Vectors].
func (s *Store) KeepVectors(ctx context.Context, o memory.Owner, model string) error {
	return s.changing(o, func() ([]string, error) { return nil, s.Truth.KeepVectors(ctx, o, model) })
}

// Reindex implements [memory.Indexer].
func (s *Store) Reindex(ctx context.Context, o memory.Owner, terms func(text, lang string) []string) (n int, err error) {
	err = s.changing(o, func() ([]string, error) {
		s.owner(o).compare()
		n, err = s.Truth.Reindex(ctx, o, terms)
		return nil, err
	})
	return n, err
}
