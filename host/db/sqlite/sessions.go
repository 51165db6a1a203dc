package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/jarvis-host/jarvis/host/session"
	"github.com/jarvis-host/jarvis/host/turn"
)

var _ session.Store = (*DB)(nil)

// The types of frames that are looked for: what begins and ends a turn, and the
// steps of its calls.
const (
	frameAccepted = "accepted"
	frameTool     = "tool"
	frameDone     = "done"
)

// CreateSession implements session.Store.
func (db *DB) CreateSession(ctx context.Context, m session.Meta, entries ...session.Entry) error {
	err := db.writer.write(ctx, func(ctx context.Context, tx *prepared) error {
		err := tx.exec(ctx, `INSERT INTO sessions (id, user, title, created, updated, seq) VALUES (?, ?, ?, ?, ?, 0)`,
			m.ID, m.User, m.Title, kept(m.Created), kept(m.Updated))
		if err != nil || len(entries) == 0 {
			return err
		}
		return add(ctx, tx, m.ID, entries)
	})
	return wrap("create session", err)
}

// Append implements session.Store.
func (db *DB) Append(ctx context.Context, id string, entries ...session.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	err := db.writer.write(ctx, func(ctx context.Context, tx *prepared) error { return add(ctx, tx, id, entries) })
	return wrap("append to session", err)
}

// add keeps entries in a transaction.
func add(ctx context.Context, tx *prepared, id string, entries []session.Entry) error {
	key, err := advance(ctx, tx, id, entries)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := addFrame(ctx, tx, key, e); err != nil {
			return err
		}
		if m := e.Message; m != nil {
			if err := addMessage(ctx, tx, key, m); err != nil {
				return err
			}
		}
		for _, v := range e.Vars {
			if err := setVar(ctx, tx, id, v.Name, v.Value); err != nil {
				return err
			}
		}
	}
	return nil
}

// addMessage adds a message, and its words to the index.
func addMessage(ctx context.Context, tx *prepared, key int64, m *turn.Message) error {
	words := strings.Join(session.Words(m.Text), " ")
	err := tx.exec(ctx, `INSERT INTO messages (session, id, turn, role, text, words, at, state, aside) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		key, m.ID, m.Turn, string(m.Role), m.Text, words, kept(m.At), string(m.State), m.Foreign)
	if err != nil {
		return err
	}
	return tx.exec(ctx, `INSERT INTO search (rowid, words) VALUES (last_insert_rowid(), ?)`, words)
}

// advance moves a session's seq over the entries and returns its key. It is no
// UPDATE with RETURNING, which begins with a savepoint: the index of words would
// write itself out for it.
func advance(ctx context.Context, tx *prepared, id string, entries []session.Entry) (key int64, err error) {
	var seq int64
	updated := micros(-1 << 62)
	for _, e := range entries {
		if e.Message != nil {
			updated = max(updated, kept(e.Message.At))
		}
	}
	if err := tx.row(ctx, `SELECT key, seq FROM sessions WHERE id = ?`, []any{id}, []any{&key, &seq}); err != nil {
		return 0, err
	}
	for _, e := range entries {
		if seq++; e.Frame.Seq != seq {
			return 0, fmt.Errorf("frame's seq is %d, want %d", e.Frame.Seq, seq)
		}
	}
	return key, tx.exec(ctx, `UPDATE sessions SET seq = ?, updated = max(updated, ?) WHERE key = ?`, seq, updated, key)
}

func addFrame(ctx context.Context, tx *prepared, key int64, e session.Entry) error {
	f := e.Frame
	client := sql.NullString{String: e.ClientID, Valid: e.ClientID != ""}
	err := tx.exec(ctx, `INSERT INTO frames (session, seq, turn, type, client, body) VALUES (?, ?, ?, ?, ?, ?)`,
		key, f.Seq, f.Turn, f.Type, client, f.Body)
	if err != nil {
		return err
	}
	switch f.Type {
	case frameAccepted:
		return tx.exec(ctx, `INSERT OR IGNORE INTO open_turns (session, turn, seq) VALUES (?, ?, ?)`, key, f.Turn, f.Seq)
	case frameDone:
		return tx.exec(ctx, `DELETE FROM open_turns WHERE session = ? AND turn = ?`, key, f.Turn)
	default:
		return nil
	}
}

// Session implements session.Store.
func (db *DB) Session(ctx context.Context, user, id string) (session.Meta, error) {
	m := session.Meta{ID: id, User: user}
	var created, updated micros
	err := db.one(ctx, `SELECT title, created, updated FROM sessions WHERE id = ? AND user = ?`,
		[]any{id, user}, []any{&m.Title, &created, &updated})
	if err != nil {
		return session.Meta{}, wrap("read session", err)
	}
	m.Created, m.Updated = created.time(), updated.time()
	return m, nil
}

// Owner is whose session it is, or session.ErrNotFound.
func (db *DB) Owner(ctx context.Context, id string) (user string, err error) {
	err = db.one(ctx, `SELECT user FROM sessions WHERE id = ?`, []any{id}, []any{&user})
	return user, wrap("read session", err)
}

// Sessions implements session.Store.
func (db *DB) Sessions(ctx context.Context, user, after string, limit int) ([]session.Meta, string, error) {
	updated, key, err := readCursor(after)
	if err != nil {
		return nil, "", err
	}
	type entry struct {
		meta    session.Meta
		updated micros
		key     int64
	}
	items, err := list(ctx, db, func(r row) (e entry, err error) {
		var created micros
		err = r.Scan(&e.key, &e.meta.ID, &e.meta.Title, &created, &e.updated)
		e.meta.User, e.meta.Created, e.meta.Updated = user, created.time(), e.updated.time()
		return e, err
	}, `SELECT key, id, title, created, updated FROM sessions
		WHERE user = ? AND (updated, key) < (?, ?) ORDER BY updated DESC, key DESC LIMIT ?`, user, updated, key, limit+1)
	if err != nil {
		return nil, "", wrap("list sessions", err)
	}
	next := ""
	if len(items) > limit {
		items = items[:limit]
		last := items[limit-1]
		next = strconv.FormatInt(int64(last.updated), 36) + "." + strconv.FormatInt(last.key, 36)
	}
	metas := make([]session.Meta, len(items))
	for i, e := range items {
		metas[i] = e.meta
	}
	return metas, next, nil
}

// readCursor reads a cursor of Sessions; the empty one is before all.
func readCursor(s string) (updated, key int64, err error) {
	if s == "" {
		return 1<<63 - 1, 1<<63 - 1, nil
	}
	first, second, _ := strings.Cut(s, ".")
	updated, err1 := strconv.ParseInt(first, 36, 64)
	key, err2 := strconv.ParseInt(second, 36, 64)
	if err1 != nil || err2 != nil {
		return 0, 0, fmt.Errorf("%w %q", session.ErrCursor, s)
	}
	return updated, key, nil
}

// RenameSession implements session.Store.
func (db *DB) RenameSession(ctx context.Context, user, id, title string) error {
	err := db.writer.write(ctx, func(ctx context.Context, tx *prepared) error {
		return some(tx.change(ctx, `UPDATE sessions SET title = ? WHERE id = ? AND user = ?`, title, id, user))
	})
	return wrap("rename session", err)
}

// DeleteSession implements session.Store.
func (db *DB) DeleteSession(ctx context.Context, user, id string) error {
	err := db.writer.erase(ctx, func(ctx context.Context, tx *prepared) error {
		return some(tx.change(ctx, `DELETE FROM sessions WHERE id = ? AND user = ?`, id, user))
	})
	return wrap("delete session", err)
}

// OpenTurns implements session.Store.
func (db *DB) OpenTurns(ctx context.Context) ([]session.OpenTurn, error) {
	open, err := list(ctx, db, func(r row) (t session.OpenTurn, err error) {
		f := &t.Accepted
		err = r.Scan(&t.Session, &t.User, &t.Turn, &f.Seq, &f.Type, &f.Body)
		f.Turn = t.Turn
		return t, err
	}, `SELECT s.id, s.user, o.turn, f.seq, f.type, f.body FROM open_turns o
		JOIN sessions s ON s.key = o.session JOIN frames f ON f.session = o.session AND f.seq = o.seq
		ORDER BY o.session, o.seq`)
	return open, wrap("list open turns", err)
}

// Var implements session.Store.
func (db *DB) Var(ctx context.Context, id, name string) ([]byte, error) {
	var value []byte
	err := db.one(ctx, `SELECT v.value FROM sessions s LEFT JOIN vars v ON v.session = s.key AND v.name = ? WHERE s.id = ?`,
		[]any{name, id}, []any{&value})
	return value, wrap("read variable", err)
}

// SetVar implements session.Store.
func (db *DB) SetVar(ctx context.Context, id, name string, value []byte) error {
	err := db.writer.write(ctx, func(ctx context.Context, tx *prepared) error { return setVar(ctx, tx, id, name, value) })
	return wrap("set variable", err)
}

func setVar(ctx context.Context, tx *prepared, id, name string, value []byte) error {
	if value == nil {
		return tx.exec(ctx, `DELETE FROM vars WHERE name = ? AND session = (SELECT key FROM sessions WHERE id = ?)`, name, id)
	}
	return some(tx.change(ctx, `INSERT INTO vars (session, name, value) SELECT key, ?, ? FROM sessions WHERE id = ?
		ON CONFLICT (session, name) DO UPDATE SET value = excluded.value`, name, value, id))
}

// some is sql.ErrNoRows when nothing changed.
func some(changed int64, err error) error {
	if err == nil && changed == 0 {
		return sql.ErrNoRows
	}
	return err
}

// wrap says what failed. No row is a session that is not there.
func wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, sql.ErrNoRows) {
		err = session.ErrNotFound
	}
	return fmt.Errorf("%s: %w", doing, err)
}
