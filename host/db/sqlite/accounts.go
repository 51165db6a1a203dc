package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	lib "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"

	"github.com/jarvis-host/jarvis/host/auth"
)

var _ auth.Store = (*DB)(nil)

// PutUser implements auth.Store.
func (db *DB) PutUser(ctx context.Context, u auth.User) error {
	plugins, err := json.Marshal(u.Plugins)
	if err != nil {
		return fmt.Errorf("encode user's plugins: %w", err)
	}
	err = db.writer.write(ctx, func(ctx context.Context, tx *prepared) error {
		return tx.exec(ctx, `INSERT INTO users (`+userColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET name = excluded.name, role = excluded.role, lang = excluded.lang,
			zone = excluded.zone, plugins = excluded.plugins, created = excluded.created, service = excluded.service`,
			u.ID, u.Name, string(u.Role), u.Lang, u.Zone, string(plugins), kept(u.Created), u.Service)
	})
	if violates(err, codes.SQLITE_CONSTRAINT_UNIQUE) {
		return fmt.Errorf("put user: %w", auth.ErrExists)
	}
	return account("put user", err)
}

const userColumns = `id, name, role, lang, zone, plugins, created, service`

func scanUser(r row) (u auth.User, err error) {
	var plugins string
	var created micros
	if err := r.Scan(&u.ID, &u.Name, &u.Role, &u.Lang, &u.Zone, &plugins, &created, &u.Service); err != nil {
		return auth.User{}, err
	}
	u.Created = created.time()
	if err := json.Unmarshal([]byte(plugins), &u.Plugins); err != nil {
		return auth.User{}, fmt.Errorf("decode user's plugins: %w", err)
	}
	return u, nil
}

// User implements auth.Store.
func (db *DB) User(ctx context.Context, id string) (auth.User, error) {
	users, err := list(ctx, db, scanUser, `SELECT `+userColumns+` FROM users WHERE id = ?`, id)
	return first("read user", users, err)
}

// Users implements auth.Store.
func (db *DB) Users(ctx context.Context) ([]auth.User, error) {
	users, err := list(ctx, db, scanUser, `SELECT `+userColumns+` FROM users ORDER BY created, id`)
	return users, account("list users", err)
}

// DeleteUser implements auth.Store. The user's sessions go too.
func (db *DB) DeleteUser(ctx context.Context, id string) error {
	err := db.writer.erase(ctx, func(ctx context.Context, tx *prepared) error {
		if err := some(tx.change(ctx, `DELETE FROM users WHERE id = ?`, id)); err != nil {
			return err
		}
		if err := tx.exec(ctx, `DELETE FROM model_usage WHERE user = ?`, id); err != nil {
			return err
		}
		return tx.exec(ctx, `DELETE FROM sessions WHERE user = ?`, id)
	})
	return account("delete user", err)
}

// PutKey implements auth.Store.
func (db *DB) PutKey(ctx context.Context, k auth.Key) error {
	err := db.writer.write(ctx, func(ctx context.Context, tx *prepared) error {
		return tx.exec(ctx, `INSERT INTO keys (`+keyColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
			k.ID, k.User, k.Label, k.Hash, string(k.Kind), kept(k.Created), kept(k.Expires), kept(k.Revoked))
	})
	if violates(err, codes.SQLITE_CONSTRAINT_FOREIGNKEY) {
		return fmt.Errorf("put key: %w", auth.ErrNotFound)
	}
	if violates(err, codes.SQLITE_CONSTRAINT_PRIMARYKEY) {
		return fmt.Errorf("put key: %w", auth.ErrExists)
	}
	return account("put key", err)
}

const keyColumns = `id, user, label, hash, kind, created, expires, revoked`

func scanKey(r row) (k auth.Key, err error) {
	var created, expires, revoked micros
	err = r.Scan(&k.ID, &k.User, &k.Label, &k.Hash, &k.Kind, &created, &expires, &revoked)
	k.Created, k.Expires, k.Revoked = created.time(), expires.time(), revoked.time()
	return k, err
}

// KeyByHash implements auth.Store.
func (db *DB) KeyByHash(ctx context.Context, hash []byte) (auth.Key, error) {
	keys, err := list(ctx, db, scanKey, `SELECT `+keyColumns+` FROM keys WHERE hash = ?`, hash)
	return first("read key", keys, err)
}

// Keys implements auth.Store.
func (db *DB) Keys(ctx context.Context, user string) ([]auth.Key, error) {
	keys, err := list(ctx, db, scanKey, `SELECT `+keyColumns+` FROM keys WHERE user = ? ORDER BY created, id`, user)
	return keys, account("list keys", err)
}

// RevokeKey implements auth.Store.
func (db *DB) RevokeKey(ctx context.Context, id string, at time.Time) error {
	err := db.writer.write(ctx, func(ctx context.Context, tx *prepared) error {
		return some(tx.change(ctx, `UPDATE keys SET revoked = CASE WHEN revoked = ?2 THEN ?3 ELSE revoked END WHERE id = ?1`,
			id, kept(time.Time{}), kept(at)))
	})
	return account("revoke key", err)
}

// TakeKey implements auth.Store.
func (db *DB) TakeKey(ctx context.Context, hash []byte, kind auth.KeyKind, at time.Time) (auth.Key, error) {
	var k auth.Key
	err := db.writer.write(ctx, func(ctx context.Context, tx *prepared) error {
		stmt, err := tx.stmt(ctx, `UPDATE keys SET revoked = ? WHERE hash = ? AND kind = ? AND revoked = ? RETURNING `+keyColumns)
		if err != nil {
			return err
		}
		k, err = scanKey(stmt.QueryRowContext(ctx, kept(at), hash, string(kind), kept(time.Time{})))
		return err
	})
	return k, account("take key", err)
}

// PruneKeys implements auth.Store.
func (db *DB) PruneKeys(ctx context.Context, before time.Time) error {
	err := db.writer.write(ctx, func(ctx context.Context, tx *prepared) error {
		return tx.exec(ctx, `DELETE FROM keys WHERE kind <> ?1 AND (expires <> ?2 AND expires < ?3 OR revoked <> ?2 AND revoked < ?3)`,
			string(auth.KindAPI), kept(time.Time{}), kept(before))
	})
	return account("prune keys", err)
}

// Version implements auth.Store.
func (db *DB) Version(ctx context.Context) (int64, error) {
	var n int64
	err := db.one(ctx, `SELECT n FROM accounts_version`, nil, []any{&n})
	return n, account("read version of accounts", err)
}

// violates says whether an error is the violation of a constraint.
func violates(err error, constraint int) bool {
	e, ok := errors.AsType[*lib.Error](err)
	return ok && e.Code() == constraint
}

// first returns the only item, or auth.ErrNotFound.
func first[T any](doing string, items []T, err error) (T, error) {
	if err == nil && len(items) > 0 {
		return items[0], nil
	}
	var none T
	if err == nil {
		err = sql.ErrNoRows
	}
	return none, account(doing, err)
}

// account says what failed. No row is a user or key that is not there.
func account(doing string, err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, sql.ErrNoRows) {
		err = auth.ErrNotFound
	}
	return fmt.Errorf("%s: %w", doing, err)
}
