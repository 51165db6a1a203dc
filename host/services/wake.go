package services

import (
	"context"
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jarvis-host/jarvis/host/notice"
	"github.com/jarvis-host/jarvis/host/schedule"
	"github.com/jarvis-host/jarvis/sdk"
)

// What plugins want the host to do later, and to tell people.

func (g *guest) schedules(call, method string) (sdk.CallInfo, error) {
	if err := g.need(sdk.NeedSchedule, "", method, call); err != nil {
		return sdk.CallInfo{}, err
	}
	if g.desk.o.Schedules == nil {
		return sdk.CallInfo{}, absent("schedules")
	}
	return g.who(call)
}

// PutSchedule implements [sdk.Services].
func (g *guest) PutSchedule(ctx context.Context, call string, s sdk.Schedule) (time.Time, error) {
	info, err := g.schedules(call, "PutSchedule")
	if err == nil {
		err = checkName("name", s.Name, sdk.MaxScheduleName)
	}
	switch {
	case err != nil:
		return time.Time{}, err
	case len(s.Data) > sdk.MaxScheduleData:
		return time.Time{}, fault(sdk.CodeTooLarge, "schedule %q: data has %d bytes, expected at most %d", s.Name, len(s.Data), sdk.MaxScheduleData)
	case len(s.Data) > 0 && !json.Valid(s.Data):
		return time.Time{}, fault(sdk.CodeInvalid, "schedule %q: data is no JSON", s.Name)
	}
	next, err := g.desk.o.Schedules.Put(ctx, schedule.Plan{
		Plugin: g.plugin, User: info.User, Session: info.Session, Locale: info.Locale, Zone: info.TimeZone, Schedule: s,
	})
	return next, explain(err)
}

// ListSchedules implements [sdk.Services].
func (g *guest) ListSchedules(ctx context.Context, call string) ([]sdk.Pending, error) {
	info, err := g.schedules(call, "ListSchedules")
	if err != nil {
		return nil, err
	}
	plans, err := g.desk.o.Schedules.Plans(ctx, g.plugin, info.User)
	var all []sdk.Pending
	for _, p := range plans {
		all = append(all, sdk.Pending{Schedule: p.Schedule, Next: p.Due})
	}
	return all, explain(err)
}

// CancelSchedule implements [sdk.Services].
func (g *guest) CancelSchedule(ctx context.Context, call, name string) (bool, error) {
	info, err := g.schedules(call, "CancelSchedule")
	if err != nil {
		return false, err
	}
	found, err := g.desk.o.Schedules.Drop(ctx, g.plugin, info.User, name)
	return found, explain(err)
}

func (g *guest) notices(call, method string) (sdk.CallInfo, error) {
	if err := g.need(sdk.NeedNotify, "", method, call); err != nil {
		return sdk.CallInfo{}, err
	}
	if g.desk.o.Notices == nil {
		return sdk.CallInfo{}, absent("notices")
	}
	return g.someone(call)
}

// Notify implements [sdk.Services].
func (g *guest) Notify(ctx context.Context, call string, n sdk.Notice) (string, error) {
	info, err := g.notices(call, "Notify")
	if err != nil {
		return "", err
	}
	chars := utf8.RuneCountInString(n.Text)
	switch {
	case strings.TrimSpace(n.Text) == "":
		return "", fault(sdk.CodeInvalid, "notice: text is empty")
	case chars > sdk.MaxNotice:
		return "", fault(sdk.CodeTooLarge, "notice: text has %d characters, expected at most %d", chars, sdk.MaxNotice)
	}
	switch n.Kind {
	case "":
		n.Kind = "plugin"
	case "timer", "reminder", "plugin":
	default:
		return "", fault(sdk.CodeInvalid, "notice: kind %.40q: expected timer, reminder or plugin", n.Kind)
	}
	now := g.desk.o.Now()
	late := !n.Due.IsZero() && now.Sub(n.Due) > lateAfter
	id, err := g.desk.o.Notices.Send(ctx, notice.Notice{
		User: info.User, Plugin: g.plugin, Kind: n.Kind, Text: n.Text, Due: n.Due, Late: late,
	})
	return id, explain(err)
}

// lateAfter is how far behind a notice may be without being called late.
const lateAfter = time.Minute

// WithdrawNotice implements [sdk.Services].
func (g *guest) WithdrawNotice(ctx context.Context, call, id string) (bool, error) {
	info, err := g.notices(call, "WithdrawNotice")
	if err != nil {
		return false, err
	}
	found, err := g.desk.o.Notices.Withdraw(ctx, g.plugin, info.User, id)
	return found, explain(err)
}
