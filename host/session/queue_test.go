package session_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/turn"
)

func TestUtterancesBackToBackAreAnsweredInOrder(t *testing.T) { // E10
	slow := func(text string) script {
		return func(ctx context.Context, tn *turn.Turn, yield func(turn.Event, error) bool) {
			time.Sleep(time.Second)
			says("re "+text)(ctx, tn, yield)
		}
	}
	s := scripts{}
	for i := range 8 {
		s[fmt.Sprint(i)] = slow(fmt.Sprint(i))
	}
	bubble(t, s, func(w *world) {
		t := w.t
		for i := range 8 {
			w.say(fmt.Sprint(i))
		}
		pass(10 * time.Second)
		for i, d := range w.device.done() {
			if want := fmt.Sprintf("re %d", i); d.Text != want {
				t.Errorf("answer %d is %q", i, d.Text)
			}
		}
		if n := len(w.device.done()); n != 8 {
			t.Errorf("%d answers, want 8", n)
		}
	})
}

func TestAFullQueueIsBusy(t *testing.T) {
	o := options(nil)
	o.MaxQueue = 2
	depth := 0
	o.QueueDepth = func(n int) { depth = n }
	bubbleWith(t, o, func(w *world) {
		t := w.t
		w.scripts["wait"] = waits(make(chan struct{}), "...")
		w.say("wait")
		w.say("second")
		w.say("third")
		_, err := w.trySay(protocol.Say{Text: "fourth"})
		wantCode(t, err, protocol.Busy)
		if depth != 2 {
			t.Errorf("queue depth is %d, want 2", depth)
		}
		w.stop()
		w.say("fifth")
		settle()
		wantShape(t, w.device, "accepted:1 accepted:2 accepted:3 done:1 done:2 done:3 accepted:4 done:4")
		if depth != 0 {
			t.Errorf("queue depth is %d in the end", depth)
		}
	})
}

func TestATurnGetsEarlierTurnsWithTheirAnswers(t *testing.T) {
	var history []string
	s := scripts{
		"three": func(ctx context.Context, tn *turn.Turn, yield func(turn.Event, error) bool) {
			for _, m := range tn.History {
				history = append(history, m.Text)
			}
			says("ok")(ctx, tn, yield)
		},
	}
	bubble(t, s, func(w *world) {
		t := w.t
		open := make(chan struct{})
		s["one"] = waits(open, "answer one")
		w.say("one")
		w.say("two")
		w.say("three")
		w.say("four")
		settle()
		close(open)
		settle()
		want := []string{"one", "answer one.", "two", "echo two"}
		if d := cmp.Diff(want, history); d != "" {
			t.Errorf("history of turn three (-want +got):\n%s", d)
		}
	})
}

func TestASteeredUtteranceJoinsTheRunningTurn(t *testing.T) { // E10
	bubble(t, nil, func(w *world) {
		t := w.t
		steered := make(chan struct{})
		w.scripts["long"] = func(_ context.Context, tn *turn.Turn, yield func(turn.Event, error) bool) {
			<-steered
			yield(turn.Done{Text: strings.Join(tn.Steer(), "+") + strings.Join(tn.Steer(), "+")}, nil)
		}
		first := w.say("long")
		for _, text := range []string{"in French", "and short"} {
			f, err := w.trySay(protocol.Say{Text: text, Mode: protocol.ModeSteer})
			if err != nil || f.Turn != first.Turn {
				t.Errorf("steering: turn %s, %v; want that of %s", f.Turn, err, first.Turn)
			}
		}
		close(steered)
		settle()
		wantShape(t, w.device, "accepted:1 accepted:1 accepted:1 done:1")
		if d := w.device.done()[0]; d.Text != "in French+and short" {
			t.Errorf("the turn heard %q", d.Text)
		}
		if _, err := w.trySay(protocol.Say{Text: "alone", Mode: protocol.ModeSteer}); err != nil {
			t.Fatal(err)
		}
		settle()
		wantShape(t, w.device, "accepted:1 accepted:1 accepted:1 done:1 accepted:2 done:2")
	})
}

func TestWhatIsSteeredTooLateToBeHeardGetsATurnOfItsOwn(t *testing.T) {
	bubble(t, nil, func(w *world) {
		t := w.t
		open := make(chan struct{})
		w.scripts["deaf"] = waits(open, "deaf")
		w.say("deaf")
		if _, err := w.trySay(protocol.Say{Text: "late", Mode: protocol.ModeSteer}); err != nil {
			t.Fatal(err)
		}
		w.say("later still")
		close(open)
		settle()
		wantShape(t, w.device, "accepted:1 accepted:1 accepted:2 done:1 accepted:3 done:3 done:2")
		if d := w.device.done(); d[1].Text != "echo late" {
			t.Errorf("the late utterance got %q", d[1].Text)
		}
		if n := len(w.messages()); n != 6 {
			t.Errorf("%d messages, want 6: the utterance must not be there twice", n)
		}
	})
}
