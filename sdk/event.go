package sdk

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime/debug"
	"time"
)

// EventHandler is implemented by plugins that hear of what they asked the host
// for. A plugin that is none hears nothing.
type EventHandler interface {
	// OnEvent handles an event; after an error the host comes back with it, a
	// few times.
	OnEvent(ctx context.Context, ev *Occurrence) error
}

// Occurrence is an event on its way to a plugin: one of the pointers is set.
type Occurrence struct {
	Info     CallInfo // on whose behalf; the origin is OriginEvent
	Schedule *Due
	Notice   *Acknowledged
}

// OriginEvent is the origin of what an event led to.
const OriginEvent Origin = "event"

// Due says that a schedule is due.
type Due struct {
	Name string
	Data json.RawMessage // what was kept with it, or nil
	At   time.Time       // when it was due
	Late bool            // the host was not there when it was due
}

// Acknowledged says that a notice reached a person.
type Acknowledged struct {
	Notice string // its id
}

// OnSchedule sets what happens when a schedule is due. The call acts for the
// end user for whom it was made; what is said on it goes nowhere, so notify.
// After an error or a panic the host comes back with the same event, a few
// times: handling it twice must do no harm.
func (p *Plugin) OnSchedule(f func(ctx context.Context, c *Call, due Due) error) *Plugin {
	p.onSchedule = f
	return p
}

// OnNotice sets what happens when a person acknowledges a notice. All else is
// as with OnSchedule.
func (p *Plugin) OnNotice(f func(ctx context.Context, c *Call, a Acknowledged) error) *Plugin {
	p.onNotice = f
	return p
}

// OnEvent implements [EventHandler].
func (p *Plugin) OnEvent(ctx context.Context, ev *Occurrence) (err error) {
	if err := p.ready(); err != nil {
		return err
	}
	if !p.calls.enter() {
		return &Error{Code: CodeUnavailable, Err: errDraining}
	}
	defer p.calls.leave()
	c := p.newCall(&Invocation{Tool: "event", Info: ev.Info}, func(Event) {})
	defer func() {
		if v := recover(); v != nil {
			c.Log().Error("panic in event", "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
			err = &Error{Code: CodeInternal, Err: fmt.Errorf("panic: %v", v)}
		}
	}()
	switch {
	case ev.Schedule != nil && p.onSchedule != nil:
		return p.onSchedule(ctx, c, *ev.Schedule)
	case ev.Notice != nil && p.onNotice != nil:
		return p.onNotice(ctx, c, *ev.Notice)
	}
	return &Error{Code: CodeUnsupported, Err: fmt.Errorf("plugin handles no such event")}
}

// newCall returns a call as the author's code sees it.
func (p *Plugin) newCall(in *Invocation, emit func(Event)) *Call {
	return &Call{Host: Host{owner: p, call: in.Info.Call}, plugin: p, in: in, emit: emit}
}
