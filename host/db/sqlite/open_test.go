package sqlite_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jarvis-host/jarvis/host/auth"
	"github.com/jarvis-host/jarvis/host/db/sqlite"
	"github.com/jarvis-host/jarvis/host/session"
)

// filled makes a database with some sessions in it, closed.
func filled(t *testing.T) string {
	t.Helper()
	path := file(t)
	db, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		id := fmt.Sprintf("s%d", i)
		if err := db.CreateSession(t.Context(), session.Meta{ID: id, User: "alice"}); err != nil {
			t.Fatal(err)
		}
		for seq := range int64(20) {
			if err := db.Append(t.Context(), id, entry(seq+1)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOnlyTheOwnerCanReadTheFile(t *testing.T) {
	path := file(t)
	db := open(t, path)
	if err := db.CreateSession(t.Context(), session.Meta{ID: "s", User: "alice"}); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(path + suffix)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: mode %v, %v; want 0600", path+suffix, info.Mode(), err)
		}
	}
}

func TestAFileThatIsDamagedIsRefusedAndLeftAsItIs(t *testing.T) { // fault-S6
	sound, err := os.ReadFile(filled(t))
	if err != nil {
		t.Fatal(err)
	}
	other := file(t)
	foreign, err := sql.Open("sqlite", other)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := foreign.ExecContext(t.Context(), "CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)"); err != nil {
		t.Fatal(err)
	}
	if err := foreign.Close(); err != nil {
		t.Fatal(err)
	}
	theirs, err := os.ReadFile(other)
	if err != nil {
		t.Fatal(err)
	}
	zeroed := bytes.Clone(sound)
	clear(zeroed[3*4096 : 4*4096])
	flipped := bytes.Clone(sound)
	flipped[2*4096+3] ^= 0x40 // in the head of a page
	for name, content := range map[string][]byte{
		"a text":                   []byte("dear diary\n"),
		"a long text":              bytes.Repeat([]byte("dear diary\n"), 1000),
		"half a header":            sound[:50],
		"a cut file":               sound[:len(sound)/2],
		"a page of zeros":          zeroed,
		"a flipped bit":            flipped,
		"garbage after its header": append(bytes.Clone(sound[:100]), bytes.Repeat([]byte{0xA5}, 8192)...),
		"another program's":        theirs,
	} {
		path := file(t)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		db, err := sqlite.Open(t.Context(), path)
		if err == nil {
			t.Errorf("%s was opened", name)
			_ = db.Close()
			continue
		}
		if !errors.Is(err, sqlite.ErrDamaged) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: error is %v, want ErrDamaged with the file's name", name, err)
		}
		after, err := os.ReadFile(path)
		if err != nil || !bytes.Equal(content, after) {
			t.Errorf("%s was changed (%v)", name, err)
		}
	}
}

func TestANewerSchemaIsRefusedWithBothNumbers(t *testing.T) { // fault-S17
	path := filled(t)
	raw, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := raw.ExecContext(t.Context(), "PRAGMA user_version = 99"); err != nil {
		t.Fatal(err)
	}
	if err := raw.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = sqlite.Open(t.Context(), path)
	steps, _ := filepath.Glob("migrations/*.sql")
	if !errors.Is(err, sqlite.ErrNewer) || !strings.Contains(err.Error(), fmt.Sprintf("schema 99, this program knows up to %d", len(steps))) {
		t.Errorf("error is %v", err)
	}
}

func TestAFolderThatIsNotThereIsAClearError(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none", "jarvis.db")
	if _, err := sqlite.Open(t.Context(), path); !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), path) {
		t.Errorf("error is %v", err)
	}
	if _, err := sqlite.Open(t.Context(), t.TempDir()); err == nil {
		t.Error("a folder was opened")
	}
}

func TestManyOpenTheSameNewFileAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "with ? and % and é#.db")
	var all sync.WaitGroup
	for i := range 6 {
		all.Go(func() {
			db, err := sqlite.Open(t.Context(), path)
			if err != nil {
				t.Errorf("open: %v", err)
				return
			}
			if err := db.CreateSession(t.Context(), session.Meta{ID: fmt.Sprint(i), User: "alice"}); err != nil {
				t.Errorf("write: %v", err)
			}
			if err := db.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		})
	}
	all.Wait()
	items, _, err := open(t, path).Sessions(t.Context(), "alice", "", 10)
	if err != nil || len(items) != 6 {
		t.Errorf("%d sessions, %v; want 6", len(items), err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Error(err)
	}
}

func TestAnotherProcessesChangeIsNoticed(t *testing.T) {
	path := file(t)
	host, command := open(t, path), open(t, path)
	ctx := t.Context()
	versions := func() (data, accounts int64) {
		t.Helper()
		data, err := host.DataVersion(ctx)
		if err != nil {
			t.Fatal(err)
		}
		accounts, err = host.Version(ctx)
		if err != nil {
			t.Fatal(err)
		}
		return data, accounts
	}
	data, accounts := versions()
	if err := host.CreateSession(ctx, session.Meta{ID: "s", User: "u"}); err != nil {
		t.Fatal(err)
	}
	if d, a := versions(); d != data || a != accounts {
		t.Errorf("after its own write: %d and %d, were %d and %d", d, a, data, accounts)
	}
	if err := command.PutUser(ctx, auth.User{ID: "u", Name: "Una", Created: time.Now()}); err != nil {
		t.Fatal(err)
	}
	if d, a := versions(); d == data || a == accounts {
		t.Errorf("after another's write: %d and %d, were %d and %d", d, a, data, accounts)
	}
	if u, err := host.User(ctx, "u"); err != nil || u.Name != "Una" {
		t.Errorf("the other's user is %+v, %v", u, err)
	}
}

func TestWhatIsDeletedLeavesNoTrace(t *testing.T) { // fault-S23
	path := file(t)
	db := open(t, path)
	ctx := t.Context()
	traces := func() (found []string) {
		for _, suffix := range []string{"", "-wal"} {
			content, err := os.ReadFile(path + suffix)
			if err != nil {
				t.Fatal(err)
			}
			for _, secret := range []string{"xylophone", "zanzibar", "quixotic"} {
				if bytes.Contains(content, []byte(secret)) {
					found = append(found, secret+suffix)
				}
			}
		}
		return found
	}
	if err := db.PutUser(ctx, auth.User{ID: "bob", Name: "quixotic"}); err != nil {
		t.Fatal(err)
	}
	for i, user := range []string{"alice", "bob"} {
		id := fmt.Sprint("s", i)
		e := entry(1)
		e.Message.Text = "the xylophone of zanzibar"
		e.Frame.Body = []byte(`{"text":"the xylophone of zanzibar"}`)
		if err := db.CreateSession(ctx, session.Meta{ID: id, User: user, Title: "xylophone"}, e); err != nil {
			t.Fatal(err)
		}
		if err := db.SetVar(ctx, id, "quixotic", []byte("zanzibar")); err != nil {
			t.Fatal(err)
		}
		for seq := int64(2); seq < 100; seq++ {
			if err := db.Append(ctx, id, entry(seq)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(traces()) == 0 {
		t.Fatal("the words are not there before: the test proves nothing")
	}
	if err := db.DeleteSession(ctx, "alice", "s0"); err != nil {
		t.Fatal(err)
	}
	if err := db.DeleteUser(ctx, "bob"); err != nil {
		t.Fatal(err)
	}
	if left := traces(); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	if err := db.Check(ctx); err != nil {
		t.Error(err)
	}
}

func TestAClosedDatabaseRefusesWork(t *testing.T) {
	db, err := sqlite.Open(t.Context(), file(t))
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for i := range 20 {
		all.Go(func() {
			// Each is kept or refused, none hangs.
			_ = db.CreateSession(context.Background(), session.Meta{ID: fmt.Sprint(i), User: "alice"})
		})
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	all.Wait()
	if err := db.CreateSession(t.Context(), session.Meta{ID: "late", User: "alice"}); err == nil {
		t.Error("a closed database took a session")
	}
	if _, err := db.Session(t.Context(), "alice", "late"); err == nil || errors.Is(err, session.ErrNotFound) {
		t.Errorf("a closed database answered: %v", err)
	}
	if err := db.Close(); err != nil {
		t.Errorf("second close: %v", err)
	}
}
