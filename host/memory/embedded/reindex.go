package embedded

import (
	"context"
	"database/sql"
	"strings"

	"github.com/jarvis-host/jarvis/host/memory"
)

var _ memory.Indexer = (*Store)(nil)

// Reindex implements [memory.Indexer].
func (s *Store) Reindex(ctx context.Context, o memory.Owner, terms func(text, lang string) []string) (n int, err error) {
	err = s.with(ctx, "reindex memory", o, false, func(f *file) error {
		err := f.change(ctx, func(tx *sql.Tx) error {
			n, err = indexAnew(ctx, tx, terms)
			return err
		})
		f.forget()
		return err
	})
	return n, err
}

// spoken is an episode as far as its terms are concerned.
type spoken struct {
	seq        int64
	text, lang string
}

func indexAnew(ctx context.Context, tx *sql.Tx, terms func(text, lang string) []string) (int, error) {
	all, err := rows(ctx, tx, func(r scanner) (e spoken, err error) { return e, r.Scan(&e.seq, &e.text, &e.lang) }, "SELECT seq, text, lang FROM episodes")
	if err != nil {
		return 0, err
	}
	for _, e := range all {
		t := terms(e.text, e.lang)
		if _, err := tx.ExecContext(ctx, "UPDATE episodes SET terms = ?, length = ? WHERE seq = ?", strings.Join(t, " "), len(t), e.seq); err != nil {
			return 0, err
		}
	}
	if err := emptyIndex(ctx, tx); err != nil {
		return 0, err
	}
	return len(all), fillIndex(ctx, tx)
}
