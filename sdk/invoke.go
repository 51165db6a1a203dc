package sdk

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"
)

// errDraining is why a plugin that is about to end takes no call.
var errDraining = errors.New("plugin drains and takes no new calls")

// Invoke implements [Handler]. The author's function runs in a goroutine of
// its own, so that a call ends at once when its context does, whatever the
// function waits for.
func (p *Plugin) Invoke(ctx context.Context, in *Invocation) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		if err := p.ready(); err != nil {
			yield(nil, err)
			return
		}
		t, err := p.find(in.Tool)
		if err != nil {
			yield(Problem{
				Code: CodeInvalid, Message: ownText(baseLang(in.Info.Locale), "unknown_tool", "tool", in.Tool),
				Detail: err.Error(),
			}, nil)
			return
		}
		if !p.calls.enter() {
			yield(nil, &Error{Code: CodeUnavailable, Err: errDraining})
			return
		}
		p.invoke(ctx, t, in, yield)
	}
}

// invoke starts the run of a call and passes its events on until its end.
func (p *Plugin) invoke(ctx context.Context, t *tool, in *Invocation, yield func(Event, error) bool) {
	own, cancel := context.WithCancel(ctx)
	if t.spec.Timeout > 0 {
		own, cancel = context.WithTimeout(ctx, t.spec.Timeout)
	}
	defer cancel()
	r := &run{plugin: p, tool: t, in: in, events: make(chan Event), end: make(chan Event, 1)}
	defer r.leave()
	go r.start(own)
	for {
		select {
		case ev := <-r.events:
			if !yield(ev, nil) {
				return
			}
		case ev := <-r.end:
			if ctx.Err() != nil {
				yield(nil, ctx.Err())
				return
			}
			yield(ev, nil)
			return
		case <-own.Done():
			if ctx.Err() != nil {
				yield(nil, ctx.Err())
				return
			}
			yield(r.problem(own.Err()), nil)
			return
		}
	}
}

// run is one execution of a tool's function.
type run struct {
	plugin *Plugin
	tool   *tool
	in     *Invocation
	call   *Call
	events chan Event
	end    chan Event // takes the one end without waiting for a reader
	left   atomic.Int32
}

// leave is called by both who work on a call, the author's function and the
// one who passes its events on. A call that one of them still works on is not
// over: a drain waits for it.
func (r *run) leave() {
	if r.left.Add(1) == 2 {
		r.plugin.calls.leave()
	}
}

// start runs the author's function. It is the body of a goroutine that ends
// when the function returns.
func (r *run) start(ctx context.Context) {
	defer r.leave()
	r.call = r.plugin.newCall(r.in, func(ev Event) {
		select {
		case r.events <- ev:
		case <-ctx.Done():
		}
	})
	// Sent by a deferred function: runtime.Goexit, as t.FailNow does it, runs
	// nothing else.
	end := Event(nil)
	defer func() {
		if end == nil {
			end = r.crashed(recover())
		}
		r.end <- end
	}()
	res, err := r.tool.run(ctx, r.call, r.in.Args)
	if err != nil {
		end = r.problem(err)
		return
	}
	end = res
}

// crashed is the end of a call whose function panicked with v, or left its
// goroutine.
func (r *run) crashed(v any) Event {
	r.call.Log().Error("panic in tool", "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
	return r.internal(fmt.Sprintf("panic: %v%s", v, panicked()))
}

// panicked says where the panic that is being recovered from began, " (main.go:42)",
// or nothing. It is called while the deferred functions run, with the frames of the
// panic still below them.
func panicked() string {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs)])
	for within := false; ; {
		f, more := frames.Next()
		switch {
		case f.Function == "runtime.gopanic":
			within = true
		case within && !strings.HasPrefix(f.Function, "runtime.") && !strings.HasPrefix(f.Function, "internal/runtime/"):
			return fmt.Sprintf(" (%s:%d)", filepath.Base(f.File), f.Line)
		}
		if !more {
			return ""
		}
	}
}

// problem turns the error of a tool into the end of its call.
func (r *run) problem(err error) Event {
	if e, ok := errors.AsType[*ending](err); ok {
		return e.ev
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return r.known(e, err)
	}
	switch {
	case errors.Is(err, ErrDeclined):
		return Problem{Code: CodeForbidden, Message: r.own("declined"), Detail: err.Error()}
	case errors.Is(err, context.DeadlineExceeded):
		return Problem{Code: CodeTimeout, Message: r.own("timeout"), Detail: err.Error(), Retryable: true}
	}
	return r.internal(err.Error())
}

// known keeps the author's words where there are any.
func (r *run) known(e *Error, whole error) Event {
	p := Problem{Code: e.Code, Message: e.Message, Detail: whole.Error(), Retryable: retryable(e.Code)}
	if p.Message != "" {
		return p
	}
	switch e.Code {
	case CodeTimeout:
		p.Message = r.own("timeout")
	case CodeUnavailable, CodeBusy, CodeRateLimited:
		p.Message = r.own("unavailable")
	case CodeForbidden:
		p.Message = r.own("forbidden")
	case CodeInvalid:
		p.Message = r.own("invalid")
	default:
		p.Message = r.own("internal", "reference", r.reference())
	}
	return p
}

func (r *run) internal(detail string) Event {
	return Problem{Code: CodeInternal, Message: r.own("internal", "reference", r.reference()), Detail: detail}
}

func (r *run) own(key string, namesAndValues ...any) string {
	return (&Call{plugin: r.plugin, in: r.in}).own(key, namesAndValues...)
}

// reference is what a person can tell an operator, who finds the log by it.
func (r *run) reference() string {
	if r.in.Info.RequestID != "" {
		return r.in.Info.RequestID
	}
	return r.in.Info.Call
}

func retryable(c Code) bool {
	switch c {
	case CodeTimeout, CodeUnavailable, CodeBusy, CodeRateLimited:
		return true
	default:
		return false
	}
}
