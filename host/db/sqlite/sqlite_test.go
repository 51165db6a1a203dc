package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/jarvis-host/jarvis/host/auth"
	"github.com/jarvis-host/jarvis/host/auth/authtest"
	"github.com/jarvis-host/jarvis/host/db/dbtest"
	"github.com/jarvis-host/jarvis/host/db/sqlite"
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
