package session_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/session"
	"github.com/jarvis-host/jarvis/host/turn"
)

// quotes says a plugin's text and waits, until it is stopped or open is closed.
func quotes(open <-chan struct{}, text string) script {
	return func(ctx context.Context, _ *turn.Turn, yield func(turn.Event, error) bool) {
		if !yield(turn.Delta{Text: text, Foreign: true}, nil) {
			return
		}
		select {
		case <-open:
			yield(turn.Done{Text: text, Source: turn.SourceIntent}, nil)
		case <-ctx.Done():
		}
	}
}

// X04: an answer in which a plugin speaks is kept as one, however it ends, and the
// next turn is told so.
func TestAPluginsWordsAreKeptAsSuch(t *testing.T) {
	var seen []turn.Message
	o := options(scripts{"look": func(_ context.Context, t *turn.Turn, yield func(turn.Event, error) bool) {
		seen = t.History
		yield(turn.Done{Text: "seen"}, nil)
	}})
	store := session.NewMemory()
	o.Store = store
	var id string
	look := func(w *world, want ...bool) {
		t.Helper()
		w.said += 100 // an id that no host heard before
		w.say("look")
		settle()
		var foreign []bool
		for _, m := range seen {
			if m.Role == turn.FromAssistant {
				foreign = append(foreign, m.Foreign)
			} else if m.Foreign {
				t.Errorf("the end user's own %q counts as a plugin's", m.Text)
			}
		}
		if len(foreign) != len(want) {
			t.Fatalf("the next turn sees %+v", seen)
		}
		for i := range want {
			if foreign[i] != want[i] {
				t.Errorf("answer %d is a plugin's: %v, want %v, in %+v", i, foreign[i], want[i], seen)
			}
		}
	}
	bubbleWith(t, o, func(w *world) {
		open := make(chan struct{})
		close(open)
		w.scripts["tell"] = quotes(open, "it is sunny")
		w.scripts["for ever"] = quotes(nil, "it rains")
		w.say("hello")
		w.say("tell")
		settle()
		look(w, false, true)
		w.say("for ever")
		settle()
		w.stop()
		settle()
		look(w, false, true, false, true)
		w.say("for ever")
		pass(1500 * time.Millisecond) // the text is kept meanwhile
		id = w.session
		w.store.fail(errDisk) // nothing of what follows reaches the disk: it is dead
	})
	bubbleWith(t, o, func(w *world) {
		w.session = id
		if err := w.Recover(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
		look(w, false, true, false, true, false, true)
	})
}

// A turn that goes on after a question, in another host, has said what it said.
func TestAPluginsWordsBeforeAQuestionAreKeptAsSuch(t *testing.T) {
	o := options(scripts{"open": func(_ context.Context, t *turn.Turn, yield func(turn.Event, error) bool) {
		if t.Resumed == nil {
			q := confirm
			q.Resume = []byte("state")
			_ = yield(turn.Delta{Text: "Let me see.", Foreign: true}, nil) && yield(&q, nil)
			return
		}
		yield(turn.Done{}, nil)
	}})
	o.Store = session.NewMemory()
	var id string
	var q protocol.Question
	bubbleWith(t, o, func(w *world) {
		w.say("open")
		pass(1500 * time.Millisecond)
		q, id = questionOf(t, w.device.last()), w.session
		killed(w)
	})
	bubbleWith(t, o, func(w *world) {
		w.session = id
		if err := w.Recover(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
		if err := w.Reply(w.t.Context(), alice, q.Question, json.RawMessage(`true`)); err != nil {
			w.t.Fatal(err)
		}
		settle()
		if m := w.messages(); len(m) != 2 || !m[1].Foreign {
			w.t.Errorf("messages are %+v", m)
		}
	})
}
