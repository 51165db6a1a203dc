package schedule

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/cron"
)

// MaxPlans is how many plans one plugin may have.
const MaxPlans = 1000

// ErrTooMany says that a plugin has as many plans as it may have.
var ErrTooMany = errors.New("too many schedules")

// Plan is a schedule with what the host knows about it.
type Plan struct {
	Plugin  string
	User    string // "" for nobody
	Session string
	Locale  string
	Zone    string // of the end user
	sdk.Schedule

	Revision int64     // another one each time the plan is put
	Due      time.Time // when it is due
	Wake     time.Time // when to try: Due, or later after a failure
	Tries    int       // that failed, since it is due
}

// Store keeps plans. It is safe for concurrent use; what a method acknowledges
// is on disk.
type Store interface {
	// PutPlan keeps a plan in place of the one of the same plugin, user and
	// name, with a new revision. ErrTooMany: the plugin has max others.
	PutPlan(ctx context.Context, p Plan, limit int) error
	// Plans lists a plugin's plans for an end user, by Due and name.
	Plans(ctx context.Context, plugin, user string) ([]Plan, error)
	// DropPlan removes a plan.
	DropPlan(ctx context.Context, plugin, user, name string) (found bool, err error)
	// Waking lists at most limit plans by Wake.
	Waking(ctx context.Context, limit int) ([]Plan, error)
	// MovePlan replaces Due, Wake and Tries of a plan, or removes it when done,
	// unless its revision is another one by now.
	MovePlan(ctx context.Context, p Plan, done bool) error
}

// first returns the first time of a schedule, or why it has none.
func first(s sdk.Schedule, zone string, now time.Time) (time.Time, error) {
	set := 0
	for _, is := range []bool{!s.At.IsZero(), s.Every != 0, s.Cron != ""} {
		if is {
			set++
		}
	}
	switch {
	case set != 1:
		return time.Time{}, fmt.Errorf("schedule %.64q: expected exactly one of at, every and cron", s.Name)
	case s.Every != 0 && s.Every < sdk.MinEvery:
		return time.Time{}, fmt.Errorf("schedule %.64q: every %v: expected at least %v", s.Name, s.Every, sdk.MinEvery)
	}
	return next(s, zone, now, now)
}

// next returns the first time after now of a schedule that was due last at
// last, or zero when there is none.
func next(s sdk.Schedule, zone string, last, now time.Time) (time.Time, error) {
	switch {
	case !s.At.IsZero():
		return s.At, nil
	case s.Every > 0:
		behind := max(now.Sub(last), 0)
		return last.Add(behind - behind%s.Every + s.Every), nil // what was missed stays missed
	}
	times, err := cron.Parse(s.Cron)
	if err != nil {
		return time.Time{}, err
	}
	if s.TimeZone != "" {
		zone = s.TimeZone
	}
	where, err := time.LoadLocation(zone)
	if err != nil {
		return time.Time{}, fmt.Errorf("schedule %.64q: time zone %.64q: expected an IANA name such as Europe/Paris", s.Name, zone)
	}
	return times.Next(now.In(where)), nil
}
