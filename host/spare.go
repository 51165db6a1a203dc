package host

import (
	"context"
	"iter"
	"sync"
	"time"

	"github.com/jarvis-host/jarvis/host/turn"
)

// spare knows when nobody talks: what can wait is done then, and left when
// somebody talks again. Safe for concurrent use.
type spare struct {
	now func() time.Time

	mu      sync.Mutex
	turns   int
	last    time.Time          // when the latest turn ended
	recess  context.CancelFunc // of the work in progress
	watched turn.Answerer
}

// Answer implements [turn.Answerer] and watches.
func (s *spare) Answer(ctx context.Context, t *turn.Turn) iter.Seq2[turn.Event, error] {
	return func(yield func(turn.Event, error) bool) {
		s.begin()
		defer s.end()
		s.watched.Answer(ctx, t)(yield)
	}
}

func (s *spare) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turns++
	if s.recess != nil {
		s.recess()
	}
}

func (s *spare) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.turns--
	s.last = s.now()
}

// take returns a context that ends when somebody talks; ok is false where
// somebody has talked within quiet. One may work at a time; done ends it.
func (s *spare) take(ctx context.Context, quiet time.Duration) (work context.Context, done func(), ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.turns > 0 || s.recess != nil || s.now().Sub(s.last) < quiet {
		return nil, nil, false
	}
	work, cancel := context.WithCancel(ctx)
	s.recess = cancel
	return work, func() {
		cancel()
		s.mu.Lock()
		defer s.mu.Unlock()
		s.recess = nil
	}, true
}
