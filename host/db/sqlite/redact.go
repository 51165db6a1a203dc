package sqlite

import (
	"context"
	"fmt"
	"slices"

	"github.com/jarvis-host/jarvis/host/session"
)

// framed is a frame that is to be emptied.
type framed struct {
	session, seq int64
	turn         string
	body         []byte
}

// Redact implements session.Store.
func (db *DB) Redact(ctx context.Context, user string, turns, mentions []string) (gone []string, err error) {
	gone = slices.Clone(turns)
	for _, id := range mentions {
		more, err := list(ctx, db, func(r row) (id string, err error) { return id, r.Scan(&id) },
			`SELECT DISTINCT f.turn FROM frames f JOIN sessions s ON s.key = f.session WHERE s.user = ? AND instr(f.body, ?) > 0`, user, []byte(id))
		if err != nil {
			return nil, wrap("find what names "+id, err)
		}
		gone = append(gone, more...)
	}
	slices.Sort(gone)
	gone = slices.Compact(gone)
	var frames []framed
	for _, id := range gone {
		some, err := list(ctx, db, func(r row) (f framed, err error) { return f, r.Scan(&f.session, &f.seq, &f.turn, &f.body) },
			`SELECT f.session, f.seq, f.turn, f.body FROM frames f JOIN sessions s ON s.key = f.session WHERE s.user = ? AND f.turn = ?`, user, id)
		if err != nil {
			return nil, wrap("read frames to empty", err)
		}
		frames = append(frames, some...)
	}
	if len(gone)+len(mentions) == 0 {
		return nil, nil
	}
	err = db.writer.erase(ctx, func(ctx context.Context, tx *prepared) error {
		for _, f := range frames {
			if err := empty(ctx, tx, f); err != nil {
				return err
			}
		}
		for _, id := range gone {
			// That something was done stays, without a word of what was said. A turn
			// outside of a conversation that is kept has receipts and no frames.
			err := tx.exec(ctx, `UPDATE receipts SET args = '{}', data = NULL, summary = '', redress_text = '', undoable = 0 WHERE user = ? AND turn = ?`, user, id)
			if err != nil {
				return err
			}
		}
		for _, id := range mentions {
			if err := unmention(ctx, tx, user, id); err != nil {
				return err
			}
		}
		return nil
	})
	if len(frames) == 0 {
		gone = nil // no session told of them
	}
	return gone, wrap("empty frames", err)
}

// unmention takes what was said out of the receipts, and the answers kept for an
// Idempotency-Key, that hold an id. Whoever asks again with that key is told that
// nobody knows what came of it: it does not run twice.
func unmention(ctx context.Context, tx *prepared, user, id string) error {
	err := tx.exec(ctx, `UPDATE receipts SET args = '{}', data = NULL, summary = '', redress_text = '', undoable = 0
		WHERE user = ?1 AND (instr(args, CAST(?2 AS BLOB)) > 0 OR instr(data, CAST(?2 AS BLOB)) > 0 OR instr(summary, ?2) > 0 OR instr(redress_text, ?2) > 0)`, user, id)
	if err != nil {
		return err
	}
	return tx.exec(ctx, `UPDATE runs SET answer = NULL WHERE user = ? AND instr(answer, ?) > 0`, user, []byte(id))
}

// empty takes what was said out of a frame, and its turn's messages away.
func empty(ctx context.Context, tx *prepared, f framed) error {
	body, err := session.Blank(f.body)
	if err != nil {
		return fmt.Errorf("frame %d: %w", f.seq, err)
	}
	if err := tx.exec(ctx, `UPDATE frames SET body = ? WHERE session = ? AND seq = ?`, body, f.session, f.seq); err != nil {
		return err
	}
	if f.seq == 1 {
		if err := tx.exec(ctx, `UPDATE sessions SET title = ? WHERE key = ?`, session.Redacted, f.session); err != nil {
			return err
		}
	}
	return tx.exec(ctx, `DELETE FROM messages WHERE session = ? AND turn = ?`, f.session, f.turn)
}
