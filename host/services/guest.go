package services

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/jarvis-host/jarvis/host/notice"
	"github.com/jarvis-host/jarvis/host/schedule"
	"github.com/jarvis-host/jarvis/sdk"
)

// guest is one process of a plugin. It implements [sdk.Services] for it.
type guest struct {
	desk   *Desk
	plugin string
	visits *visits
	lines  lines

	mu      sync.Mutex
	granted []sdk.Need
	calls   map[string]running
}

// running is a call that runs in the process.
type running struct {
	sdk.CallInfo
	over chan struct{} // closed when it does not run any more
}

var _ sdk.Services = (*guest)(nil)

func fault(code sdk.Code, format string, args ...any) error {
	return &sdk.Error{Code: code, Err: fmt.Errorf(format, args...)}
}

// need refuses what was not granted: the author reads what to declare and the
// operator's line, the log has a line of it.
func (g *guest) need(kind, scope, method, call string) error {
	if g.has(kind, scope) {
		return nil
	}
	name := strings.TrimSpace(kind + " " + scope)
	if g.desk.o.Refused != nil {
		g.desk.o.Refused(g.plugin, name, method, call)
	}
	return fault(sdk.CodeForbidden, "%s needs %q, which was not granted: declare it with Needs(%q, %q, \"why\"), and let the operator add %q to plugins.%s.grants",
		method, name, kind, scope, name, g.plugin)
}

// has tells whether a need was granted.
func (g *guest) has(kind, scope string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.ContainsFunc(g.granted, func(n sdk.Need) bool { return n.Kind == kind && n.Scope == scope })
}

// who returns on whose behalf a call is. Without a call it is nobody.
func (g *guest) who(call string) (sdk.CallInfo, error) {
	if call == "" {
		return sdk.CallInfo{}, nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	r, ok := g.calls[call]
	if !ok {
		return sdk.CallInfo{}, outlived(call)
	}
	return r.CallInfo, nil
}

func outlived(call string) error {
	return fault(sdk.CodeForbidden, "call %.64q does not run in this plugin (any more): finish what acts for a person before the tool returns", call)
}

// during bounds what a plugin asks for in a call: it ends with the call, whether
// the plugin gives it up or not. stop frees what waits for that.
func (g *guest) during(ctx context.Context, call string) (own context.Context, stop func()) {
	g.mu.Lock()
	r, ok := g.calls[call]
	g.mu.Unlock()
	if call == "" {
		return context.WithCancel(ctx)
	}
	own, cancel := context.WithCancelCause(ctx)
	if !ok { // it ended since it was looked up
		cancel(outlived(call))
		return own, func() {}
	}
	go func() {
		select {
		case <-r.over:
			cancel(outlived(call))
		case <-own.Done():
		}
	}()
	return own, func() { cancel(nil) }
}

// ended is err, or that the call ended where that is the reason.
func ended(own context.Context, err error) error {
	if e, ok := errors.AsType[*sdk.Error](context.Cause(own)); ok && err != nil {
		return e
	}
	return err
}

// someone is who for what concerns an end user.
func (g *guest) someone(call string) (sdk.CallInfo, error) {
	info, err := g.who(call)
	if err == nil && info.User == "" {
		err = fault(sdk.CodeForbidden, "this concerns an end user, and no call is named: use it in a tool or an event, on its Call")
	}
	return info, err
}

// checkName refuses what can't be a key or a name.
func checkName(what, name string, most int) error {
	switch {
	case name == "":
		return fault(sdk.CodeInvalid, "%s is empty, expected 1 to %d bytes", what, most)
	case len(name) > most:
		return fault(sdk.CodeInvalid, "%s has %d bytes, expected at most %d", what, len(name), most)
	case !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl):
		return fault(sdk.CodeInvalid, "%s %.40q: expected UTF-8 without control characters", what, name)
	}
	return nil
}

// explain gives the errors of rooms behind their codes.
func explain(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[*sdk.Error](err); ok {
		return err
	}
	switch {
	case errors.Is(err, ErrVersion):
		return &sdk.Error{Code: sdk.CodeConflict, Err: err}
	case errors.Is(err, ErrQuota), errors.Is(err, schedule.ErrTooMany), errors.Is(err, notice.ErrTooMany):
		return &sdk.Error{Code: sdk.CodeTooLarge, Err: err}
	}
	return &sdk.Error{Code: sdk.CodeInternal, Err: err}
}

func absent(what string) error { return fault(sdk.CodeUnsupported, "this host has no %s", what) }
