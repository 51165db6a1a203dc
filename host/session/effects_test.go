package session_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/session"
	"github.com/jarvis-host/jarvis/host/turn"
)

func TestATurnLearnsWhatAnEarlierOneChanged(t *testing.T) { // E12
	var turns []string
	var got, later []string
	step := func(call string, states ...turn.ToolState) []turn.Event {
		var all []turn.Event
		for _, s := range states {
			all = append(all, turn.ToolStep{Call: call, Plugin: "p", Tool: "t", State: s, Summary: call})
		}
		return all
	}
	acts := slices.Concat(
		step("looked", turn.ToolRunning, turn.ToolRead), step("opened", turn.ToolRunning, turn.ToolExecuted),
		step("locked", turn.ToolRunning, turn.ToolVerified), step("failed", turn.ToolRunning, turn.ToolFailed),
		step("cut", turn.ToolRunning),
	)
	bubble(t, scripts{
		"act": func(_ context.Context, tn *turn.Turn, yield func(turn.Event, error) bool) {
			turns = append(turns, tn.ID)
			for _, e := range acts {
				if !yield(e, nil) {
					return
				}
			}
			yield(turn.Done{State: turn.Failed}, nil)
		},
		"ask": func(ctx context.Context, tn *turn.Turn, yield func(turn.Event, error) bool) {
			effects, err := tn.Effects(ctx, turns[0])
			if err != nil {
				yield(nil, err)
				return
			}
			got = effects
			if !yield(turn.ToolStep{Call: "opened", Plugin: "p", Tool: "t", State: turn.ToolUndone}, nil) {
				return
			}
			if later, err = tn.Effects(ctx, turns[0]); err != nil {
				yield(nil, err)
				return
			}
			yield(turn.Done{}, nil)
		},
	}, func(w *world) {
		w.say("act")
		w.say("ask")
		settle()
		if want := []string{"opened", "locked", "cut"}; !slices.Equal(got, want) {
			w.t.Errorf("earlier turn changed %q, want %q", got, want)
		}
		if want := []string{"locked", "cut"}; !slices.Equal(later, want) {
			w.t.Errorf("with one taken back, earlier turn changed %q, want %q", later, want)
		}
	})
}

// E27: what calls did, in all of an end user's sessions, with the times at which
// it was done and taken back, and without what temporary sessions did elsewhere.
func TestWhatWasDoneIsListedWithItsTimes(t *testing.T) {
	does := func(steps ...turn.ToolStep) script {
		return func(_ context.Context, _ *turn.Turn, yield func(turn.Event, error) bool) {
			for _, s := range steps {
				if !yield(s, nil) {
					return
				}
			}
			yield(turn.Done{State: turn.Answered}, nil)
		}
	}
	step := func(call string, s turn.ToolState, summary string) turn.ToolStep {
		return turn.ToolStep{Call: call, Plugin: "p", Tool: call, State: s, Summary: summary}
	}
	bubble(t, scripts{
		"open":   does(step("open", turn.ToolRunning, "opens"), step("open", turn.ToolVerified, "it is open")),
		"lock":   does(step("lock", turn.ToolRunning, ""), step("lock", turn.ToolExecuted, "")),
		"undo":   does(step("lock", turn.ToolUndone, "")),
		"hidden": does(step("hidden", turn.ToolExecuted, "")),
	}, func(w *world) {
		began := time.Now()
		w.say("open")
		pass(time.Minute)
		w.session, w.device = "", newDevice(w.t) // another one
		w.say("lock")
		pass(time.Minute)
		w.say("undo")
		settle()
		kept := w.session
		w.session, w.device = "", newDevice(w.t)
		if _, err := w.trySay(protocol.Say{Text: "hidden", Temporary: true}); err != nil {
			w.t.Fatal(err)
		}
		settle()
		want := []session.Deed{
			{Plugin: "p", Tool: "hidden", State: turn.ToolExecuted, Said: "hidden", At: began.Add(2 * time.Minute)},
			{Plugin: "p", Tool: "lock", State: turn.ToolExecuted, Said: "lock", At: began.Add(time.Minute), Undone: began.Add(2 * time.Minute)},
			{Plugin: "p", Tool: "open", State: turn.ToolVerified, Summary: "it is open", Said: "open", At: began},
		}
		for _, tc := range []struct {
			user, session string
			since         time.Time
			want          []session.Deed
		}{
			{"alice", w.session, began, want},
			{"alice", kept, began, want[1:]},
			{"alice", "", began.Add(time.Second), want[1:2]},
			{"bob", w.session, began, nil},
		} {
			got, complete, err := w.Deeds(w.t.Context(), tc.user, tc.session, tc.since)
			if err != nil || !complete {
				w.t.Errorf("%s in %q: complete is %t, %v", tc.user, tc.session, complete, err)
			}
			if d := cmp.Diff(tc.want, got); d != "" {
				w.t.Errorf("%s in %q (-want +got):\n%s", tc.user, tc.session, d)
			}
		}
	})
}
