package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jarvis-host/jarvis/host/session"
	"github.com/jarvis-host/jarvis/host/turn"
)

// LastSeq implements session.Store.
func (db *DB) LastSeq(ctx context.Context, id string) (int64, error) {
	var seq int64
	err := db.one(ctx, `SELECT seq FROM sessions WHERE id = ?`, []any{id}, []any{&seq})
	return seq, wrap("read last seq", err)
}

// Frames implements session.Store.
func (db *DB) Frames(ctx context.Context, id string, after int64, limit int) ([]session.Frame, error) {
	key, err := db.key(ctx, id)
	if err != nil {
		return nil, wrap("read frames", err)
	}
	frames, err := list(ctx, db, func(r row) (f session.Frame, err error) {
		err = r.Scan(&f.Seq, &f.Turn, &f.Type, &f.Body)
		return f, err
	}, `SELECT seq, turn, type, body FROM frames WHERE session = ? AND seq > ? ORDER BY seq LIMIT ?`, key, after, limit)
	return frames, wrap("read frames", err)
}

// Steps implements session.Store.
func (db *DB) Steps(ctx context.Context, id string, limit int) ([]session.Frame, error) {
	key, err := db.key(ctx, id)
	if err != nil {
		return nil, wrap("read steps", err)
	}
	frames, err := list(ctx, db, func(r row) (f session.Frame, err error) {
		err = r.Scan(&f.Seq, &f.Turn, &f.Type, &f.Body)
		return f, err
	}, `SELECT seq, turn, type, body FROM frames WHERE session = ? AND type IN (?, ?) ORDER BY seq DESC LIMIT ?`,
		key, frameAccepted, frameTool, limit)
	slices.Reverse(frames)
	return frames, wrap("read steps", err)
}

// Accepted implements session.Store.
func (db *DB) Accepted(ctx context.Context, id, clientID string) (session.Frame, bool, error) {
	var f session.Frame
	var seq sql.NullInt64 // none where only the session is there
	err := db.one(ctx, `SELECT f.seq, coalesce(f.turn, ''), coalesce(f.type, ''), f.body
		FROM sessions s LEFT JOIN frames f ON f.session = s.key AND f.client = ? WHERE s.id = ?`,
		[]any{clientID, id}, []any{&seq, &f.Turn, &f.Type, &f.Body})
	f.Seq = seq.Int64
	return f, seq.Valid, wrap("read accepted frame", err)
}

// Spoken is the session of an end user that has an accepted frame with the id that
// an Idempotency-Key becomes (it begins with i-), and the frame; false: there is
// none.
func (db *DB) Spoken(ctx context.Context, user, clientID string) (id string, f session.Frame, ok bool, err error) {
	err = db.one(ctx, spoken, []any{clientID, user}, []any{&id, &f.Seq, &f.Turn, &f.Type, &f.Body})
	if errors.Is(err, sql.ErrNoRows) {
		return "", session.Frame{}, false, nil
	}
	return id, f, err == nil, wrap("find accepted frame", err)
}

// spoken looks into no session but those that have the frame.
const spoken = `SELECT s.id, f.seq, f.turn, f.type, f.body FROM frames f INDEXED BY frames_by_key JOIN sessions s ON s.key = f.session
	WHERE f.client = ? AND f.client >= 'i-' AND f.client < 'i.' AND s.user = ? LIMIT 1`

// stored is a message with its place in the order of all.
type stored struct {
	key     int64
	message turn.Message
}

func scanMessage(r row) (m stored, err error) {
	var at micros
	err = r.Scan(&m.key, &m.message.ID, &m.message.Turn, &m.message.Role, &m.message.Text, &at, &m.message.State, &m.message.Foreign)
	m.message.At = at.time()
	return m, err
}

// Messages implements session.Store.
func (db *DB) Messages(ctx context.Context, id, after string, limit int) ([]turn.Message, string, error) {
	from, err := strconv.ParseInt(orZero(after), 10, 64)
	if err != nil {
		return nil, "", fmt.Errorf("%w %q", session.ErrCursor, after)
	}
	key, err := db.key(ctx, id)
	if err != nil {
		return nil, "", wrap("list messages", err)
	}
	items, err := list(ctx, db, scanMessage, `SELECT key, id, turn, role, text, at, state, aside FROM messages
		WHERE session = ? AND key > ? ORDER BY key LIMIT ?`, key, from, limit+1)
	if err != nil {
		return nil, "", wrap("list messages", err)
	}
	next := ""
	if len(items) > limit {
		items = items[:limit]
		next = strconv.FormatInt(items[limit-1].key, 10)
	}
	return messages(items), next, nil
}

// Recent implements session.Store.
func (db *DB) Recent(ctx context.Context, id string, limit int) ([]turn.Message, error) {
	key, err := db.key(ctx, id)
	if err != nil {
		return nil, wrap("read recent messages", err)
	}
	items, err := list(ctx, db, scanMessage, `SELECT key, id, turn, role, text, at, state, aside FROM messages
		WHERE session = ? ORDER BY key DESC LIMIT ?`, key, limit)
	if err != nil {
		return nil, wrap("read recent messages", err)
	}
	slices.Reverse(items)
	return messages(items), nil
}

// Search implements session.Store.
func (db *DB) Search(ctx context.Context, user, query string, limit int) ([]session.Hit, error) {
	words := session.Sought(query)
	if len(words) == 0 {
		return nil, nil
	}
	for i, w := range words {
		words[i] = `"` + w + `"*` // words hold letters and digits only
	}
	hits, err := list(ctx, db, func(r row) (h session.Hit, err error) {
		var at micros
		m := &h.Message
		err = r.Scan(&h.Session, &h.Title, &m.ID, &m.Turn, &m.Role, &m.Text, &at, &m.State)
		m.At = at.time()
		return h, err
	}, `SELECT s.id, s.title, m.id, m.turn, m.role, m.text, m.at, m.state
		FROM search f JOIN messages m ON m.key = f.rowid JOIN sessions s ON s.key = m.session
		WHERE f.words MATCH ? AND s.user = ? ORDER BY m.key DESC LIMIT ?`, strings.Join(words, " AND "), user, limit)
	return hits, wrap("search messages", err)
}

// key finds a session's key, or returns sql.ErrNoRows.
func (db *DB) key(ctx context.Context, id string) (int64, error) {
	var key int64
	err := db.one(ctx, `SELECT key FROM sessions WHERE id = ?`, []any{id}, []any{&key})
	return key, err
}

func messages(items []stored) []turn.Message {
	all := make([]turn.Message, len(items))
	for i, m := range items {
		all[i] = m.message
	}
	return all
}

func orZero(s string) string {
	if s == "" {
		return "0"
	}
	return s
}
