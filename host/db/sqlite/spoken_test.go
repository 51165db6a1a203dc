package sqlite

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jarvis-host/jarvis/host/session"
)

// What was said with an Idempotency-Key is found by that, for whoever said it, and
// not by a look into each of their sessions.
func TestWhatWasSaidWithAKeyIsFoundByIt(t *testing.T) {
	ctx := t.Context()
	db, err := Open(ctx, filepath.Join(t.TempDir(), "jarvis.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for i, user := range []string{"alice", "bob", "carol"} {
		id := fmt.Sprintf("s%d", i)
		err := db.CreateSession(ctx, session.Meta{ID: id, User: user}, session.Entry{
			ClientID: "i-" + []string{"same", "same", "other"}[i], Frame: session.Frame{Seq: 1, Turn: "t" + id, Type: "accepted", Body: []byte("{}")},
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, tc := range []struct{ user, client, session string }{
		{"alice", "i-same", "s0"}, {"bob", "i-same", "s1"}, {"carol", "i-same", ""}, {"carol", "i-other", "s2"}, {"alice", "i-none", ""},
	} {
		id, f, ok, err := db.Spoken(ctx, tc.user, tc.client)
		if err != nil || id != tc.session || ok != (tc.session != "") || ok && f.Turn != "t"+id {
			t.Errorf("%s %s: %q %+v %v %v", tc.user, tc.client, id, f, ok, err)
		}
	}
	plan, err := list(ctx, db, func(r row) (detail string, err error) {
		var id, parent, none int
		return detail, r.Scan(&id, &parent, &none, &detail)
	}, "EXPLAIN QUERY PLAN "+spoken, "i-same", "alice")
	if steps := strings.Join(plan, "; "); err != nil || steps != "SEARCH f USING INDEX frames_by_key (client=?); SEARCH s USING INTEGER PRIMARY KEY (rowid=?)" {
		t.Errorf("the plan is %s, %v", steps, err)
	}
}
