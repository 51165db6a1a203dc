package embedded

import (
	"context"
	"database/sql"
	_ "embed"
)

//go:embed index.sql
var indexSchema string

// emptyIndex makes the index anew, without entries. Deleting entries one by one
// takes the index a millisecond each to do for good; of a table that is dropped,
// all pages are overwritten at once (secure_delete).
func emptyIndex(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, "DROP TABLE episode_terms; DROP TABLE episode_index; "+indexSchema)
	return err
}

// fillIndex gives every episode its entry in an empty index.
func fillIndex(ctx context.Context, tx *sql.Tx) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO episode_index (rowid, terms, context)
		SELECT e.seq, e.terms, coalesce(p.terms, '') || ' ' || coalesce(n.terms, '') FROM episodes e
		LEFT JOIN episodes p ON p.seq = e.previous LEFT JOIN episodes n ON n.seq = e.following`)
	return err
}

// manyGone is from how many deletions on, and from which share of all episodes,
// a new index costs less than to take them out of the old one.
const (
	manyGone  = 200
	shareGone = 8
)

// indexIsLost says whether so much goes that the index is better made anew.
func indexIsLost(ctx context.Context, tx *sql.Tx, going int) (bool, error) {
	if going < manyGone {
		return false, nil
	}
	var all int
	err := tx.QueryRowContext(ctx, "SELECT count(*) FROM episodes").Scan(&all)
	return going*shareGone > all, err
}
