package dbtest

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/jarvis-host/jarvis/host/notice"
	"github.com/jarvis-host/jarvis/host/schedule"
	"github.com/jarvis-host/jarvis/sdk"
)

// Plans is the behaviour of every schedule.Store. open returns an empty one.
func Plans(t *testing.T, open func(t *testing.T) schedule.Store) {
	t.Helper()
	plan := func(user, name string, after time.Duration) schedule.Plan {
		return schedule.Plan{
			Plugin: "p", User: user, Session: "s", Locale: "fr", Zone: "Europe/Paris", Due: noon.Add(after), Wake: noon.Add(after),
			Schedule: sdk.Schedule{Name: name, At: noon.Add(after), TimeZone: "UTC", Data: json.RawMessage(`{"n":1}`)},
		}
	}
	unseen := cmpopts.IgnoreFields(schedule.Plan{}, "Revision")
	t.Run("PlansComeBackAsTheyWere", func(t *testing.T) {
		s := open(t)
		every := plan("alice", "every", time.Hour)
		every.Schedule = sdk.Schedule{Name: "every", Every: time.Minute}
		daily := plan("alice", "daily", time.Second)
		daily.Schedule = sdk.Schedule{Name: "daily", Cron: "0 7 * * *"}
		for _, p := range []schedule.Plan{every, daily, plan("alice", "once", time.Minute), plan("bob", "once", 0)} {
			must(t, s.PutPlan(t.Context(), p, 9))
		}
		got, err := s.Plans(t.Context(), "p", "alice")
		must(t, err)
		if d := cmp.Diff([]schedule.Plan{daily, plan("alice", "once", time.Minute), every}, got, unseen); d != "" {
			t.Error(d)
		}
		waking, err := s.Waking(t.Context(), 2)
		must(t, err)
		if d := cmp.Diff([]schedule.Plan{plan("bob", "once", 0), daily}, waking, unseen); d != "" {
			t.Error(d)
		}
	})
	t.Run("ThereAreAtMostSoMany", func(t *testing.T) {
		s := open(t)
		must(t, s.PutPlan(t.Context(), plan("alice", "a", 0), 1))
		must(t, s.PutPlan(t.Context(), plan("alice", "a", time.Hour), 1))
		if err := s.PutPlan(t.Context(), plan("bob", "b", 0), 1); !errors.Is(err, schedule.ErrTooMany) {
			t.Errorf("one too many: %v", err)
		}
		got, err := s.Waking(t.Context(), 9)
		must(t, err)
		if d := cmp.Diff([]schedule.Plan{plan("alice", "a", time.Hour)}, got, unseen); d != "" {
			t.Error(d)
		}
	})
	t.Run("AMoveOfAPlanThatWasReplacedChangesNothing", func(t *testing.T) {
		s := open(t)
		must(t, s.PutPlan(t.Context(), plan("alice", "a", 0), 9))
		old, err := s.Waking(t.Context(), 1)
		must(t, err)
		must(t, s.PutPlan(t.Context(), plan("alice", "a", time.Hour), 9))
		must(t, s.MovePlan(t.Context(), old[0], true))
		moved := old[0]
		moved.Tries = 3
		must(t, s.MovePlan(t.Context(), moved, false))
		got, err := s.Waking(t.Context(), 9)
		must(t, err)
		if d := cmp.Diff([]schedule.Plan{plan("alice", "a", time.Hour)}, got, unseen); d != "" {
			t.Error(d)
		}
		moved = got[0]
		moved.Due, moved.Wake, moved.Tries = noon.Add(2*time.Hour), noon.Add(3*time.Hour), 2
		must(t, s.MovePlan(t.Context(), moved, false))
		if got, err = s.Waking(t.Context(), 9); err != nil || cmp.Diff([]schedule.Plan{moved}, got) != "" {
			t.Errorf("got %+v, %v", got, err)
		}
		must(t, s.MovePlan(t.Context(), moved, true))
		if got, err = s.Waking(t.Context(), 9); err != nil || len(got) > 0 {
			t.Errorf("got %+v, %v", got, err)
		}
	})
	t.Run("APlanIsDroppedByItsName", func(t *testing.T) {
		s := open(t)
		must(t, s.PutPlan(t.Context(), plan("alice", "a", 0), 9))
		for _, tt := range []struct {
			plugin, user, name string
			found              bool
		}{{"q", "alice", "a", false}, {"p", "bob", "a", false}, {"p", "alice", "a", true}, {"p", "alice", "a", false}} {
			if found, err := s.DropPlan(t.Context(), tt.plugin, tt.user, tt.name); err != nil || found != tt.found {
				t.Errorf("%+v: %v, %v", tt, found, err)
			}
		}
	})
}

// Notices is the behaviour of every notice.Store. open returns an empty one.
func Notices(t *testing.T, open func(t *testing.T) notice.Store) {
	t.Helper()
	made := func(user, id string, after time.Duration) notice.Notice {
		return notice.Notice{ID: id, User: user, Plugin: "p", Kind: "timer", Text: "Les pâtes !", Due: noon, Late: true, Created: noon.Add(after)}
	}
	t.Run("ANoticeIsOpenUntilItIsClosed", func(t *testing.T) {
		s := open(t)
		for _, n := range []notice.Notice{made("alice", "b", time.Second), made("alice", "a", 0), made("bob", "c", 0)} {
			must(t, s.PutNotice(t.Context(), n, 9))
		}
		got, err := s.OpenNotices(t.Context(), "alice")
		must(t, err)
		if d := cmp.Diff([]notice.Notice{made("alice", "a", 0), made("alice", "b", time.Second)}, got); d != "" {
			t.Error(d)
		}
		if _, err := s.CloseNotice(t.Context(), "bob", "a"); !errors.Is(err, notice.ErrNotFound) {
			t.Errorf("another's notice: %v", err)
		}
		closed, err := s.CloseNotice(t.Context(), "alice", "a")
		must(t, err)
		if d := cmp.Diff(made("alice", "a", 0), closed); d != "" {
			t.Error(d)
		}
		if _, err := s.CloseNotice(t.Context(), "alice", "a"); !errors.Is(err, notice.ErrNotFound) {
			t.Errorf("the second time: %v", err)
		}
	})
	t.Run("ThereAreAtMostSoMany", func(t *testing.T) {
		s := open(t)
		must(t, s.PutNotice(t.Context(), made("alice", "a", 0), 1))
		if err := s.PutNotice(t.Context(), made("alice", "b", 0), 1); !errors.Is(err, notice.ErrTooMany) {
			t.Errorf("one too many: %v", err)
		}
		must(t, s.PutNotice(t.Context(), made("bob", "b", 0), 1))
	})
}
