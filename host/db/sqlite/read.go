package sqlite

import (
	"context"
	"database/sql"
	"sync"
	"time"
)

// statements keeps the reading statements compiled.
type statements struct {
	db  *sql.DB
	all sync.Map // query -> *sql.Stmt
}

func (s *statements) get(ctx context.Context, query string) (*sql.Stmt, error) {
	if v, ok := s.all.Load(query); ok {
		return v.(*sql.Stmt), nil
	}
	stmt, err := s.db.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	if v, loaded := s.all.LoadOrStore(query, stmt); loaded {
		return v.(*sql.Stmt), stmt.Close()
	}
	return stmt, nil
}

// one reads the one row of a query into dest, or returns sql.ErrNoRows.
func (db *DB) one(ctx context.Context, query string, args, dest []any) (err error) {
	defer func() { db.writer.saw(err) }()
	stmt, err := db.reads.get(ctx, query)
	if err != nil {
		return err
	}
	return stmt.QueryRowContext(ctx, args...).Scan(dest...)
}

// list reads all rows of a query, each with scan.
func list[T any](ctx context.Context, db *DB, scan func(row) (T, error), query string, args ...any) (items []T, err error) {
	defer func() { db.writer.saw(err) }()
	stmt, err := db.reads.get(ctx, query)
	if err != nil {
		return nil, err
	}
	rows, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		return nil, err
	}
	defer func() { _ = rows.Close() }() // rows.Err tells what went wrong
	for rows.Next() {
		item, err := scan(rows)
		if err != nil {
			return nil, err
		}
		items = append(items, item)
	}
	return items, rows.Err()
}

// row is a row that can be read.
type row interface{ Scan(dest ...any) error }

// micros is a time as it is kept.
type micros int64

func kept(t time.Time) micros { return micros(t.UnixMicro()) }

func (m micros) time() time.Time { return time.UnixMicro(int64(m)).UTC() }
