package embedded

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"os"
	"strings"

	"github.com/jarvis-host/jarvis/host/memory"
)

const episodeColumns = `e.id, e.seq, e.session, e.turn, e.role, e.speaker, e.text, e.lang, e.at, e.zone,
	e.importance, e.arousal, e.valence, e.flags, e.simhash, e.stability, e.recalls, e.recalled, e.faded, e.terms`

const factColumns = `id, kind, subject, predicate, object, text, lang, confidence, origin, pinned, sensitivity,
	valid_from, valid_to, superseded_by, expires, importance, arousal, valence, stability, recalls, recalled, faded`

type scanner interface{ Scan(...any) error }

func scanEpisode(r scanner, more ...any) (e memory.Episode, err error) {
	var at, recalled, faded, flags, simhash int64
	var terms string
	err = r.Scan(append([]any{
		&e.ID, &e.Seq, &e.Session, &e.Turn, &e.Role, &e.Speaker, &e.Text, &e.Lang, &at, &e.Zone,
		&e.Importance, &e.Arousal, &e.Valence, &flags, &simhash, &e.Stability, &e.Recalls, &recalled, &faded, &terms,
	}, more...)...)
	e.At, e.Recalled, e.Faded = fromMicros(at), fromMicros(recalled), fromMicros(faded)
	e.Flags, e.Simhash = memory.Flags(flags), uint64(simhash) //nolint:gosec // stored as bits
	e.Terms = strings.Fields(terms)
	return e, err
}

func scanFact(r scanner, more ...any) (k memory.Fact, err error) {
	var from, to, expires, recalled, faded int64
	err = r.Scan(append([]any{
		&k.ID, &k.Kind, &k.Subject, &k.Predicate, &k.Object, &k.Text, &k.Lang, &k.Confidence, &k.Origin, &k.Pinned, &k.Sensitivity,
		&from, &to, &k.SupersededBy, &expires, &k.Importance, &k.Arousal, &k.Valence, &k.Stability, &k.Recalls, &recalled, &faded,
	}, more...)...)
	k.From, k.To, k.Expires = fromMicros(from), fromMicros(to), fromMicros(expires)
	k.Recalled, k.Faded = fromMicros(recalled), fromMicros(faded)
	return k, err
}

// rows runs a query and scans every row.
func rows[T any](ctx context.Context, db interface {
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
}, scan func(scanner) (T, error), query string, args ...any,
) (out []T, err error) {
	found, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, found.Close()) }()
	for found.Next() {
		v, err := scan(found)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, found.Err()
}

func one[T any](r scanner) (v T, err error) { return v, r.Scan(&v) }

// array is a list as SQLite's json_each reads it.
func array[T any](list []T) string {
	if len(list) == 0 {
		return "[]"
	}
	b, _ := json.Marshal(list) // strings and numbers always encode
	return string(b)
}

// where collects conditions.
type where struct {
	conditions []string
	args       []any
}

func (w *where) and(condition string, args ...any) {
	w.conditions = append(w.conditions, condition)
	w.args = append(w.args, args...)
}

func (w *where) String() string {
	if len(w.conditions) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.conditions, " AND ")
}

// Episodes implements [memory.Store].
func (s *Store) Episodes(ctx context.Context, o memory.Owner, q memory.EpisodeFilter) (out []memory.Episode, err error) {
	var w where
	if q.IDs != nil {
		w.and("e.id IN (SELECT value FROM json_each(?))", array(q.IDs))
	}
	if q.Session != "" {
		w.and("e.session = ?", q.Session)
	}
	if !q.From.IsZero() {
		w.and("e.at >= ?", micros(q.From))
	}
	if !q.To.IsZero() {
		w.and("e.at < ?", micros(q.To))
	}
	if q.After != 0 {
		w.and("e.seq > ?", q.After)
	}
	if !q.Faded {
		w.and("e.faded = 0")
	}
	order := " ORDER BY e.seq"
	if q.Newest {
		order += " DESC"
	}
	limit := q.Limit
	if limit <= 0 {
		limit = -1
	}
	err = s.with(ctx, "list episodes", o, false, func(f *file) (err error) {
		out, err = rows(ctx, f.db, func(r scanner) (memory.Episode, error) { return scanEpisode(r) },
			"SELECT "+episodeColumns+" FROM episodes e"+w.String()+order+" LIMIT ?", append(w.args, limit)...)
		return err
	})
	return out, err
}

// Facts implements [memory.Store].
func (s *Store) Facts(ctx context.Context, o memory.Owner, q memory.FactFilter) (out []memory.Fact, err error) {
	err = s.with(ctx, "list facts", o, false, func(f *file) (err error) {
		out, err = f.facts(ctx, q)
		return err
	})
	return out, err
}

func (f *file) facts(ctx context.Context, q memory.FactFilter) ([]memory.Fact, error) {
	var w where
	if q.IDs != nil {
		w.and("id IN (SELECT value FROM json_each(?))", array(q.IDs))
	}
	if q.Sources != nil {
		w.and("id IN (SELECT fact FROM fact_sources WHERE episode IN (SELECT value FROM json_each(?)))", array(q.Sources))
	}
	if !q.Past {
		w.and("superseded_by = '' AND valid_to = 0")
	}
	if !q.Faded {
		w.and("faded = 0")
	}
	limit := q.Limit
	if limit <= 0 {
		limit = -1
	}
	order := "valid_from DESC, rowid DESC"
	if q.Profile {
		w.and("subject = ? AND (pinned OR kind IN ('preference', 'instruction') OR predicate IN (SELECT value FROM json_each(?)))",
			memory.Self, array(memory.ProfilePredicates))
		order = "importance + pinned + 0.2 * (kind = 'instruction') DESC, " + order
	}
	facts, err := rows(ctx, f.db, func(r scanner) (memory.Fact, error) {
		var terms string
		k, err := scanFact(r, &terms)
		k.Terms = strings.Fields(terms)
		return k, err
	}, "SELECT "+factColumns+", terms FROM facts"+w.String()+" ORDER BY "+order+" LIMIT ?", append(w.args, limit)...)
	if err != nil || len(facts) == 0 {
		return facts, err
	}
	ids := make([]string, len(facts))
	at := map[string]*memory.Fact{}
	for i := range facts {
		ids[i], at[facts[i].ID] = facts[i].ID, &facts[i]
	}
	_, err = rows(ctx, f.db, func(r scanner) (struct{}, error) {
		var fact string
		var p memory.Span
		var when int64
		err := r.Scan(&fact, &p.Episode, &p.Start, &p.End, &p.Quote, &when)
		p.At = fromMicros(when)
		if k := at[fact]; k != nil {
			k.Sources = append(k.Sources, p)
		}
		return struct{}{}, err
	}, `SELECT fact, episode, start, "end", quote, at FROM fact_sources WHERE fact IN (SELECT value FROM json_each(?)) ORDER BY at, episode, start`, array(ids))
	return facts, err
}

// Counts implements [memory.Store].
func (s *Store) Counts(ctx context.Context, o memory.Owner) (c memory.Counts, err error) {
	err = s.with(ctx, "count memories", o, false, func(f *file) error {
		err := f.db.QueryRowContext(ctx, `SELECT
			(SELECT count(*) FROM episodes WHERE faded = 0),
			(SELECT count(*) FROM facts WHERE faded = 0 AND superseded_by = '' AND valid_to = 0),
			(SELECT count(*) FROM facts WHERE faded = 0 AND (superseded_by <> '' OR valid_to <> 0)),
			(SELECT count(*) FROM episodes WHERE faded <> 0) + (SELECT count(*) FROM facts WHERE faded <> 0),
			coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'absorbed'), 0)`).
			Scan(&c.Episodes, &c.Facts, &c.Past, &c.Faded, &c.Absorbed)
		for _, end := range []string{"", "-wal"} {
			if i, err := os.Stat(f.path + end); err == nil {
				c.Bytes += i.Size()
			}
		}
		return err
	})
	return c, err
}

// Changes implements [memory.Store].
func (s *Store) Changes(ctx context.Context, o memory.Owner, limit int) (out []memory.Change, err error) {
	err = s.with(ctx, "list changes", o, false, func(f *file) (err error) {
		out, err = rows(ctx, f.db, func(r scanner) (c memory.Change, err error) {
			var at int64
			err = r.Scan(&at, &c.Item, &c.Action, &c.Text)
			c.At = fromMicros(at)
			return c, err
		}, "SELECT at, item, action, text FROM changes ORDER BY n DESC LIMIT ?", limit)
		return err
	})
	return out, err
}
