package embedded

import (
	"context"
	"database/sql"
	"strings"
	"unicode"
)

// Baseline is SQLite's full-text search as it comes, to compare with: no stems,
// no stop words, no neighbours, no ranking of ours. It is kept in RAM.
type Baseline struct{ db *sql.DB }

// NewBaseline returns an empty Baseline.
func NewBaseline(ctx context.Context) (*Baseline, error) {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, "CREATE VIRTUAL TABLE said USING fts5 (id UNINDEXED, text)"); err != nil {
		return nil, err
	}
	return &Baseline{db}, nil
}

// Add adds a text.
func (b *Baseline) Add(ctx context.Context, id, text string) error {
	_, err := b.db.ExecContext(ctx, "INSERT INTO said VALUES (?, ?)", id, text)
	return err
}

// Find returns the ids of the best matches of any word.
func (b *Baseline) Find(ctx context.Context, query string, limit int) ([]string, error) {
	words := strings.FieldsFunc(query, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if len(words) == 0 {
		return nil, nil
	}
	return rows(ctx, b.db, one[string], "SELECT id FROM said WHERE said MATCH ? ORDER BY rank LIMIT ?", expression(words), limit)
}

// Close forgets everything.
func (b *Baseline) Close() error { return b.db.Close() }
