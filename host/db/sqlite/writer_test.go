package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	codes "modernc.org/sqlite/lib"

	"github.com/jarvis-host/jarvis/host/session"
	"github.com/jarvis-host/jarvis/host/turn"
)

func openForTest(t *testing.T) *DB {
	t.Helper()
	db, err := Open(t.Context(), filepath.Join(t.TempDir(), "jarvis.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// limit makes the database full at so many pages.
func (db *DB) limit(t *testing.T, pages int) {
	t.Helper()
	err := db.writer.between(t.Context(), func(conn *sql.Conn) error {
		_, err := conn.ExecContext(t.Context(), fmt.Sprintf("PRAGMA max_page_count = %d", pages))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAFullDiskLosesNothingAndIsGotOver(t *testing.T) { // fault-S3
	db, ctx := openForTest(t), t.Context()
	const sessions = 8
	for i := range sessions {
		if err := db.CreateSession(ctx, session.Meta{ID: fmt.Sprint(i), User: "alice"}); err != nil {
			t.Fatal(err)
		}
	}
	db.limit(t, 60)
	text := strings.Repeat("word ", 500)
	var kept [sessions]int64
	var all sync.WaitGroup
	for i := range sessions {
		all.Go(func() {
			for seq := int64(1); ; seq++ {
				err := db.Append(ctx, fmt.Sprint(i), step(seq, text))
				if err == nil {
					kept[i] = seq
					continue
				}
				if code(err) != codes.SQLITE_FULL {
					t.Errorf("session %d: %v, want that the disk is full", i, err)
				}
				return
			}
		})
	}
	all.Wait()
	for round := range 2 {
		for i := range sessions {
			if seq, err := db.LastSeq(ctx, fmt.Sprint(i)); err != nil || seq != kept[i] {
				t.Errorf("round %d: session %d is at %d, %v; %d were acknowledged", round, i, seq, err, kept[i])
			}
		}
		db.limit(t, 100_000)
		for i := range sessions {
			kept[i]++
			if err := db.Append(ctx, fmt.Sprint(i), step(kept[i], text)); err != nil {
				t.Errorf("append when there is room: %v", err)
			}
		}
	}
	if err := db.Check(ctx); err != nil {
		t.Error(err)
	}
}

// forbid makes the database refuse changes, as a file system does that became
// read-only.
func (db *DB) forbid(t *testing.T, yes bool) {
	t.Helper()
	err := db.writer.between(t.Context(), func(conn *sql.Conn) error {
		_, err := conn.ExecContext(t.Context(), fmt.Sprintf("PRAGMA query_only = %t", yes))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// S12, fault-C6: a disk that takes no change makes the store unable until it takes one
// again, which is found out without anybody's message; what is kept can be read all
// the while.
func TestADiskThatTakesNoChangeIsToldAndGotOver(t *testing.T) {
	for name, c := range map[string]struct {
		hurt, mend func(*DB)
		code       int
	}{
		"read-only": {func(db *DB) { db.forbid(t, true) }, func(db *DB) { db.forbid(t, false) }, codes.SQLITE_READONLY},
		"full":      {func(db *DB) { db.limit(t, 60) }, func(db *DB) { db.limit(t, 100_000) }, codes.SQLITE_FULL},
	} {
		t.Run(name, func(t *testing.T) {
			db, ctx := openForTest(t), t.Context()
			if err := db.CreateSession(ctx, session.Meta{ID: "s", User: "alice"}); err != nil {
				t.Fatal(err)
			}
			kept := int64(1)
			if err := db.Append(ctx, "s", step(kept, "kept")); err != nil {
				t.Fatal(err)
			}
			c.hurt(db)
			if err := db.Able(ctx); err != nil {
				t.Errorf("nothing was tried, and it is unable: %v", err)
			}
			var err error
			for err == nil {
				if err = db.Append(ctx, "s", step(kept+1, strings.Repeat("word ", 500))); err == nil {
					kept++
				}
			}
			if code(err) != c.code {
				t.Fatalf("the change failed with %v", err)
			}
			if seq, err := db.LastSeq(ctx, "s"); err != nil || seq != kept {
				t.Errorf("reading: %d, %v; want %d", seq, err, kept)
			}
			if name == "read-only" { // a full disk may have room for so little
				if err := db.Able(ctx); code(err) != c.code {
					t.Errorf("able: %v", err)
				}
			}
			c.mend(db)
			version, _ := db.Version(ctx)
			if err := db.Able(ctx); err != nil {
				t.Errorf("still unable: %v", err)
			}
			if v, err := db.Version(ctx); err != nil || v != version {
				t.Errorf("finding out changed the version from %d to %d, %v", version, v, err)
			}
			if err := db.Append(ctx, "s", step(kept+1, "again")); err != nil {
				t.Error(err)
			}
			if err := db.Check(ctx); err != nil {
				t.Error(err)
			}
		})
	}
}

// fault-S7: once damage is found while the file is open, nothing is written any more,
// what can be read is read, and the store is unable, with what to do.
func TestDamageThatIsFoundStopsEveryChange(t *testing.T) {
	db, ctx := openForTest(t), t.Context()
	if err := db.CreateSession(ctx, session.Meta{ID: "s", User: "alice"}); err != nil {
		t.Fatal(err)
	}
	for seq := range int64(200) {
		if err := db.Append(ctx, "s", step(seq+1, strings.Repeat("word ", 800))); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.writer.between(ctx, func(conn *sql.Conn) error {
		_, err := conn.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(db.path)
	if err != nil {
		t.Fatal(err)
	}
	clear(raw[len(raw)/2:])
	f, err := os.OpenFile(db.path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(raw[len(raw)/2:], int64(len(raw)/2)); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Frames(ctx, "s", 0, 1000); code(err) != codes.SQLITE_CORRUPT {
		t.Fatalf("reading what is broken: %v", err)
	}
	if err := db.CreateSession(ctx, session.Meta{ID: "other", User: "alice"}); !errors.Is(err, ErrDamaged) {
		t.Errorf("a change: %v", err)
	}
	if err := db.Able(ctx); !errors.Is(err, ErrDamaged) {
		t.Errorf("able: %v", err)
	}
	if _, err := db.Version(ctx); err != nil {
		t.Errorf("reading what is sound: %v", err)
	}
	after, err := os.ReadFile(db.path)
	if err != nil || !bytes.Equal(raw, after) {
		t.Errorf("the file was changed (%v)", err)
	}
}

func step(seq int64, text string) session.Entry {
	id := fmt.Sprint(seq)
	return session.Entry{
		Frame:    session.Frame{Seq: seq, Turn: id, Type: "accepted", Body: []byte(text)},
		ClientID: id, Message: &turn.Message{ID: id, Text: text},
	}
}

// TestABatchKeepsFailuresApart hands one batch to the writer itself: through
// the door no one can tell what shares a transaction.
func TestABatchKeepsFailuresApart(t *testing.T) {
	db := openForTest(t)
	broken := errors.New("broken")
	insert := func(id string, err error) *job {
		return &job{done: make(chan struct{}), do: func(ctx context.Context, tx *prepared) error {
			e := tx.exec(ctx, `INSERT INTO sessions (id, user, title, created, updated, seq) VALUES (?, 'alice', '', 0, 0, 0)`, id)
			return errors.Join(e, err)
		}}
	}
	batch := []*job{insert("a", nil), insert("b", broken), insert("a", nil), insert("c", nil)}
	db.writer.serve(batch) // nothing else is handed in meanwhile
	for i, want := range []bool{true, false, false, true} {
		if got := batch[i].err == nil; got != want {
			t.Errorf("job %d: %v", i, batch[i].err)
		}
	}
	if !errors.Is(batch[1].err, broken) {
		t.Errorf("job 1 failed with %v", batch[1].err)
	}
	items, _, err := db.Sessions(t.Context(), "alice", "", 10)
	if err != nil || len(items) != 2 {
		t.Errorf("sessions are %v, %v; want a and c", items, err)
	}
}

// TestABatchWritesTheIndexOfWordsOnce counts the pages of the index, of which each
// time that it writes itself out makes one.
func TestABatchWritesTheIndexOfWordsOnce(t *testing.T) {
	db, ctx := openForTest(t), t.Context()
	pages := func() (n int) { // below are the averages and the structure
		if err := db.one(ctx, `SELECT count(*) FROM search_data WHERE id > 10`, nil, []any{&n}); err != nil {
			t.Fatal(err)
		}
		return n
	}
	var batch []*job
	for _, id := range []string{"a", "b", "c"} {
		if err := db.CreateSession(ctx, session.Meta{ID: id, User: "alice"}); err != nil {
			t.Fatal(err)
		}
		batch = append(batch, &job{done: make(chan struct{}), do: func(ctx context.Context, tx *prepared) error {
			return add(ctx, tx, id, []session.Entry{step(1, "one word"), step(2, "or two")})
		}})
	}
	db.writer.serve(batch) // nothing else is handed in meanwhile
	for _, j := range batch {
		if j.err != nil {
			t.Fatal(j.err)
		}
	}
	if n := pages(); n != 1 {
		t.Errorf("the index was written %d times for six messages", n)
	}
	if hits, err := db.Search(ctx, "alice", "word", 10); err != nil || len(hits) != 3 {
		t.Errorf("found %v, %v", hits, err)
	}
}

func TestManyWritesShareASync(t *testing.T) {
	db, ctx := openForTest(t), t.Context()
	frames := func() (n int) { // pages that the log holds
		err := db.writer.between(ctx, func(conn *sql.Conn) error {
			var busy, moved int
			return conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint(PASSIVE)").Scan(&busy, &n, &moved)
		})
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	const writes = 64
	held, hold := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		err := db.writer.between(ctx, func(*sql.Conn) error { close(held); <-hold; return nil })
		if err != nil {
			t.Error(err)
		}
	})
	<-held
	for i := range writes {
		all.Go(func() {
			if err := db.CreateSession(ctx, session.Meta{ID: fmt.Sprint(i), User: "alice"}); err != nil {
				t.Error(err)
			}
		})
	}
	for len(db.writer.jobs) < writes { // all wait behind the one that is held
		runtime.Gosched()
	}
	close(hold)
	all.Wait()
	// One commit of its own writes at least two pages for each.
	if n := frames(); n > writes {
		t.Errorf("%d writes made the log %d pages longer: they did not share commits", writes, n)
	}
}
