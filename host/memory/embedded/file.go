package embedded

import (
	"context"
	"database/sql"
	_ "embed"
	"errors"
	"fmt"
	"net/url"
	"os"
	"sync"

	lib "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"

	"github.com/jarvis-host/jarvis/host/memory"
)

//go:embed schema.sql
var schema string

const (
	// applicationID marks the file as ours: "jrvm".
	applicationID = 0x6a72766d
	version       = 1
	readers       = 4
)

// file is the open memory of one owner.
type file struct {
	path string
	db   *sql.DB

	writing sync.Mutex // one writer at a time; other processes wait in SQLite

	mu    sync.Mutex
	stats *figures // what searches need of the whole file; nil is unknown

	vectorLock sync.Mutex
	vectors    *nearby // of one model; nil is unknown
}

func dsn(path string) string {
	q := url.Values{"_txlock": {"immediate"}, "_pragma": {
		"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(ON)",
		"secure_delete(ON)", "temp_store(MEMORY)", "cache_size(-8192)",
	}}
	return (&url.URL{Scheme: "file", OmitHost: true, Path: path, RawQuery: q.Encode()}).String()
}

func openFile(ctx context.Context, path, user string) (*file, error) {
	made, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := made.Close(); err != nil {
		return nil, err
	}
	db, err := sql.Open("sqlite", dsn(path))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(readers)
	f := &file{path: path, db: db}
	if err := f.prepare(ctx, user); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, damaged(err)), db.Close())
	}
	return f, nil
}

// prepare makes the tables of a new file, and checks whose an old one is.
func (f *file) prepare(ctx context.Context, user string) error {
	tx, err := f.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	var id, v int
	if err := errors.Join(tx.QueryRowContext(ctx, "PRAGMA application_id").Scan(&id), tx.QueryRowContext(ctx, "PRAGMA user_version").Scan(&v)); err != nil {
		return err
	}
	switch {
	case id == 0 && v == 0:
		if _, err := tx.ExecContext(ctx, schema+indexSchema); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d", applicationID, version)); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "INSERT INTO meta VALUES ('user', ?)", user); err != nil {
			return err
		}
	case id != applicationID:
		return memory.ErrDamaged
	case v > version:
		return fmt.Errorf("memory is of a newer version of the program: %d, not %d", v, version)
	}
	var owner string
	if err := tx.QueryRowContext(ctx, "SELECT value FROM meta WHERE name = 'user'").Scan(&owner); err != nil {
		return err
	}
	if owner != user {
		return fmt.Errorf("memory belongs to another owner: %w", memory.ErrDamaged)
	}
	return tx.Commit()
}

// ownerIn reads whose a file is.
func ownerIn(ctx context.Context, path string) (user string, err error) {
	db, err := sql.Open("sqlite", dsn(path))
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	err = db.QueryRowContext(ctx, "SELECT value FROM meta WHERE name = 'user'").Scan(&user)
	return user, damaged(err)
}

func (f *file) close() error { return f.db.Close() }

// change runs do in one transaction, synced when it returns.
func (f *file) change(ctx context.Context, do func(tx *sql.Tx) error) error {
	f.writing.Lock()
	defer f.writing.Unlock()
	tx, err := f.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if err := do(tx); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, countChange); err != nil {
		return err
	}
	return tx.Commit()
}

// clear deletes every row and takes the log of changes back into the file.
func (f *file) clear(ctx context.Context) error {
	err := f.change(ctx, func(tx *sql.Tx) error {
		if err := emptyIndex(ctx, tx); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, `DELETE FROM fact_sources; DELETE FROM facts;
			DELETE FROM episodes; DELETE FROM changes; DELETE FROM vectors`)
		return err
	})
	f.forget()
	f.dropVectors()
	return errors.Join(err, f.truncate(ctx))
}

// truncate empties the write-ahead log: what was deleted is in its old pages.
func (f *file) truncate(ctx context.Context) error {
	var busy, frames, moved int
	err := f.db.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &frames, &moved)
	if err == nil && busy != 0 {
		err = errors.New("another reader holds the log of changes; deleted text stays in it until the next deletion")
	}
	return err
}

// damaged turns SQLite's words for a broken file into ours.
func damaged(err error) error {
	if e, ok := errors.AsType[*lib.Error](err); ok {
		switch e.Code() & 0xff {
		case codes.SQLITE_CORRUPT, codes.SQLITE_NOTADB:
			return fmt.Errorf("%w (%w)", memory.ErrDamaged, err)
		}
	}
	return err
}

// taken says whether an error is the violation of a unique constraint.
func taken(err error) bool {
	e, ok := errors.AsType[*lib.Error](err)
	return ok && (e.Code() == codes.SQLITE_CONSTRAINT_UNIQUE || e.Code() == codes.SQLITE_CONSTRAINT_PRIMARYKEY)
}
