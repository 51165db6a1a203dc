package dbtest

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/host/effect"
)

// Runs is the behaviour of every effect.Runs. open returns an empty one.
func Runs(t *testing.T, open func(t *testing.T) effect.Runs) {
	t.Helper()
	began := time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)
	run := func(user, key string) effect.Run {
		return effect.Run{User: user, Key: key, Request: "door/open {}", At: began}
	}
	begin := func(t *testing.T, s effect.Runs, r effect.Run, old time.Time, want *effect.Run) {
		t.Helper()
		was, err := s.BeginRun(t.Context(), r, old)
		must(t, err)
		if diff := cmp.Diff(want, was); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", r.User, r.Key, diff)
		}
	}
	t.Run("ARunIsThereOnceWithItsFirstRequestAndItsAnswer", func(t *testing.T) {
		s := open(t)
		begin(t, s, run("alice", "k"), time.Time{}, nil)
		begin(t, s, run("bob", "k"), time.Time{}, nil)
		begin(t, s, run("alice", "l"), time.Time{}, nil)
		again := run("alice", "k")
		again.Request, again.At = "other", began.Add(time.Hour)
		first := run("alice", "k")
		begin(t, s, again, time.Time{}, &first)
		must(t, s.EndRun(t.Context(), "alice", "k", json.RawMessage(`{"a":1}`)))
		first.Answer = json.RawMessage(`{"a":1}`)
		begin(t, s, again, began, &first)
	})
	t.Run("RunsThatAreOldGo", func(t *testing.T) {
		s := open(t)
		later := run("alice", "l")
		later.At = began.Add(time.Microsecond)
		for _, r := range []effect.Run{run("alice", "k"), run("bob", "k"), later} {
			begin(t, s, r, time.Time{}, nil)
		}
		must(t, s.PruneRuns(t.Context(), later.At))
		begin(t, s, run("alice", "k"), time.Time{}, nil)
		begin(t, s, run("bob", "k"), time.Time{}, nil)
		begin(t, s, later, time.Time{}, &later)
	})
	t.Run("ARunThatIsOldOrTakenBackCanBeginAnew", func(t *testing.T) {
		s := open(t)
		begin(t, s, run("alice", "k"), time.Time{}, nil)
		must(t, s.EndRun(t.Context(), "alice", "k", json.RawMessage(`1`)))
		begin(t, s, run("alice", "k"), began.Add(time.Microsecond), nil)
		must(t, s.EndRun(t.Context(), "alice", "k", nil))
		begin(t, s, run("alice", "k"), time.Time{}, nil)
		must(t, s.EndRun(t.Context(), "carol", "k", json.RawMessage(`1`)))
		begin(t, s, run("carol", "k"), time.Time{}, nil)
	})
}
