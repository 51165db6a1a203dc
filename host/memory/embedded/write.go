package embedded

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jarvis-host/jarvis/host/memory"
)

// micros is how a time is stored; the zero time is 0.
func micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func fromMicros(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.UnixMicro(n).UTC()
}

// Write implements [memory.Store].
func (s *Store) Write(ctx context.Context, o memory.Owner, b memory.Batch) error {
	return s.with(ctx, "write memory", o, true, func(f *file) error {
		err := f.change(ctx, func(tx *sql.Tx) error { return write(ctx, tx, &b) })
		if err == nil {
			f.grew(b.Episodes)
		}
		return err
	})
}

func write(ctx context.Context, tx *sql.Tx, b *memory.Batch) error {
	if err := addEpisodes(ctx, tx, b); err != nil {
		return err
	}
	for i := range b.Facts {
		if err := putFact(ctx, tx, &b.Facts[i], b.At); err != nil {
			return err
		}
	}
	for _, id := range slices.Sorted(maps.Keys(b.Strengths)) {
		k := b.Strengths[id]
		for _, table := range []string{"episodes", "facts"} {
			if _, err := tx.ExecContext(ctx, "UPDATE "+table+" SET stability = ?, recalls = ?, recalled = ? WHERE id = ?",
				k.Stability, k.Recalls, micros(k.Recalled), id); err != nil {
				return err
			}
		}
	}
	if b.Absorbed != 0 {
		if _, err := tx.ExecContext(ctx, "INSERT OR REPLACE INTO meta VALUES ('absorbed', ?)", strconv.FormatInt(b.Absorbed, 10)); err != nil {
			return err
		}
	}
	if err := fade(ctx, tx, b.Fade, micros(b.At), b.At, memory.ActionFaded); err != nil {
		return err
	}
	return fade(ctx, tx, b.Restore, 0, b.At, memory.ActionRestored)
}

func fade(ctx context.Context, tx *sql.Tx, ids []string, faded int64, at time.Time, action memory.Action) error {
	for _, id := range ids {
		var n int64
		for _, table := range []string{"episodes", "facts"} {
			r, err := tx.ExecContext(ctx, "UPDATE "+table+" SET faded = ? WHERE id = ?", faded, id)
			if err != nil {
				return err
			}
			changed, err := r.RowsAffected()
			if err != nil {
				return err
			}
			n += changed
		}
		if n == 0 {
			return fmt.Errorf("%s: %w", id, memory.ErrNotFound)
		}
		if err := note(ctx, tx, at, id, action, ""); err != nil {
			return err
		}
	}
	return nil
}

func note(ctx context.Context, tx *sql.Tx, at time.Time, item string, action memory.Action, text string) error {
	_, err := tx.ExecContext(ctx, "INSERT INTO changes (at, item, action, text) VALUES (?, ?, ?, ?)", micros(at), item, string(action), text)
	return err
}

// pending is an episode whose index entry waits for what follows it.
type pending struct {
	seq            int64
	terms, context string
	stored         bool // it was there before: its entry is changed, not made
}

// addEpisodes adds episodes and links each with its neighbours in its session.
func addEpisodes(ctx context.Context, tx *sql.Tx, b *memory.Batch) error {
	if len(b.Episodes) == 0 {
		return nil
	}
	insert, err := tx.PrepareContext(ctx, `INSERT INTO episodes (id, session, turn, role, speaker, text, lang, at, zone,
		importance, arousal, valence, flags, simhash, stability, recalls, recalled, faded, terms, length, previous, following)
		VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,0)`)
	if err != nil {
		return err
	}
	defer func() { _ = insert.Close() }()
	last := map[string]*pending{} // by session
	var order []*pending
	for i := range b.Episodes {
		e := &b.Episodes[i]
		before := last[e.Session]
		if before == nil {
			if before, err = lastOf(ctx, tx, e.Session); err != nil {
				return err
			}
			order = append(order, before)
		}
		p := &pending{terms: strings.Join(e.Terms, " "), context: before.terms}
		r, err := insert.ExecContext(ctx, e.ID, e.Session, e.Turn, string(e.Role), e.Speaker, e.Text, e.Lang, micros(e.At), e.Zone,
			e.Importance, e.Arousal, e.Valence, int64(e.Flags), int64(e.Simhash), //nolint:gosec // stored as bits
			e.Stability, e.Recalls, micros(e.Recalled), micros(e.Faded), p.terms, len(e.Terms), before.seq)
		if taken(err) {
			return fmt.Errorf("%s: %w", e.ID, memory.ErrExists)
		}
		if err != nil {
			return err
		}
		if p.seq, err = r.LastInsertId(); err != nil {
			return err
		}
		e.Seq = p.seq
		before.context += " " + p.terms
		if before.seq != 0 {
			if _, err := tx.ExecContext(ctx, "UPDATE episodes SET following = ? WHERE seq = ?", p.seq, before.seq); err != nil {
				return err
			}
		}
		last[e.Session] = p
		order = append(order, p)
	}
	return index(ctx, tx, order)
}

// lastOf returns the newest episode of a session; its seq is 0 where there is none.
func lastOf(ctx context.Context, tx *sql.Tx, session string) (*pending, error) {
	p := &pending{stored: true}
	err := tx.QueryRowContext(ctx, `SELECT e.seq, e.terms, coalesce(p.terms, '') FROM episodes e LEFT JOIN episodes p ON p.seq = e.previous
		WHERE e.session = ? ORDER BY e.seq DESC LIMIT 1`, session).Scan(&p.seq, &p.terms, &p.context)
	if errors.Is(err, sql.ErrNoRows) {
		err = nil
	}
	return p, err
}

func index(ctx context.Context, tx *sql.Tx, order []*pending) error {
	insert, err := tx.PrepareContext(ctx, "INSERT INTO episode_index (rowid, terms, context) VALUES (?, ?, ?)")
	if err != nil {
		return err
	}
	defer func() { _ = insert.Close() }()
	for _, p := range order {
		switch {
		case p.seq == 0:
		case p.stored:
			_, err = tx.ExecContext(ctx, "UPDATE episode_index SET context = ? WHERE rowid = ?", p.context, p.seq)
		default:
			_, err = insert.ExecContext(ctx, p.seq, p.terms, p.context)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func putFact(ctx context.Context, tx *sql.Tx, k *memory.Fact, at time.Time) error {
	action := memory.ActionAdded
	var was string
	switch err := tx.QueryRowContext(ctx, "SELECT superseded_by FROM facts WHERE id = ?", k.ID).Scan(&was); {
	case errors.Is(err, sql.ErrNoRows):
	case err != nil:
		return err
	case was == "" && k.SupersededBy != "":
		action = memory.ActionSuperseded
	default:
		action = memory.ActionEdited
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO facts (`+factColumns+`, terms)
		VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)
		ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, subject = excluded.subject, predicate = excluded.predicate, object = excluded.object,
		text = excluded.text, lang = excluded.lang, confidence = excluded.confidence, origin = excluded.origin, pinned = excluded.pinned,
		sensitivity = excluded.sensitivity, valid_from = excluded.valid_from, valid_to = excluded.valid_to,
		superseded_by = excluded.superseded_by, expires = excluded.expires, importance = excluded.importance, arousal = excluded.arousal,
		valence = excluded.valence, stability = excluded.stability, recalls = excluded.recalls, recalled = excluded.recalled,
		faded = excluded.faded, terms = excluded.terms`,
		k.ID, string(k.Kind), k.Subject, k.Predicate, k.Object, k.Text, k.Lang, k.Confidence, string(k.Origin), k.Pinned, k.Sensitivity,
		micros(k.From), micros(k.To), k.SupersededBy, micros(k.Expires), k.Importance, k.Arousal, k.Valence,
		k.Stability, k.Recalls, micros(k.Recalled), micros(k.Faded), strings.Join(k.Terms, " ")); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "DELETE FROM fact_sources WHERE fact = ?", k.ID); err != nil {
		return err
	}
	for _, p := range k.Sources {
		if _, err := tx.ExecContext(ctx, `INSERT INTO fact_sources (fact, episode, start, "end", quote, at) VALUES (?,?,?,?,?,?) ON CONFLICT DO NOTHING`,
			k.ID, p.Episode, p.Start, p.End, p.Quote, micros(p.At)); err != nil {
			return err
		}
	}
	return note(ctx, tx, at, k.ID, action, k.Text)
}
