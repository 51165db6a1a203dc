package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jarvis-host/jarvis/host/notice"
)

var _ notice.Store = (*DB)(nil)

// PutNotice implements notice.Store.
func (db *DB) PutNotice(ctx context.Context, n notice.Notice, limit int) error {
	err := db.writer.write(ctx, func(ctx context.Context, tx *prepared) error {
		var open int
		if err := tx.row(ctx, `SELECT count(*) FROM notices WHERE user = ? AND plugin = ?`, []any{n.User, n.Plugin}, []any{&open}); err != nil {
			return err
		}
		if open >= limit {
			return fmt.Errorf("%w: at most %d may be", notice.ErrTooMany, limit)
		}
		return tx.exec(ctx, `INSERT INTO notices (user, id, plugin, kind, text, due, late, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
			n.User, n.ID, n.Plugin, n.Kind, n.Text, kept(n.Due), n.Late, kept(n.Created))
	})
	if err != nil {
		return fmt.Errorf("keep notice: %w", err)
	}
	return nil
}

const noticeColumns = `SELECT user, id, plugin, kind, text, due, late, created FROM notices `

func scanNotice(r row) (n notice.Notice, err error) {
	var due, created micros
	err = r.Scan(&n.User, &n.ID, &n.Plugin, &n.Kind, &n.Text, &due, &n.Late, &created)
	n.Due, n.Created = due.time(), created.time()
	return n, err
}

// OpenNotices implements notice.Store.
func (db *DB) OpenNotices(ctx context.Context, user string) ([]notice.Notice, error) {
	all, err := list(ctx, db, scanNotice, noticeColumns+`WHERE user = ? ORDER BY created, id`, user)
	if err != nil {
		return nil, fmt.Errorf("list notices: %w", err)
	}
	return all, nil
}

// CloseNotice implements notice.Store.
func (db *DB) CloseNotice(ctx context.Context, user, id string) (n notice.Notice, err error) {
	err = db.writer.write(ctx, func(ctx context.Context, tx *prepared) error {
		var due, created micros
		err := tx.row(ctx, noticeColumns+`WHERE user = ? AND id = ?`, []any{user, id},
			[]any{&n.User, &n.ID, &n.Plugin, &n.Kind, &n.Text, &due, &n.Late, &created})
		if errors.Is(err, sql.ErrNoRows) {
			return notice.ErrNotFound
		}
		if err != nil {
			return err
		}
		n.Due, n.Created = due.time(), created.time()
		return tx.exec(ctx, `DELETE FROM notices WHERE user = ? AND id = ?`, user, id)
	})
	if err != nil {
		return notice.Notice{}, fmt.Errorf("close notice: %w", err)
	}
	return n, nil
}
