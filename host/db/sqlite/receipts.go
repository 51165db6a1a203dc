package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jarvis-host/jarvis/host/effect"
	"github.com/jarvis-host/jarvis/host/turn"
)

var _ effect.Store = (*DB)(nil)

// PutReceipt implements effect.Store.
func (db *DB) PutReceipt(ctx context.Context, r effect.Receipt) error {
	err := db.writer.write(ctx, func(ctx context.Context, tx *prepared) error {
		return tx.exec(ctx, `INSERT INTO receipts (id, user, session, turn, request, plugin, tool, origin, locale, zone, args, data, state, summary, at, ended, undoable, redress, redressed, redresser, redress_key, redress_text)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET state = excluded.state, summary = excluded.summary, data = excluded.data, at = excluded.at, ended = excluded.ended`,
			r.ID, r.User, r.Session, r.Turn, r.RequestID, r.Plugin, r.Tool, string(r.Origin), r.Locale, r.Zone, []byte(r.Args), nullable(r.Data),
			string(r.State), r.Summary, kept(r.At), keptIfSet(r.Ended), r.Undoable, string(r.Redress), keptIfSet(r.Redressed),
			r.Redresser, r.RedressKey, r.RedressText)
	})
	if err != nil {
		return fmt.Errorf("keep receipt: %w", err)
	}
	return nil
}

// nullable is NULL for no JSON.
func nullable(raw json.RawMessage) any {
	if raw == nil {
		return nil
	}
	return []byte(raw)
}

// EndReceipt implements effect.Store.
func (db *DB) EndReceipt(ctx context.Context, id string, state turn.ToolState, summary string, data json.RawMessage, ended time.Time) error {
	err := db.writer.write(ctx, func(ctx context.Context, tx *prepared) error {
		n, err := tx.change(ctx, `UPDATE receipts SET state = ?, summary = ?, data = ?, ended = ? WHERE id = ?`,
			string(state), summary, nullable(data), kept(ended), id)
		if err == nil && n == 0 {
			return effect.ErrNotFound
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("end receipt: %w", err)
	}
	return nil
}

const receiptColumns = `SELECT key, id, user, session, turn, request, plugin, tool, origin, locale, zone, args, data, state, summary, at, ended, undoable, redress, redressed, redresser, redress_key, redress_text
	FROM receipts `

// numbered is a receipt with its place.
type numbered struct {
	effect.Receipt
	key int64
}

func scanReceipt(r row) (n numbered, err error) {
	var args, data []byte
	var at, ended, redressed micros
	err = r.Scan(&n.key, &n.ID, &n.User, &n.Session, &n.Turn, &n.RequestID, &n.Plugin, &n.Tool, &n.Origin, &n.Locale, &n.Zone, &args, &data,
		&n.State, &n.Summary, &at, &ended, &n.Undoable, &n.Redress, &redressed, &n.Redresser, &n.RedressKey, &n.RedressText)
	n.Args, n.Data, n.At, n.Ended, n.Redressed = args, data, at.time(), ended.set(), redressed.set()
	return n, err
}

// keptIfSet is 0 for a time that is not set.
func keptIfSet(t time.Time) micros {
	if t.IsZero() {
		return 0
	}
	return kept(t)
}

func (m micros) set() time.Time {
	if m == 0 {
		return time.Time{}
	}
	return m.time()
}

// Receipt implements effect.Store.
func (db *DB) Receipt(ctx context.Context, id string) (effect.Receipt, error) {
	all, err := list(ctx, db, scanReceipt, receiptColumns+`WHERE id = ?`, id)
	switch {
	case err != nil:
		return effect.Receipt{}, fmt.Errorf("read receipt: %w", err)
	case len(all) == 0:
		return effect.Receipt{}, effect.ErrNotFound
	default:
		return all[0].Receipt, nil
	}
}

// Receipts implements effect.Store.
func (db *DB) Receipts(ctx context.Context, q effect.Query) (items []effect.Receipt, next string, err error) {
	if q.Limit <= 0 {
		return nil, "", nil
	}
	var where []string
	var args []any
	only := func(condition string, arg any) { where, args = append(where, condition), append(args, arg) }
	for column, value := range map[string]string{"user": q.User, "session": q.Session, "plugin": q.Plugin} {
		if value != "" {
			only(column+" = ?", value)
		}
	}
	if q.After != "" {
		var key int64
		err := db.one(ctx, `SELECT key FROM receipts WHERE id = ?`, []any{q.After}, []any{&key})
		if errors.Is(err, sql.ErrNoRows) {
			return nil, "", effect.ErrCursor
		}
		if err != nil {
			return nil, "", fmt.Errorf("list receipts: %w", err)
		}
		only("key < ?", key)
	}
	query := receiptColumns
	if len(where) > 0 {
		query += "WHERE " + strings.Join(where, " AND ")
	}
	all, err := list(ctx, db, scanReceipt, query+" ORDER BY key DESC LIMIT ?", append(args, q.Limit+1)...)
	if err != nil {
		return nil, "", fmt.Errorf("list receipts: %w", err)
	}
	for _, r := range all[:min(len(all), q.Limit)] {
		items = append(items, r.Receipt)
	}
	if len(all) > q.Limit {
		next = items[len(items)-1].ID
	}
	return items, next, nil
}

// Redress implements effect.Store.
func (db *DB) Redress(ctx context.Context, id string, from effect.Redress, to effect.Attempt) (done bool, err error) {
	err = db.writer.write(ctx, func(ctx context.Context, tx *prepared) error {
		n, err := tx.change(ctx, `UPDATE receipts SET redress = ?, redressed = ?, redresser = ?, redress_key = ?, redress_text = ? WHERE id = ? AND redress = ?`,
			string(to.Redress), kept(to.At), to.User, to.Key, to.Text, id, string(from))
		done = n > 0
		return err
	})
	if err != nil {
		return false, fmt.Errorf("change receipt: %w", err)
	}
	return done, nil
}

// Abandon implements effect.Store.
func (db *DB) Abandon(ctx context.Context) error {
	err := db.writer.write(ctx, func(ctx context.Context, tx *prepared) error {
		return tx.exec(ctx, `UPDATE receipts SET redress = ? WHERE redress = ?`, string(effect.Unknown), string(effect.Trying))
	})
	if err != nil {
		return fmt.Errorf("change receipts: %w", err)
	}
	return nil
}

// PruneReceipts implements effect.Store.
func (db *DB) PruneReceipts(ctx context.Context, old effect.Horizon) error {
	err := db.writer.write(ctx, func(ctx context.Context, tx *prepared) error {
		if err := tx.exec(ctx, `DELETE FROM receipts WHERE at < ?`, kept(old.Receipts)); err != nil {
			return err
		}
		return tx.exec(ctx, `UPDATE receipts SET data = NULL WHERE data IS NOT NULL AND at < ?`, kept(old.Data))
	})
	if err != nil {
		return fmt.Errorf("prune receipts: %w", err)
	}
	return nil
}
