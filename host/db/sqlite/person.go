package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"
)

// personal is all that is kept of one person, a query a kind. No secret is among
// it: a key's hash is none of the person's data.
var personal = []struct{ kind, query string }{
	{"user", `SELECT id, name, role, lang, zone, plugins, created, service FROM users WHERE id = ?`},
	{"key", `SELECT id, label, kind, created, expires, revoked FROM keys WHERE user = ? ORDER BY created, id`},
	{"session", `SELECT id, title, created, updated FROM sessions WHERE user = ? ORDER BY key`},
	{"message", `SELECT s.id AS session, m.id, m.turn, m.role, m.text, m.at, m.state FROM messages m JOIN sessions s ON s.key = m.session
		WHERE s.user = ? ORDER BY m.key`},
	{"frame", `SELECT s.id AS session, f.seq, f.turn, f.type, f.client, f.body FROM frames f JOIN sessions s ON s.key = f.session
		WHERE s.user = ? ORDER BY f.session, f.seq`},
	{"variable", `SELECT s.id AS session, v.name, v.value FROM vars v JOIN sessions s ON s.key = v.session WHERE s.user = ? ORDER BY v.session, v.name`},
	{"usage", `SELECT day, provider, model, requests, prompt, completion, cost FROM model_usage WHERE user = ? ORDER BY day, provider, model`},
	{"value", `SELECT plugin, name, data, expires, at FROM plugin_values WHERE scope = 1 AND owner = ?1
		OR scope = 2 AND owner IN (SELECT id FROM sessions WHERE user = ?1) ORDER BY plugin, name`},
	{"plan", `SELECT plugin, name, session, locale, zone, spec, due FROM plans WHERE user = ? ORDER BY plugin, name`},
	{"receipt", `SELECT id, session, turn, request, plugin, tool, origin, args, data, state, summary, at, ended, undoable, redress, redressed, redresser, redress_text
		FROM receipts WHERE user = ? ORDER BY key`},
	{"run", `SELECT answer, at FROM runs WHERE user = ? ORDER BY at, key`},
	{"notice", `SELECT id, plugin, kind, text, due, late, created FROM notices WHERE user = ? ORDER BY created, id`},
}

// Personal calls each with every row that is kept of a person, by kind, as of one
// moment.
func (db *DB) Personal(ctx context.Context, user string, each func(kind string, row map[string]any) error) (err error) {
	tx, err := db.reads.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return fmt.Errorf("read what is kept of a person: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // it only read
	for _, p := range personal {
		if err := personalRows(ctx, tx, p.query, user, func(row map[string]any) error { return each(p.kind, row) }); err != nil {
			return fmt.Errorf("read what is kept of a person: %s: %w", p.kind, err)
		}
	}
	return nil
}

func personalRows(ctx context.Context, tx *sql.Tx, query, user string, each func(map[string]any) error) (err error) {
	rows, err := tx.QueryContext(ctx, query, user)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	for rows.Next() {
		values, into := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			into[i] = &values[i]
		}
		if err := rows.Scan(into...); err != nil {
			return err
		}
		row := map[string]any{}
		for i, name := range columns {
			row[name] = legible(name, values[i])
		}
		if err := each(row); err != nil {
			return err
		}
	}
	return rows.Err()
}

// moments are the columns that hold a time.
var moments = []string{"created", "updated", "at", "expires", "revoked", "due", "ended", "redressed"}

// legible is a column's value as a person may read it: times, and what is JSON
// or text inside.
func legible(name string, v any) any {
	switch v := v.(type) {
	case int64:
		if !slices.Contains(moments, name) {
			return v
		}
		if v == 0 {
			return nil
		}
		return time.UnixMicro(v).UTC().Format(time.RFC3339Nano)
	case []byte:
		if json.Valid(v) {
			return json.RawMessage(v)
		}
		if utf8.Valid(v) {
			return string(v)
		}
		return v // base64
	default:
		return v
	}
}
