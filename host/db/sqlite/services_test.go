package sqlite_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jarvis-host/jarvis/host/auth"
	"github.com/jarvis-host/jarvis/host/db/dbtest"
	"github.com/jarvis-host/jarvis/host/effect"
	"github.com/jarvis-host/jarvis/host/notice"
	"github.com/jarvis-host/jarvis/host/schedule"
	"github.com/jarvis-host/jarvis/host/services"
	"github.com/jarvis-host/jarvis/sdk"
)

func TestSQLitePassesTheSuiteOfValues(t *testing.T) {
	dbtest.Values(t, func(t *testing.T) services.Values {
		t.Helper()
		return open(t, file(t))
	})
}

func TestSQLitePassesTheSuiteOfPlans(t *testing.T) {
	dbtest.Plans(t, func(t *testing.T) schedule.Store {
		t.Helper()
		return open(t, file(t))
	})
}

func TestSQLitePassesTheSuiteOfNotices(t *testing.T) {
	dbtest.Notices(t, func(t *testing.T) notice.Store {
		t.Helper()
		return open(t, file(t))
	})
}

func TestSQLitePassesTheSuiteOfReceipts(t *testing.T) {
	dbtest.Receipts(t, func(t *testing.T) effect.Store {
		t.Helper()
		return open(t, file(t))
	})
}

func TestSQLitePassesTheSuiteOfRuns(t *testing.T) {
	dbtest.Runs(t, func(t *testing.T) effect.Runs {
		t.Helper()
		return open(t, file(t))
	})
}

func TestWhatPluginsKeepForAUserGoesWithTheUser(t *testing.T) {
	db, ctx, now := open(t, file(t)), t.Context(), time.Now()
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(db.PutUser(ctx, auth.User{ID: "alice", Name: "Alice", Role: "user"}))
	own := services.Key{Plugin: "p", Scope: sdk.ForUser, Owner: "alice", Name: "a"}
	all := services.Key{Plugin: "p", Scope: sdk.ForAll, Name: "a"}
	for _, k := range []services.Key{own, all} {
		_, err := db.PutValue(ctx, k, sdk.Value{Data: []byte("1")}, nil, services.DefaultQuota, now)
		check(err)
	}
	check(db.PutPlan(ctx, schedule.Plan{Plugin: "p", User: "alice", Schedule: sdk.Schedule{Name: "a", At: now}}, 9))
	check(db.PutNotice(ctx, notice.Notice{ID: "n", User: "alice", Plugin: "p"}, 9))
	receipt := effect.Receipt{ID: "call_1", User: "alice", Args: []byte("{}"), At: now} // outside of a conversation
	check(db.PutReceipt(ctx, receipt))
	check(db.DeleteUser(ctx, "alice"))
	receipts, _, err := db.Receipts(ctx, effect.Query{Limit: 9})
	check(err)
	gone, err := db.Value(ctx, own, now)
	check(err)
	stays, err := db.Value(ctx, all, now)
	check(err)
	plans, err := db.Waking(ctx, 9)
	check(err)
	notices, err := db.OpenNotices(ctx, "alice")
	check(err)
	if gone != nil || stays == nil || len(plans)+len(notices)+len(receipts) > 0 {
		t.Errorf("left: %v, %v, %v, %v, %v", gone, stays, plans, notices, receipts)
	}
}

// A turn of no conversation that is kept, such as one through another program's
// door, has receipts and no frames.
func TestWhatIsForgottenIsInNoReceipt(t *testing.T) {
	db, ctx := open(t, file(t)), t.Context()
	for _, user := range []string{"alice", "bob"} {
		r := effect.Receipt{
			ID: "call_" + user, User: user, Session: "compat-t1", Turn: "t1", Args: []byte(`{"for":"xylophone"}`), Data: []byte(`"xylophone"`),
			Summary: "xylophone", RedressText: "xylophone", At: time.Now(), Undoable: true,
		}
		if err := db.PutReceipt(ctx, r); err != nil {
			t.Fatal(err)
		}
	}
	if gone, err := db.Redact(ctx, "alice", []string{"t1"}, nil); err != nil || len(gone) != 0 {
		t.Errorf("turns of sessions: %v, %v", gone, err)
	}
	for user, left := range map[string]bool{"alice": false, "bob": true} {
		r, err := db.Receipt(ctx, "call_"+user)
		if err != nil {
			t.Fatal(err)
		}
		if said := fmt.Sprintf("%s %s %s %s", r.Args, r.Data, r.Summary, r.RedressText); strings.Contains(said, "xylophone") != left || r.Undoable != left {
			t.Errorf("%s: %s, undoable %v", user, said, r.Undoable)
		}
	}
}

// A call outside of any conversation is told by no frame: what it brought into memory
// is found by its id in what is kept of the call.
func TestWhatIsForgottenIsInNoAnswerThatIsKeptForAKey(t *testing.T) {
	db, ctx := open(t, file(t)), t.Context()
	const item = "f_abc"
	for _, user := range []string{"alice", "bob"} {
		for key, text := range map[string]string{"k": `{"text":"xylophone","id":"` + item + `"}`, "other": `{"text":"trumpet","id":"f_abd"}`} {
			if _, err := db.BeginRun(ctx, effect.Run{User: user, Key: key, Request: "notes/keep", At: time.Now()}, time.Time{}); err != nil {
				t.Fatal(err)
			}
			if err := db.EndRun(ctx, user, key, []byte(text)); err != nil {
				t.Fatal(err)
			}
			r := effect.Receipt{ID: "call_" + user + key, User: user, Args: []byte(`{}`), Data: []byte(text), At: time.Now(), Undoable: true}
			if err := db.PutReceipt(ctx, r); err != nil {
				t.Fatal(err)
			}
		}
	}
	if gone, err := db.Redact(ctx, "alice", nil, []string{item}); err != nil || len(gone) != 0 {
		t.Errorf("turns of sessions: %v, %v", gone, err)
	}
	for _, tc := range []struct {
		user, key string
		left      bool
	}{{"alice", "k", false}, {"alice", "other", true}, {"bob", "k", true}} {
		was, err := db.BeginRun(ctx, effect.Run{User: tc.user, Key: tc.key, At: time.Now()}, time.Time{})
		if err != nil || was == nil || was.Request != "notes/keep" || (was.Answer != nil) != tc.left {
			t.Errorf("run %s of %s: %+v, %v", tc.key, tc.user, was, err)
		}
		r, err := db.Receipt(ctx, "call_"+tc.user+tc.key)
		if err != nil || (r.Data != nil) != tc.left || r.Undoable != tc.left {
			t.Errorf("receipt %s of %s: %+v, %v", tc.key, tc.user, r, err)
		}
	}
}
