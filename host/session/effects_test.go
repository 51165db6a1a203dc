package session_test

import (
	"context"
	"slices"
	"testing"

	"github.com/jarvis-host/jarvis/host/turn"
)

func TestATurnLearnsWhatAnEarlierOneChanged(t *testing.T) { // E12
	var turns []string
	var got []string
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
			yield(turn.Done{}, nil)
		},
	}, func(w *world) {
		w.say("act")
		w.say("ask")
		settle()
		if want := []string{"opened", "locked", "cut"}; !slices.Equal(got, want) {
			w.t.Errorf("earlier turn changed %q, want %q", got, want)
		}
	})
}
