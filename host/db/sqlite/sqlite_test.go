package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/jarvis-host/jarvis/host/auth"
	"github.com/jarvis-host/jarvis/host/auth/authtest"
	"github.com/jarvis-host/jarvis/host/db/dbtest"
	"github.com/jarvis-host/jarvis/host/db/sqlite"
	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/session"
)

func open(tb testing.TB, path string) *sqlite.DB {
	tb.Helper()
	db, err := sqlite.Open(tb.Context(), path)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := db.Close(); err != nil {
			tb.Errorf("close database: %v", err)
		}
	})
	return db
}

func file(tb testing.TB) string {
	tb.Helper()
	return filepath.Join(tb.TempDir(), "jarvis.db")
}

func TestSQLitePassesTheSuiteOfSessions(t *testing.T) {
	dbtest.Sessions(t, func(t *testing.T) session.Store {
		t.Helper()
		return open(t, file(t))
	})
}

func TestSQLitePassesTheSuiteOfAccounts(t *testing.T) {
	authtest.Suite(t, func(t *testing.T) auth.Store {
		t.Helper()
		return open(t, file(t))
	})
}

func TestSQLitePassesTheSuiteOfLedgers(t *testing.T) {
	dbtest.Ledger(t, func(t *testing.T) llm.Ledger {
		t.Helper()
		return open(t, file(t))
	})
}

func TestAUsersUsageGoesWithTheUser(t *testing.T) {
	db := open(t, file(t))
	if err := db.PutUser(t.Context(), auth.User{ID: "alice", Name: "Alice", Role: "user"}); err != nil {
		t.Fatal(err)
	}
	if err := db.Spend(t.Context(), []llm.Spending{{Day: "2026-05-01", User: "alice", Model: "m"}, {Day: "2026-05-01", User: "bob", Model: "m"}}); err != nil {
		t.Fatal(err)
	}
	if err := db.DeleteUser(t.Context(), "alice"); err != nil {
		t.Fatal(err)
	}
	left, err := db.Spent(t.Context(), nil, "", "9")
	if err != nil || len(left) != 1 || left[0].User != "bob" {
		t.Errorf("left %v, %v", left, err)
	}
}
