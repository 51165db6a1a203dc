package session

import (
	"context"
	"sync"
	"sync/atomic"
)

// shelf is a session's variables as its turns use them. It remembers which are not
// there, so that a turn need not look for what most sessions never have. Turns
// alone write these variables: an abandoned one may, while the next one reads.
type shelf struct {
	store   Store
	session string

	mu    sync.Mutex // held while the store is asked, so that what it said stays true
	empty map[string]bool
}

// mostEmpty is how many names are remembered.
const mostEmpty = 32

func newShelf(store Store, session string) *shelf {
	return &shelf{store: store, session: session, empty: map[string]bool{}}
}

func (s *shelf) get(ctx context.Context, name string) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.empty[name] {
		return nil, nil
	}
	value, err := s.store.Var(ctx, s.session, name)
	if err == nil && value == nil && len(s.empty) < mostEmpty {
		s.empty[name] = true
	}
	return value, err
}

func (s *shelf) set(ctx context.Context, name string, value []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.empty, name)
	return s.store.SetVar(ctx, s.session, name, value)
}

// vars implements turn.Vars, for as long as the run counts.
type vars struct {
	shelf *shelf
	over  *atomic.Bool
}

func (v *vars) Get(ctx context.Context, name string) ([]byte, error) { return v.shelf.get(ctx, name) }

func (v *vars) Set(ctx context.Context, name string, value []byte) error {
	if v.over.Load() {
		return errStopped
	}
	return v.shelf.set(ctx, name, value)
}
