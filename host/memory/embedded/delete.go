package embedded

import (
	"context"
	"database/sql"

	"github.com/jarvis-host/jarvis/host/memory"
)

// Delete implements [memory.Store].
func (s *Store) Delete(ctx context.Context, o memory.Owner, ids ...string) (gone []string, err error) {
	err = s.with(ctx, "delete memories", o, false, func(f *file) error {
		err := f.change(ctx, func(tx *sql.Tx) (err error) {
			gone, err = remove(ctx, tx, ids)
			return err
		})
		if err != nil || len(gone) == 0 {
			return err
		}
		f.forget()
		f.dropVectors()
		return f.truncate(ctx)
	})
	return gone, err
}

func remove(ctx context.Context, tx *sql.Tx, ids []string) ([]string, error) {
	wanted := array(ids)
	nodes, err := rows(ctx, tx, func(r scanner) (n node, err error) {
		return n, r.Scan(&n.episode.ID, &n.episode.Seq, &n.previous, &n.following)
	}, "SELECT id, seq, previous, following FROM episodes WHERE id IN (SELECT value FROM json_each(?))", wanted)
	if err != nil {
		return nil, err
	}
	if err := removeEpisodes(ctx, tx, nodes); err != nil {
		return nil, err
	}
	var gone []string
	for _, n := range nodes {
		gone = append(gone, n.episode.ID)
	}
	facts, err := derived(ctx, tx, wanted)
	if err != nil {
		return nil, err
	}
	gone = append(gone, facts...)
	for _, query := range []string{
		"DELETE FROM facts WHERE id IN (SELECT value FROM json_each(?))", // their sources go with them
		"DELETE FROM vectors WHERE item IN (SELECT value FROM json_each(?))",
		"UPDATE changes SET text = '' WHERE item IN (SELECT value FROM json_each(?))",
		"INSERT INTO changes (at, item, action, text) SELECT unixepoch() * 1000000, value, 'deleted', '' FROM json_each(?)",
	} {
		if _, err := tx.ExecContext(ctx, query, array(gone)); err != nil {
			return nil, err
		}
	}
	return gone, nil
}

// removeEpisodes takes episodes out of the table and the index.
func removeEpisodes(ctx context.Context, tx *sql.Tx, nodes []node) error {
	lost, err := indexIsLost(ctx, tx, len(nodes))
	if err != nil {
		return err
	}
	if lost {
		if err := emptyIndex(ctx, tx); err != nil {
			return err
		}
	}
	touched := map[int64]bool{}
	for _, n := range nodes {
		if err := unlink(ctx, tx, n.episode.Seq, touched); err != nil {
			return err
		}
	}
	if lost {
		return fillIndex(ctx, tx)
	}
	for seq := range touched {
		if err := reindex(ctx, tx, seq); err != nil {
			return err
		}
	}
	return nil
}

// unlink removes an episode and joins its neighbours.
func unlink(ctx context.Context, tx *sql.Tx, seq int64, touched map[int64]bool) error {
	var previous, following int64
	if err := tx.QueryRowContext(ctx, "SELECT previous, following FROM episodes WHERE seq = ?", seq).Scan(&previous, &following); err != nil {
		return err
	}
	for _, c := range []struct {
		query string
		args  []any
	}{
		{"UPDATE episodes SET following = ? WHERE seq = ?", []any{following, previous}},
		{"UPDATE episodes SET previous = ? WHERE seq = ?", []any{previous, following}},
		{"DELETE FROM episode_index WHERE rowid = ?", []any{seq}},
		{"DELETE FROM episodes WHERE seq = ?", []any{seq}},
	} {
		if _, err := tx.ExecContext(ctx, c.query, c.args...); err != nil {
			return err
		}
	}
	delete(touched, seq)
	for _, n := range []int64{previous, following} {
		if n != 0 {
			touched[n] = true
		}
	}
	return nil
}

// reindex writes an episode's context anew from its neighbours.
func reindex(ctx context.Context, tx *sql.Tx, seq int64) error {
	_, err := tx.ExecContext(ctx, `UPDATE episode_index SET context = (
		SELECT coalesce(p.terms, '') || ' ' || coalesce(n.terms, '') FROM episodes e
		LEFT JOIN episodes p ON p.seq = e.previous LEFT JOIN episodes n ON n.seq = e.following WHERE e.seq = ?1)
		WHERE rowid = ?1`, seq)
	return err
}

// derived returns the facts that were named, and those that come from nothing
// but what was named.
func derived(ctx context.Context, tx *sql.Tx, wanted string) ([]string, error) {
	facts, err := rows(ctx, tx, one[string], `SELECT id FROM facts WHERE id IN (SELECT value FROM json_each(?1))
		UNION SELECT fact FROM fact_sources WHERE episode IN (SELECT value FROM json_each(?1)) AND fact NOT IN
		(SELECT fact FROM fact_sources WHERE episode NOT IN (SELECT value FROM json_each(?1)))`, wanted)
	if err != nil {
		return nil, err
	}
	_, err = tx.ExecContext(ctx, "DELETE FROM fact_sources WHERE episode IN (SELECT value FROM json_each(?))", wanted)
	return facts, err
}
