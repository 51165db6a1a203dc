package session_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/session"
	"github.com/jarvis-host/jarvis/host/turn"
)

// door asks before it opens, and goes on from the question in another run.
func door(opened *int) script {
	return func(_ context.Context, t *turn.Turn, yield func(turn.Event, error) bool) {
		var reply turn.Reply
		if t.Resumed == nil {
			q := confirm
			q.Resume = []byte("about to open")
			if !yield(turn.Delta{Text: "Let me see."}, nil) || !yield(&q, nil) {
				return
			}
			reply = q.Reply
		} else {
			reply = t.Resumed.Reply
			if string(t.Resumed.State) != "about to open" || t.Text != "open" || t.User != "alice" {
				yield(nil, fmt.Errorf("went on with %q, %+v", t.Resumed.State, t))
				return
			}
		}
		text := "It stays shut."
		if reply.Value == "true" {
			*opened++
			text = "It is open."
		}
		if yield(turn.Delta{Text: text}, nil) {
			yield(turn.Done{Text: text}, nil)
		}
	}
}

// restarted runs one host until a question waits, stops it as stop says, and
// hands the next host to then.
func restarted(t *testing.T, stop func(w *world), then func(w *world, q protocol.Question, opened *int)) {
	t.Helper()
	opened := 0
	o := options(scripts{"open": door(&opened)})
	o.Store = session.NewMemory()
	var id string
	var q protocol.Question
	bubbleWith(t, o, func(w *world) {
		w.say("open")
		pass(1500 * time.Millisecond) // the text is kept meanwhile
		q, id = questionOf(t, w.device.last()), w.session
		stop(w)
	})
	bubbleWith(t, o, func(w *world) {
		w.session = id
		if err := w.Recover(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
		w.resume(w.device, "")
		then(w, q, &opened)
	})
	if opened > 1 {
		t.Errorf("the door opened %d times", opened)
	}
}

func killed(w *world) { w.store.fail(errDisk) } // nothing of what follows reaches the disk

func drained(w *world) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	began := time.Now()
	if err := w.Drain(ctx); err != nil {
		w.t.Fatal(err)
	}
	if took := time.Since(began); took > time.Second {
		w.t.Errorf("the host waited %v for a reply before it stopped", took)
	}
}

// sayMore says something with an id that the first host did not hear.
func sayMore(w *world, text string) {
	w.t.Helper()
	if _, err := w.trySay(protocol.Say{ID: "more", Text: text}); err != nil {
		w.t.Fatal(err)
	}
}

func TestAQuestionOutlivesTheHost(t *testing.T) {
	for name, stop := range map[string]func(*world){"killed": killed, "drained": drained} {
		t.Run(name, func(t *testing.T) {
			restarted(t, stop, func(w *world, q protocol.Question, opened *int) {
				wantShape(w.t, w.device, "accepted:1 question:1")
				if err := w.Reply(w.t.Context(), session.Identity{User: "mallory"}, q.Question, json.RawMessage(`true`)); err == nil {
					w.t.Error("another end user's reply counts")
				}
				if err := w.Reply(w.t.Context(), alice, q.Question, json.RawMessage(`true`)); err != nil {
					w.t.Fatal(err)
				}
				settle()
				wantShape(w.t, w.device, "accepted:1 question:1 done:1")
				if d := w.device.done()[0]; d.Text != "Let me see.\n\nIt is open." || d.State != "answered" || *opened != 1 {
					w.t.Errorf("ended as %+v, opened %d times", d, *opened)
				}
				wantCode(w.t, w.Reply(w.t.Context(), alice, q.Question, json.RawMessage(`true`)), protocol.NotFound)
				if raw, _ := w.store.Var(w.t.Context(), w.session, "session.question"); raw != nil {
					w.t.Errorf("still waits on disk: %s", raw)
				}
			})
		})
	}
}

func TestAQuestionThatOutlivedTheHostEnds(t *testing.T) {
	for name, tc := range map[string]struct {
		do    func(w *world)
		shape string
		text  string // how what it said begins: one that is stopped may have come further
		state string
	}{
		"when it is answered in words": {
			func(w *world) { sayMore(w, "no") },
			"accepted:1 question:1 accepted:1 done:1", "Let me see.\n\nIt stays shut.", "answered",
		},
		"when the end user says something else": {
			func(w *world) { sayMore(w, "what else") },
			"accepted:1 question:1 accepted:2 done:1 done:2", "Let me see.\n\nIt stays shut.", "answered",
		},
		"when nobody answers": {
			func(*world) { pass(3 * time.Minute) },
			"accepted:1 question:1 done:1", "Let me see.\n\nIt stays shut.", "answered",
		},
		"when it is stopped": {
			func(w *world) { w.stop() }, "accepted:1 question:1 done:1", "Let me see.\n\n", "stopped",
		},
		"with its session": {
			func(w *world) {
				if err := w.Delete(w.t.Context(), alice, w.session); err != nil {
					w.t.Error(err)
				}
			}, "accepted:1 question:1", "", "",
		},
	} {
		t.Run(name, func(t *testing.T) {
			restarted(t, killed, func(w *world, q protocol.Question, opened *int) {
				tc.do(w)
				settle()
				wantShape(w.t, w.device, tc.shape)
				if d := w.device.done(); tc.state != "" && (len(d) == 0 || !strings.HasPrefix(d[0].Text, tc.text) || d[0].State != tc.state) {
					w.t.Errorf("frames %s, ended as %+v", w.device.shape(), d)
				}
				if *opened != 0 {
					w.t.Error("the door opened")
				}
				wantCode(w.t, w.Reply(w.t.Context(), alice, q.Question, json.RawMessage(`true`)), protocol.NotFound)
			})
		})
	}
}

func TestAQuestionWhoseTimeIsOverDoesNotWaitForTheNextHost(t *testing.T) {
	opened := 0
	o := options(scripts{"open": door(&opened)})
	o.Store = session.NewMemory()
	var id string
	bubbleWith(t, o, func(w *world) {
		w.say("open")
		pass(time.Second)
		id = w.session
		w.store.fail(errDisk)
	})
	o.Now = func() time.Time { return time.Now().Add(time.Hour) }
	bubbleWith(t, o, func(w *world) {
		w.session = id
		if err := w.Recover(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
		w.resume(w.device, "")
		wantShape(w.t, w.device, "accepted:1 question:1 done:1")
		if d := w.device.done()[0]; d.State != "interrupted" {
			w.t.Errorf("ended as %+v", d)
		}
	})
}
