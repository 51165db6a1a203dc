package sqlite_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jarvis-host/jarvis/host/db/dbtest"
	"github.com/jarvis-host/jarvis/host/db/sqlite"
	"github.com/jarvis-host/jarvis/host/session"
	"github.com/jarvis-host/jarvis/host/turn"

	"go.uber.org/goleak"
)

// writeEnv makes the test binary the process that is killed; its value is the
// database's path.
const writeEnv = "JARVIS_TEST_WRITE"

func TestMain(m *testing.M) {
	path := os.Getenv(writeEnv)
	if path == "" {
		goleak.VerifyTestMain(m) // exits
	}
	db, err := sqlite.Open(context.Background(), path)
	if err == nil {
		err = dbtest.WriteForever(context.Background(), os.Stdout, db)
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func TestNothingAcknowledgedIsLostWhenTheProcessIsKilled(t *testing.T) { // fault-S1
	const rounds = 20
	path := func(folder string) string { return filepath.Join(folder, "jarvis.db") }
	child := func(folder string) *exec.Cmd {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), writeEnv+"="+path(folder))
		cmd.Stderr = &strings.Builder{}
		return cmd
	}
	dbtest.Kill(t, rounds, child, func(t *testing.T, folder string) (session.Store, func() error) {
		t.Helper()
		db, err := sqlite.Open(t.Context(), path(folder))
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Check(t.Context()); err != nil {
			t.Error(err)
		}
		return db, db.Close
	})
}

func entry(seq int64) session.Entry {
	id := fmt.Sprintf("t%d", seq)
	return session.Entry{
		Frame:    session.Frame{Seq: seq, Turn: id, Type: "accepted", Body: []byte(`{"type":"accepted","text":"allume la lumière du salon"}`)},
		ClientID: id,
		Message:  &turn.Message{ID: id, Turn: id, Role: turn.FromUser, Text: "allume la lumière du salon", At: time.UnixMilli(seq)},
	}
}

func BenchmarkDurableAppend(b *testing.B) {
	for _, writers := range []int{1, 50} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			db := open(b, file(b))
			b.ReportAllocs()
			var left atomic.Int64
			left.Store(int64(b.N))
			b.ResetTimer()
			var all sync.WaitGroup
			for i := range writers {
				all.Go(func() {
					id := fmt.Sprintf("s%d", i)
					err := db.CreateSession(b.Context(), session.Meta{ID: id, User: "alice"})
					for seq := int64(1); err == nil && left.Add(-1) >= 0; seq++ {
						err = db.Append(b.Context(), id, entry(seq))
					}
					if err != nil {
						b.Error(err)
					}
				})
			}
			all.Wait()
		})
	}
}
