package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jarvis-host/jarvis/host/effect"
)

var _ effect.Runs = (*DB)(nil)

// BeginRun implements effect.Runs.
func (db *DB) BeginRun(ctx context.Context, r effect.Run, old time.Time) (was *effect.Run, err error) {
	err = db.writer.write(ctx, func(ctx context.Context, tx *prepared) error {
		was = nil
		if err := tx.exec(ctx, `DELETE FROM runs WHERE user = ? AND key = ? AND at < ?`, r.User, r.Key, kept(old)); err != nil {
			return err
		}
		found := effect.Run{User: r.User, Key: r.Key}
		var answer []byte
		var at micros
		err := tx.row(ctx, `SELECT request, answer, at FROM runs WHERE user = ? AND key = ?`, []any{r.User, r.Key}, []any{&found.Request, &answer, &at})
		if err == nil {
			found.Answer, found.At = answer, at.time()
			was = &found
			return nil
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		return tx.exec(ctx, `INSERT INTO runs (user, key, request, answer, at) VALUES (?, ?, ?, ?, ?)`,
			r.User, r.Key, r.Request, nullable(r.Answer), kept(r.At))
	})
	if err != nil {
		return nil, fmt.Errorf("keep run: %w", err)
	}
	return was, nil
}

// EndRun implements effect.Runs.
func (db *DB) EndRun(ctx context.Context, user, key string, answer json.RawMessage) error {
	err := db.writer.write(ctx, func(ctx context.Context, tx *prepared) error {
		if answer == nil {
			return tx.exec(ctx, `DELETE FROM runs WHERE user = ? AND key = ?`, user, key)
		}
		return tx.exec(ctx, `UPDATE runs SET answer = ? WHERE user = ? AND key = ?`, []byte(answer), user, key)
	})
	if err != nil {
		return fmt.Errorf("end run: %w", err)
	}
	return nil
}

// PruneRuns implements effect.Runs.
func (db *DB) PruneRuns(ctx context.Context, old time.Time) error {
	err := db.writer.write(ctx, func(ctx context.Context, tx *prepared) error {
		return tx.exec(ctx, `DELETE FROM runs WHERE at < ?`, kept(old))
	})
	if err != nil {
		return fmt.Errorf("prune runs: %w", err)
	}
	return nil
}
