package host

import (
	"context"
	"iter"
	"testing"
	"time"

	"github.com/jarvis-host/jarvis/host/turn"
)

// talking is an answer that lasts until it is released.
type talking struct{ began, release chan struct{} }

func (a talking) Answer(context.Context, *turn.Turn) iter.Seq2[turn.Event, error] {
	return func(yield func(turn.Event, error) bool) {
		close(a.began)
		<-a.release
		yield(turn.Done{}, nil)
	}
}

func TestSpareTimeEndsWhenSomebodyTalks(t *testing.T) {
	now := time.Unix(1000, 0)
	a := talking{make(chan struct{}), make(chan struct{})}
	s := &spare{now: func() time.Time { return now }, watched: a}
	work, done, ok := s.take(t.Context(), time.Minute)
	if !ok {
		t.Fatal("nobody ever talked")
	}
	if _, _, ok := s.take(t.Context(), time.Minute); ok {
		t.Error("two work at once")
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for range s.Answer(context.Background(), &turn.Turn{}) {
		}
	}()
	<-a.began
	if work.Err() == nil {
		t.Error("the work goes on while somebody talks")
	}
	done()
	if _, _, ok := s.take(t.Context(), time.Minute); ok {
		t.Error("work begins while somebody talks")
	}
	close(a.release)
	<-ended
	if _, _, ok := s.take(t.Context(), time.Minute); ok {
		t.Error("work begins right after somebody talked")
	}
	now = now.Add(time.Minute)
	if _, done, ok = s.take(t.Context(), time.Minute); !ok {
		t.Error("no work after a quiet minute")
	}
	done()
}
