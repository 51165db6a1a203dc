package session_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/session"
	"github.com/jarvis-host/jarvis/host/turn"
)

func TestWhatNobodyAskedForIsATurnOfItsOwn(t *testing.T) {
	bubble(t, nil, func(w *world) {
		t := w.t
		open := make(chan struct{})
		w.scripts["wait"] = waits(open, "so")
		w.say("hi")
		settle()
		id, err := w.SpeakUp(t.Context(), "alice", w.session, "The egg is ready.")
		if err != nil {
			t.Fatal(err)
		}
		w.say("wait")
		settle()
		// In the middle of another turn, which it leaves alone.
		if _, err := w.SpeakUp(t.Context(), "alice", w.session, "The toast too."); err != nil {
			t.Fatal(err)
		}
		close(open)
		settle()
		wantShape(t, w.device, "accepted:1 done:1 done:2 accepted:3 done:4 done:3")
		d := w.device.done()[1]
		want := protocol.Done{
			Head: protocol.Head{Type: "done", Session: w.session, Turn: id, Seq: 3},
			Text: "The egg is ready.", State: "answered", Source: "dialogue", Lang: "en",
		}
		if diff := cmp.Diff(want, d); diff != "" {
			t.Errorf("done (-want +got):\n%s", diff)
		}
		if last := w.device.done()[3]; last.Text != "so." || last.State != "answered" {
			t.Errorf("the turn that ran ended with %+v", last)
		}
		late := newDevice(t)
		if err := w.Resume(t.Context(), alice, protocol.Resume{Session: w.session, After: 2}, late); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(w.device.frames[2:], late.frames); diff != "" {
			t.Errorf("a device that resumes (-want +got):\n%s", diff)
		}
		m := w.messages()
		if m[2].Text != "The egg is ready." || m[2].Role != turn.FromAssistant || m[2].Turn != id || !m[2].Foreign || m[1].Foreign {
			t.Errorf("messages are %+v", m)
		}
		if open, err := w.store.OpenTurns(t.Context()); err != nil || len(open) > 0 {
			t.Errorf("open turns: %+v, %v", open, err)
		}
	})
}

func TestTheNextTurnKnowsWhatNobodyAskedFor(t *testing.T) {
	var past []turn.Message
	bubble(t, scripts{"what?": func(ctx context.Context, tn *turn.Turn, yield func(turn.Event, error) bool) {
		past = tn.History
		says("that")(ctx, tn, yield)
	}}, func(w *world) {
		w.say("hi")
		settle()
		if _, err := w.SpeakUp(w.t.Context(), "alice", w.session, "Ready."); err != nil {
			w.t.Fatal(err)
		}
		w.say("what?")
		settle()
		if len(past) != 3 || past[2].Text != "Ready." {
			w.t.Errorf("the turn's history is %+v", past)
		}
	})
}

func TestWhatNobodyAskedForIsRefused(t *testing.T) {
	bubble(t, nil, func(w *world) {
		t := w.t
		ctx := t.Context()
		w.say("hi")
		settle()
		for _, text := range []string{"", " \n", strings.Repeat("é", 4097)} {
			if _, err := w.SpeakUp(ctx, "alice", w.session, text); err == nil {
				t.Errorf("%.10q was said", text)
			}
		}
		if _, err := w.SpeakUp(ctx, "alice", w.session, strings.Repeat("é", 4096)); err != nil {
			t.Error(err)
		}
		if _, err := w.SpeakUp(ctx, "bob", w.session, "boo"); !errors.Is(err, session.ErrNotFound) {
			t.Errorf("in another's session: %v", err)
		}
		if _, err := w.SpeakUp(ctx, "alice", "s_gone", "hello?"); !errors.Is(err, session.ErrNotFound) {
			t.Errorf("in one that is gone: %v", err)
		}
		w.store.fail(errDisk)
		_, err := w.SpeakUp(ctx, "alice", w.session, "lost")
		wantCode(t, err, protocol.Unavailable)
		w.store.fail(nil)
		wantShape(t, w.device, "accepted:1 done:1 done:2")
		if err := w.Drain(ctx); err != nil {
			t.Fatal(err)
		}
		_, err = w.SpeakUp(ctx, "alice", w.session, "too late")
		wantCode(t, err, protocol.Busy)
	})
}
