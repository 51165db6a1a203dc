package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/jarvis-host/jarvis/host/db/sqlite"
	"github.com/jarvis-host/jarvis/host/notice"
	"github.com/jarvis-host/jarvis/host/schedule"
	"github.com/jarvis-host/jarvis/host/services"
	"github.com/jarvis-host/jarvis/sdk"
)

// AuthorDesk does for a plugin that runs without a host what a host would do:
// it keeps values, takes schedules and notices, and forgets everything when it
// is closed. It has no language model, no memory and no secrets. For one
// plugin at a time.
type AuthorDesk struct {
	desk *services.Desk
	db   *sqlite.DB
	dir  string
}

// OpenAuthorDesk opens a desk. said is told of what the plugin lets the host
// do, a line each.
func OpenAuthorDesk(ctx context.Context, said func(line string)) (_ *AuthorDesk, err error) {
	d := &AuthorDesk{}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.Close())
		}
	}()
	if d.dir, err = os.MkdirTemp("", "jv-author-"); err != nil {
		return nil, fmt.Errorf("open services for the plugin: %w", err)
	}
	if d.db, err = sqlite.Open(ctx, filepath.Join(d.dir, databaseFile)); err != nil {
		return nil, err
	}
	d.desk, err = services.Open(services.Options{
		Values: d.db, Now: time.Now,
		Schedules: saidSchedules{schedule.New(schedule.Options{Store: d.db, Now: time.Now}), said},
		Notices:   saidNotices{notice.New(notice.Options{Store: d.db, Now: time.Now}), said},
		Refused:   func(_, need, method, _ string) { said(fmt.Sprintf("refused: %s needs %q", method, need)) },
	})
	return d, err
}

// Admit lets a plugin in; pass.Begin says on whose behalf its calls are.
func (d *AuthorDesk) Admit(plugin string, granted []sdk.Need) (sdk.HostAccess, *services.Pass) {
	return d.desk.Admit(plugin, granted)
}

// Close forgets everything.
func (d *AuthorDesk) Close() error {
	var errs []error
	if d.desk != nil {
		errs = append(errs, d.desk.Close())
	}
	if d.db != nil {
		errs = append(errs, d.db.Close())
	}
	if d.dir != "" {
		errs = append(errs, os.RemoveAll(d.dir))
	}
	return errors.Join(errs...)
}

// saidSchedules tells of each schedule.
type saidSchedules struct {
	*schedule.Keeper
	said func(string)
}

// Put implements services.Schedules.
func (s saidSchedules) Put(ctx context.Context, p schedule.Plan) (time.Time, error) {
	next, err := s.Keeper.Put(ctx, p)
	if err == nil {
		s.said(fmt.Sprintf("schedule %s: due %s", p.Name, next.Local().Format(time.DateTime)))
	}
	return next, err
}

// saidNotices tells of each notice.
type saidNotices struct {
	*notice.Room
	said func(string)
}

// Send implements services.Notices.
func (s saidNotices) Send(ctx context.Context, n notice.Notice) (string, error) {
	id, err := s.Room.Send(ctx, n)
	if err == nil {
		s.said(fmt.Sprintf("notice %s: %s", id, n.Text))
	}
	return id, err
}
