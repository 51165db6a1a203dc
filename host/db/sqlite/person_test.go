package sqlite

import (
	"encoding/json"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jarvis-host/jarvis/host/auth"
	"github.com/jarvis-host/jarvis/host/effect"
	"github.com/jarvis-host/jarvis/host/notice"
	"github.com/jarvis-host/jarvis/host/session"
)

// Every table is among what is kept of a person, or is known to hold nothing of
// one: a table that is added has to say which. X09.
func TestEveryTableIsAccountedFor(t *testing.T) {
	impersonal := []string{"open_turns", "search", "accounts_version", "plugin_kept", "plugin_counter"}
	db, err := Open(t.Context(), filepath.Join(t.TempDir(), "jarvis.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	names, err := list(t.Context(), db, func(r row) (name string, err error) { return name, r.Scan(&name) },
		`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'search_%'`)
	if err != nil || len(names) < 10 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		read := regexp.MustCompile(`(FROM|JOIN) ` + name + `\b`)
		covered := slices.ContainsFunc(personal, func(p struct{ kind, query string }) bool { return read.MatchString(p.query) })
		if covered == slices.Contains(impersonal, name) {
			t.Errorf("table %s: read for a person %t, impersonal %t", name, covered, !covered)
		}
	}
}

func TestWhatIsKeptOfAPersonIsTheirsAlone(t *testing.T) { // X09
	ctx, now := t.Context(), time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	db, err := Open(ctx, filepath.Join(t.TempDir(), "jarvis.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, user := range []string{"alice", "bob"} {
		if err := db.PutUser(ctx, auth.User{ID: user, Name: user, Role: "user", Created: now}); err != nil {
			t.Fatal(err)
		}
		if err := db.PutKey(ctx, auth.Key{ID: "k" + user, User: user, Hash: []byte("hash of " + user), Kind: auth.KindAPI}); err != nil {
			t.Fatal(err)
		}
		if err := db.CreateSession(ctx, session.Meta{ID: "s" + user, User: user, Title: "of " + user}); err != nil {
			t.Fatal(err)
		}
		receipt := effect.Receipt{
			ID: "call_" + user, User: user, Session: "s" + user, Args: json.RawMessage(`{"for":"the door of ` + user + `"}`), At: now, RedressText: "as it was",
		}
		if err := db.PutReceipt(ctx, receipt); err != nil {
			t.Fatal(err)
		}
		if _, err := db.BeginRun(ctx, effect.Run{User: user, Key: "k", At: now}, now); err != nil {
			t.Fatal(err)
		}
		if err := db.EndRun(ctx, user, "k", json.RawMessage(`{"said":"to `+user+`"}`)); err != nil {
			t.Fatal(err)
		}
		if err := db.PutNotice(ctx, notice.Notice{ID: "n", User: user, Text: "for " + user}, 9); err != nil {
			t.Fatal(err)
		}
	}
	read := func() (string, int) {
		t.Helper()
		var lines []string
		err := db.Personal(ctx, "alice", func(kind string, row map[string]any) error {
			raw, err := json.Marshal(map[string]any{kind: row})
			lines = append(lines, string(raw))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return strings.Join(lines, "\n"), len(lines)
	}
	got, n := read()
	for _, want := range []string{`"created":"2026-03-01T12:00:00Z"`, `"title":"of alice"`, "for alice", `"kalice"`, `{"for":"the door of alice"}`, `"redress_text":"as it was"`, `"ended":null`, `{"said":"to alice"}`} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is missing in\n%s", want, got)
		}
	}
	if n != 6 || strings.Contains(got, "bob") || strings.Contains(got, "hash") {
		t.Errorf("got %d\n%s", n, got)
	}
	if err := db.DeleteUser(ctx, "alice"); err != nil {
		t.Fatal(err)
	}
	if got, n := read(); n != 0 {
		t.Errorf("left:\n%s", got)
	}
}
