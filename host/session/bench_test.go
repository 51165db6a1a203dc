package session_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/session"
	"github.com/jarvis-host/jarvis/host/turn"
)

// counter is a device that only tells when turns are done.
type counter struct{ done chan struct{} }

func (c *counter) Durable(_ string, f session.Frame) {
	if f.Type == protocol.TypeDone {
		c.done <- struct{}{}
	}
}

func (*counter) Delta(string, string, int, string) {}

// BenchmarkTurn is what the session adds to a turn: one utterance, its answer
// of so many pieces, all frames, in a store that costs nothing.
func BenchmarkTurn(b *testing.B) {
	for _, pieces := range []int{1, 1000} {
		b.Run(fmt.Sprintf("deltas=%d", pieces), func(b *testing.B) {
			answer := func(_ context.Context, _ *turn.Turn, yield func(turn.Event, error) bool) {
				for range pieces {
					if !yield(turn.Delta{Text: "token "}, nil) {
						return
					}
				}
				yield(turn.Done{}, nil)
			}
			m := session.New(optionsOver(session.NewMemory(), scripts{"go": answer}))
			d := &counter{done: make(chan struct{}, 1)}
			id := ""
			b.ReportAllocs()
			for i := range b.N {
				var err error
				id, _, err = m.Say(b.Context(), alice, protocol.Say{ID: fmt.Sprint(i), Text: "go", Session: id}, d)
				if err != nil {
					b.Fatal(err)
				}
				<-d.done
			}
			b.StopTimer()
			if err := m.Drain(b.Context()); err != nil {
				b.Fatal(err)
			}
		})
	}
}
