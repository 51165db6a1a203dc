package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
)

//go:embed migrations/*.sql
var migrations embed.FS

// steps returns the scripts that bring a database up to date; the first makes
// version 1 of an empty one.
func steps() ([]string, error) {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	var all []string
	for i, name := range names {
		number, _, _ := strings.Cut(strings.TrimPrefix(name, "migrations/"), "_")
		if n, err := strconv.Atoi(number); err != nil || n != i+1 {
			return nil, fmt.Errorf("migration %s is not number %d", name, i+1)
		}
		script, err := migrations.ReadFile(name)
		if err != nil {
			return nil, err
		}
		all = append(all, string(script))
	}
	return all, nil
}

// migrate brings the database up to date, in one transaction: two processes
// that start at once do it once.
func migrate(ctx context.Context, conn *sql.Conn) (err error) {
	all, err := steps()
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	if version, err := version(ctx, conn); err != nil || version == len(all) {
		return err
	}
	if _, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return fmt.Errorf("begin migration: %w", err)
	}
	defer func() {
		if err != nil {
			_, undo := conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
			err = errors.Join(err, undo)
		}
	}()
	version, err := version(ctx, conn)
	if err != nil {
		return err
	}
	if version > len(all) {
		return fmt.Errorf("%w: it has schema %d, this program knows up to %d", ErrNewer, version, len(all))
	}
	for i, script := range all[version:] {
		if _, err := conn.ExecContext(ctx, script); err != nil {
			return fmt.Errorf("migrate to schema %d: %w", version+i+1, err)
		}
	}
	mark := fmt.Sprintf("PRAGMA user_version = %d; PRAGMA application_id = %d", len(all), applicationID)
	if _, err := conn.ExecContext(ctx, mark); err != nil {
		return fmt.Errorf("mark schema: %w", err)
	}
	if _, err := conn.ExecContext(ctx, "COMMIT"); err != nil {
		return fmt.Errorf("commit migration: %w", err)
	}
	return nil
}

func version(ctx context.Context, conn *sql.Conn) (int, error) {
	var n int
	if err := conn.QueryRowContext(ctx, "PRAGMA user_version").Scan(&n); err != nil {
		return 0, fmt.Errorf("read schema version: %w", err)
	}
	return n, nil
}
