package session_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/session"
	"github.com/jarvis-host/jarvis/host/turn"
)

// asks asks q and answers with what came of it.
func asks(q turn.Question) script {
	return func(_ context.Context, _ *turn.Turn, yield func(turn.Event, error) bool) {
		if !yield(&q, nil) {
			return
		}
		yield(turn.Done{Text: fmt.Sprintf("%q %v", q.Reply.Value, q.Reply.Expired)}, nil)
	}
}

var (
	confirm = turn.Question{Kind: turn.AskConfirm, Text: "Open the door?"}
	choose  = turn.Question{Kind: turn.AskChoice, Text: "Which?", Options: []turn.Option{{Value: "fr", Label: "Paris, France"}, {Value: "us", Label: "Paris, Texas"}}}
	name    = turn.Question{Kind: turn.AskText, Text: "Your name?"}
)

var questions = scripts{"confirm": asks(confirm), "choose": asks(choose), "name": asks(name)}

func questionOf(t *testing.T, f session.Frame) (q protocol.Question) {
	t.Helper()
	if err := json.Unmarshal(f.Body, &q); err != nil || f.Type != protocol.TypeQuestion {
		t.Fatalf("frame is %s (%v), want a question", f.Body, err)
	}
	return q
}

func TestAReplyAnswersTheQuestion(t *testing.T) {
	for _, c := range []struct{ ask, value, want string }{
		{"confirm", `true`, `"true" false`},
		{"confirm", `"no"`, `"false" false`},
		{"choose", `"us"`, `"us" false`},
		{"choose", `"Paris, France"`, `"fr" false`},
		{"name", `"Zoé"`, `"Zoé" false`},
		{"name", `42`, `"42" false`},
		{"name", `"stop"`, `"" true`}, // nobody is called that
	} {
		bubble(t, questions, func(w *world) {
			t := w.t
			w.say(c.ask)
			settle()
			q := questionOf(t, w.device.last())
			if q.ExpiresIn != 120 || q.Question == "" {
				t.Errorf("question is %+v", q)
			}
			if err := w.Reply(t.Context(), alice, q.Question, json.RawMessage(c.value)); err != nil {
				t.Fatalf("reply %s to %s: %v", c.value, c.ask, err)
			}
			settle()
			wantShape(t, w.device, "accepted:1 question:1 done:1")
			if got := w.device.done()[0].Text; got != c.want {
				t.Errorf("reply %s to %s came as %s, want %s", c.value, c.ask, got, c.want)
			}
			wantCode(t, w.Reply(t.Context(), alice, q.Question, json.RawMessage(c.value)), protocol.NotFound)
		})
	}
}

func TestAReplyThatFitsNotLeavesTheQuestionOpen(t *testing.T) {
	for _, c := range []struct{ ask, value string }{
		{"confirm", `"maybe"`},
		{"confirm", `3`},
		{"choose", `"de"`},
		{"choose", `true`},
		{"name", `""`},
		{"confirm", `{}`},
		{"confirm", `null`},
	} {
		bubble(t, questions, func(w *world) {
			t := w.t
			w.say(c.ask)
			settle()
			q := questionOf(t, w.device.last())
			wantCode(t, w.Reply(t.Context(), alice, q.Question, json.RawMessage(c.value)), protocol.Invalid)
			bob := session.Identity{User: "bob"}
			wantCode(t, w.Reply(t.Context(), bob, q.Question, json.RawMessage(`true`)), protocol.NotFound)
			settle()
			wantShape(t, w.device, "accepted:1 question:1")
		})
	}
}

func TestTheNextUtteranceAnswersAnOpenQuestion(t *testing.T) {
	bubble(t, questions, func(w *world) {
		t := w.t
		w.say("choose")
		settle()
		w.say("Paris, Texas")
		settle()
		wantShape(t, w.device, "accepted:1 question:1 accepted:1 done:1")
		if got := w.device.done()[0].Text; got != `"us" false` {
			t.Errorf("the turn got %s", got)
		}
		if m := w.messages(); len(m) != 3 || m[1].Text != "Paris, Texas" || m[1].Turn != m[0].Turn {
			t.Errorf("messages are %+v", m)
		}
	})
}

func TestAnUtteranceThatAnswersNothingIsATurnOfItsOwn(t *testing.T) {
	bubble(t, questions, func(w *world) {
		t := w.t
		w.say("confirm")
		settle()
		w.say("what time is it")
		settle()
		wantShape(t, w.device, "accepted:1 question:1 accepted:2 done:1 done:2")
		if d := w.device.done(); d[0].Text != `"" true` || d[1].Text != "echo what time is it" {
			t.Errorf("ends are %+v", d)
		}
	})
}

func TestAQuestionExpires(t *testing.T) {
	bubble(t, questions, func(w *world) {
		t := w.t
		w.say("confirm")
		settle()
		q := questionOf(t, w.device.last())
		pass(2*time.Minute - time.Millisecond)
		wantShape(t, w.device, "accepted:1 question:1")
		pass(time.Millisecond)
		wantShape(t, w.device, "accepted:1 question:1 done:1")
		if got := w.device.done()[0].Text; got != `"" true` {
			t.Errorf("the turn got %s", got)
		}
		wantCode(t, w.Reply(t.Context(), alice, q.Question, json.RawMessage(`true`)), protocol.NotFound)
	})
}

func TestStoppingATurnThatAsks(t *testing.T) {
	for _, how := range []string{"stop", "stop word"} {
		bubble(t, questions, func(w *world) {
			t := w.t
			w.say("name")
			settle()
			if how == "stop" {
				w.stop()
				wantShape(t, w.device, "accepted:1 question:1 done:1")
				return
			}
			w.say("stop")
			settle()
			wantShape(t, w.device, "accepted:1 question:1 accepted:2 done:1 done:2")
		})
	}
}
