package sqlite

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jarvis-host/jarvis/host/schedule"
	"github.com/jarvis-host/jarvis/sdk"
)

var _ schedule.Store = (*DB)(nil)

// planSpec is a schedule as it is kept.
type planSpec struct {
	At       time.Time       `json:"at,omitzero"`
	Every    time.Duration   `json:"every,omitempty"`
	Cron     string          `json:"cron,omitempty"`
	TimeZone string          `json:"time_zone,omitempty"`
	Data     json.RawMessage `json:"data,omitempty"`
}

// PutPlan implements schedule.Store.
func (db *DB) PutPlan(ctx context.Context, p schedule.Plan, limit int) error {
	spec, err := json.Marshal(planSpec{At: p.At, Every: p.Every, Cron: p.Cron, TimeZone: p.TimeZone, Data: p.Data})
	if err != nil {
		return fmt.Errorf("encode schedule: %w", err)
	}
	err = db.writer.write(ctx, func(ctx context.Context, tx *prepared) error {
		revision, err := nextNumber(ctx, tx)
		if err != nil {
			return err
		}
		if err := tx.exec(ctx, `INSERT INTO plans (plugin, user, name, session, locale, zone, spec, revision, due, wake, tries)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (plugin, user, name) DO UPDATE SET session = excluded.session, locale = excluded.locale, zone = excluded.zone,
			spec = excluded.spec, revision = excluded.revision, due = excluded.due, wake = excluded.wake, tries = excluded.tries`,
			p.Plugin, p.User, p.Name, p.Session, p.Locale, p.Zone, string(spec), revision, kept(p.Due), kept(p.Wake), p.Tries); err != nil {
			return err
		}
		var n int
		if err := tx.row(ctx, `SELECT count(*) FROM plans WHERE plugin = ?`, []any{p.Plugin}, []any{&n}); err != nil {
			return err
		}
		if n > limit {
			return fmt.Errorf("%w: at most %d may be kept", schedule.ErrTooMany, limit)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("keep schedule: %w", err)
	}
	return nil
}

const planColumns = `SELECT plugin, user, name, session, locale, zone, spec, revision, due, wake, tries FROM plans `

func scanPlan(r row) (p schedule.Plan, err error) {
	var spec string
	var due, wake micros
	if err := r.Scan(&p.Plugin, &p.User, &p.Name, &p.Session, &p.Locale, &p.Zone, &spec, &p.Revision, &due, &wake, &p.Tries); err != nil {
		return p, err
	}
	var s planSpec
	if err := json.Unmarshal([]byte(spec), &s); err != nil {
		return p, fmt.Errorf("decode schedule: %w", err)
	}
	p.Schedule = sdk.Schedule{Name: p.Name, At: s.At, Every: s.Every, Cron: s.Cron, TimeZone: s.TimeZone, Data: s.Data}
	p.Due, p.Wake = due.time(), wake.time()
	return p, nil
}

// Plans implements schedule.Store.
func (db *DB) Plans(ctx context.Context, plugin, user string) ([]schedule.Plan, error) {
	plans, err := list(ctx, db, scanPlan, planColumns+`WHERE plugin = ? AND user = ? ORDER BY due, name`, plugin, user)
	if err != nil {
		return nil, fmt.Errorf("list schedules: %w", err)
	}
	return plans, nil
}

// Waking implements schedule.Store.
func (db *DB) Waking(ctx context.Context, limit int) ([]schedule.Plan, error) {
	plans, err := list(ctx, db, scanPlan, planColumns+`ORDER BY wake, revision LIMIT ?`, limit)
	if err != nil {
		return nil, fmt.Errorf("list schedules: %w", err)
	}
	return plans, nil
}

// DropPlan implements schedule.Store.
func (db *DB) DropPlan(ctx context.Context, plugin, user, name string) (found bool, err error) {
	err = db.writer.write(ctx, func(ctx context.Context, tx *prepared) error {
		n, err := tx.change(ctx, `DELETE FROM plans WHERE plugin = ? AND user = ? AND name = ?`, plugin, user, name)
		found = n > 0
		return err
	})
	if err != nil {
		return false, fmt.Errorf("cancel schedule: %w", err)
	}
	return found, nil
}

// MovePlan implements schedule.Store.
func (db *DB) MovePlan(ctx context.Context, p schedule.Plan, done bool) error {
	err := db.writer.write(ctx, func(ctx context.Context, tx *prepared) error {
		if done {
			return tx.exec(ctx, `DELETE FROM plans WHERE revision = ?`, p.Revision)
		}
		return tx.exec(ctx, `UPDATE plans SET due = ?, wake = ?, tries = ? WHERE revision = ?`, kept(p.Due), kept(p.Wake), p.Tries, p.Revision)
	})
	if err != nil {
		return fmt.Errorf("move schedule: %w", err)
	}
	return nil
}
