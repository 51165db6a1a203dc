package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jarvis-host/jarvis/host/services"
	"github.com/jarvis-host/jarvis/sdk"
)

var _ services.Values = (*DB)(nil)

// Value implements services.Values.
func (db *DB) Value(ctx context.Context, k services.Key, now time.Time) (*sdk.Value, error) {
	var v sdk.Value
	var expires micros
	err := db.one(ctx, `SELECT data, version, expires FROM plugin_values
		WHERE plugin = ? AND scope = ? AND owner = ? AND name = ? AND (expires = 0 OR expires > ?)`,
		[]any{k.Plugin, int(k.Scope), k.Owner, []byte(k.Name), kept(now)}, []any{&v.Data, &v.Version, &expires})
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, nil //nolint:nilnil // nil is no value
	case err != nil:
		return nil, fmt.Errorf("read value: %w", err)
	}
	v.Expires = orNever(expires)
	return &v, nil
}

func orNever(m micros) time.Time {
	if m == 0 {
		return time.Time{}
	}
	return m.time()
}

func orNone(t time.Time) micros {
	if t.IsZero() {
		return 0
	}
	return kept(t)
}

// nextNumber is one that was never there before.
func nextNumber(ctx context.Context, tx *prepared) (n int64, err error) {
	if err := tx.exec(ctx, `UPDATE plugin_counter SET n = n + 1`); err != nil {
		return 0, err
	}
	err = tx.row(ctx, `SELECT n FROM plugin_counter`, nil, []any{&n})
	return n, err
}

// PutValue implements services.Values.
func (db *DB) PutValue(ctx context.Context, k services.Key, v sdk.Value, ifVersion *int64, q services.Quota, now time.Time) (version int64, err error) {
	err = db.writer.write(ctx, func(ctx context.Context, tx *prepared) error {
		if err := tx.exec(ctx, `DELETE FROM plugin_values WHERE expires > 0 AND expires <= ?`, kept(now)); err != nil {
			return err
		}
		if err := compare(ctx, tx, k, ifVersion); err != nil {
			return err
		}
		if version, err = nextNumber(ctx, tx); err != nil {
			return err
		}
		data := v.Data
		if data == nil {
			data = []byte{}
		}
		if err := tx.exec(ctx, `INSERT INTO plugin_values (plugin, scope, owner, name, data, version, expires, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (plugin, scope, owner, name) DO UPDATE SET data = excluded.data, version = excluded.version, expires = excluded.expires, at = excluded.at`,
			k.Plugin, int(k.Scope), k.Owner, []byte(k.Name), data, version, orNone(v.Expires), kept(now)); err != nil {
			return err
		}
		return within(ctx, tx, k.Plugin, q)
	})
	if err != nil {
		return 0, fmt.Errorf("keep value: %w", err)
	}
	return version, nil
}

// compare returns ErrVersion unless the value has the version that is wanted.
func compare(ctx context.Context, tx *prepared, k services.Key, want *int64) error {
	if want == nil {
		return nil
	}
	var got int64
	err := tx.row(ctx, `SELECT version FROM plugin_values WHERE plugin = ? AND scope = ? AND owner = ? AND name = ?`,
		[]any{k.Plugin, int(k.Scope), k.Owner, []byte(k.Name)}, []any{&got})
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if got != *want {
		return fmt.Errorf("%w: %d, expected %d", services.ErrVersion, got, *want)
	}
	return nil
}

// within returns ErrQuota when a plugin keeps more than it may.
func within(ctx context.Context, tx *prepared, plugin string, q services.Quota) error {
	var n int
	var bytes int64
	if err := tx.row(ctx, `SELECT n, bytes FROM plugin_kept WHERE plugin = ?`, []any{plugin}, []any{&n, &bytes}); err != nil {
		return err
	}
	if n > q.Values || bytes > q.Bytes {
		return fmt.Errorf("%w: %d values of %d bytes would be kept, at most %d of %d may", services.ErrQuota, n, bytes, q.Values, q.Bytes)
	}
	return nil
}

// DropValue implements services.Values.
func (db *DB) DropValue(ctx context.Context, k services.Key, ifVersion *int64, now time.Time) (found bool, err error) {
	err = db.writer.write(ctx, func(ctx context.Context, tx *prepared) error {
		if err := tx.exec(ctx, `DELETE FROM plugin_values WHERE expires > 0 AND expires <= ?`, kept(now)); err != nil {
			return err
		}
		if err := compare(ctx, tx, k, ifVersion); err != nil {
			return err
		}
		n, err := tx.change(ctx, `DELETE FROM plugin_values WHERE plugin = ? AND scope = ? AND owner = ? AND name = ?`,
			k.Plugin, int(k.Scope), k.Owner, []byte(k.Name))
		found = n > 0
		return err
	})
	if err != nil {
		return false, fmt.Errorf("delete value: %w", err)
	}
	return found, nil
}

// ValueNames implements services.Values.
func (db *DB) ValueNames(ctx context.Context, k services.Key, prefix, after string, limit int, now time.Time) ([]string, error) {
	scan := func(r row) (string, error) {
		var name []byte
		err := r.Scan(&name)
		return string(name), err
	}
	names, err := list(ctx, db, scan, `SELECT name FROM plugin_values
		WHERE plugin = ? AND scope = ? AND owner = ? AND name > ? AND substr(name, 1, ?) = ? AND (expires = 0 OR expires > ?)
		ORDER BY name LIMIT ?`,
		k.Plugin, int(k.Scope), k.Owner, []byte(after), len(prefix), []byte(prefix), kept(now), limit)
	if err != nil {
		return nil, fmt.Errorf("list values: %w", err)
	}
	return names, nil
}

// PruneValues implements services.Values.
func (db *DB) PruneValues(ctx context.Context, now, idle time.Time) error {
	err := db.writer.write(ctx, func(ctx context.Context, tx *prepared) error {
		if err := tx.exec(ctx, `DELETE FROM plugin_values WHERE expires > 0 AND expires <= ?`, kept(now)); err != nil {
			return err
		}
		return tx.exec(ctx, `DELETE FROM plugin_values WHERE scope = 2 AND at < ? AND owner NOT IN (SELECT id FROM sessions)`, kept(idle))
	})
	if err != nil {
		return fmt.Errorf("prune values: %w", err)
	}
	return nil
}
