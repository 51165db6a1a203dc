package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"time"

	lib "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"
)

const (
	// magic is what a SQLite file begins with.
	magic = "SQLite format 3\x00"
	// applicationID marks the file as ours: "jrvs".
	applicationID = 0x6a727673
	// checkedSize is the largest file that is checked whole when it is opened;
	// Check does it for larger ones.
	checkedSize = 32 << 20
	readers     = 4
)

// ErrDamaged says that a file is no database of ours, or is damaged. The file
// was left as it is.
var ErrDamaged = errors.New("not a sound Jarvis database, and left as it is: restore a backup, or move the file aside to start empty")

// ErrNewer says that a newer version of the program wrote the file.
var ErrNewer = errors.New("database is of a newer version")

// DB is an open database. It implements session.Store and auth.Store, and owns
// one goroutine, which writes. Safe for concurrent use.
type DB struct {
	path   string
	writer *writer
	read   *sql.DB
	reads  statements
}

// Open opens the database at path and makes it when there is none, readable by
// its owner only. The folder has to be there. A file of an older version is
// brought up to date.
func Open(ctx context.Context, path string) (*DB, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	fresh, err := prepare(abs)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", abs, err)
	}
	db, err := open(ctx, abs)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", abs, damaged(err))
	}
	if fresh {
		if err := syncFolder(filepath.Dir(abs)); err != nil {
			return nil, errors.Join(fmt.Errorf("open database %s: %w", abs, err), db.Close())
		}
	}
	return db, nil
}

func open(ctx context.Context, path string) (_ *DB, err error) {
	write, err := sql.Open("sqlite", dsn(path, false))
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, write.Close())
		}
	}()
	write.SetMaxOpenConns(1)
	conn, err := write.Conn(ctx)
	if err != nil {
		return nil, err
	}
	if err := identify(ctx, conn); err != nil {
		return nil, err
	}
	if err := checkSmall(ctx, conn, path); err != nil {
		return nil, err
	}
	// Not before the file is known to be ours: it changes the file.
	if err := writeAhead(ctx, conn); err != nil {
		return nil, fmt.Errorf("set journal mode: %w", err)
	}
	if err := migrate(ctx, conn); err != nil {
		return nil, err
	}
	read, err := sql.Open("sqlite", dsn(path, true))
	if err != nil {
		return nil, err
	}
	read.SetMaxOpenConns(readers)
	read.SetMaxIdleConns(readers)
	return &DB{path: path, writer: newWriter(write, conn), read: read, reads: statements{db: read}}, nil
}

// busyFor is how long a change waits for other processes, and busyPause how long a
// change that SQLite itself does not wait for rests between two tries.
const (
	busyFor   = 5 * time.Second
	busyPause = 5 * time.Millisecond
)

// writeAhead turns the log of changes on. For the lock that this takes in a new file
// SQLite does not wait: of two who have begun to read neither would let the other go
// first.
func writeAhead(ctx context.Context, conn *sql.Conn) error {
	for until := time.Now().Add(busyFor); ; {
		_, err := conn.ExecContext(ctx, "PRAGMA journal_mode = wal")
		if code(err) != codes.SQLITE_BUSY || time.Now().After(until) {
			return err
		}
		select {
		case <-time.After(busyPause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Close ends the database after the writes that were handed in.
func (db *DB) Close() error {
	// The last connection to close tidies up, and has to be allowed to write.
	err := db.read.Close()
	return errors.Join(err, db.writer.close())
}

// Check looks for damage in the whole file; it takes as long as reading it.
func (db *DB) Check(ctx context.Context) error {
	conn, err := db.read.Conn(ctx)
	if err != nil {
		return fmt.Errorf("check database: %w", err)
	}
	defer func() { _ = conn.Close() }() // it goes back to the pool
	if err := quickCheck(ctx, conn); err != nil {
		return fmt.Errorf("check database %s: %w", db.path, damaged(err))
	}
	return nil
}

// Able reports whether the database can be read and, as far as is known, changed. One
// in which damage was found can't be, for as long as it is open: ErrDamaged. It
// changes something only to find out whether a disk that took no change before does
// now.
func (db *DB) Able(ctx context.Context) error {
	if broken := db.writer.damage.Load(); broken != nil {
		return *broken
	}
	if _, err := db.Version(ctx); err != nil {
		return err
	}
	if db.writer.sick.Load() == nil {
		return nil
	}
	err := db.writer.write(ctx, func(ctx context.Context, tx *prepared) error {
		// What stays as it is would not be written.
		if err := tx.exec(ctx, "UPDATE accounts_version SET n = n + 1"); err != nil {
			return err
		}
		return tx.exec(ctx, "UPDATE accounts_version SET n = n - 1")
	})
	if err != nil {
		return fmt.Errorf("write to the database: %w", err)
	}
	return nil
}

// DataVersion returns a number that differs after another process changed the
// database; it tells nothing of this one's own changes.
func (db *DB) DataVersion(ctx context.Context) (int64, error) {
	var n int64
	err := db.writer.between(ctx, func(conn *sql.Conn) error {
		return conn.QueryRowContext(ctx, "PRAGMA data_version").Scan(&n)
	})
	if err != nil {
		return 0, fmt.Errorf("read data version: %w", err)
	}
	return n, nil
}

// dsn names the file and how to use it. Only what full sync has written is
// acknowledged: anything less loses it in a power cut.
func dsn(path string, readOnly bool) string {
	q := url.Values{
		"_txlock": {"immediate"},
		"_dqs":    {"0"},
		"_pragma": {
			fmt.Sprintf("busy_timeout(%d)", busyFor.Milliseconds()), "synchronous(full)", "foreign_keys(on)",
			"secure_delete(on)", "trusted_schema(off)", "cell_size_check(on)",
		},
	}
	if readOnly {
		q.Set("_query_only", "1")
	}
	return (&url.URL{Scheme: "file", Path: path, RawQuery: q.Encode()}).String()
}

// prepare makes an empty file for its owner only, or looks at the one there.
func prepare(path string) (fresh bool, err error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err == nil {
		return true, f.Close()
	}
	if !errors.Is(err, fs.ErrExist) {
		return false, err
	}
	f, err = os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return false, err
	}
	defer func() { _ = f.Close() }() // nothing was written through it
	info, err := f.Stat()
	if err != nil {
		return false, err
	}
	if !info.Mode().IsRegular() {
		return false, fmt.Errorf("%w: it is no regular file", ErrDamaged)
	}
	if info.Size() == 0 {
		return true, f.Chmod(0o600) // the first start was cut short
	}
	head := make([]byte, len(magic))
	if _, err := io.ReadFull(f, head); err != nil || !bytes.Equal(head, []byte(magic)) {
		return false, fmt.Errorf("%w: it does not begin like a database", ErrDamaged)
	}
	return false, f.Chmod(0o600)
}

// identify refuses databases of other programs.
func identify(ctx context.Context, conn *sql.Conn) error {
	var id, tables int64
	// In this order: another process may make the tables meanwhile, and it marks
	// the file in the same transaction.
	if err := conn.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema").Scan(&tables); err != nil {
		return err
	}
	if err := conn.QueryRowContext(ctx, "PRAGMA application_id").Scan(&id); err != nil {
		return err
	}
	if id != applicationID && (id != 0 || tables > 0) {
		return fmt.Errorf("%w: it belongs to another program", ErrDamaged)
	}
	return nil
}

func checkSmall(ctx context.Context, conn *sql.Conn, path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.Size() > checkedSize {
		return nil
	}
	return quickCheck(ctx, conn)
}

func quickCheck(ctx context.Context, conn *sql.Conn) error {
	var verdict string
	if err := conn.QueryRowContext(ctx, "PRAGMA quick_check(1)").Scan(&verdict); err != nil {
		return err
	}
	if verdict != "ok" {
		return fmt.Errorf("%w: %s", ErrDamaged, verdict)
	}
	return nil
}

// damaged marks SQLite's own complaints about a file.
func damaged(err error) error {
	switch code(err) {
	case codes.SQLITE_CORRUPT, codes.SQLITE_NOTADB:
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	default:
		return err
	}
}

// code is SQLite's primary code of an error, 0 for any other error.
func code(err error) int {
	if e, ok := errors.AsType[*lib.Error](err); ok {
		return e.Code() & 0xff
	}
	return 0
}

// syncFolder makes a new file's name durable.
func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
