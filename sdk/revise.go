package sdk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
)

// Reviser is implemented by plugins that can look after what their calls did.
type Reviser interface {
	// Verify looks whether a deed holds; it changes nothing.
	Verify(ctx context.Context, d *Deed) (Sight, error)
	// Undo takes a deed back and returns what to tell the person. An error with
	// the code conflict says that something else has changed since, unsupported
	// that it can't be taken back.
	Undo(ctx context.Context, d *Deed) (text string, err error)
}

// Deed is a call that ended with a result.
type Deed struct {
	Info CallInfo // on whose behalf it is looked at; the call is that of the deed
	Tool string
	Args json.RawMessage // a JSON object
	Data json.RawMessage // the structured result, or nil
}

// Finding says whether an effect holds.
type Finding string

// The findings.
const (
	FindingVerified Finding = "verified"
	FindingNotYet   Finding = "not_yet" // it can't be seen yet
	FindingFailed   Finding = "failed"  // it does not hold
)

// Sight is what was seen of an effect.
type Sight struct {
	Finding Finding
	Seen    string // what was seen, for the person; may be empty
}

// Verify declares a read-back: f looks, soon after a call, whether what it did
// holds. It gets the call's arguments and must change nothing. The person reads
// what was seen, and that it is verified or not.
func Verify[In any](f func(ctx context.Context, c *Call, in In) (Sight, error)) ToolOption {
	return func(t *tool) {
		t.spec.Verifiable = true
		t.verify = func(ctx context.Context, c *Call, d *Deed) (Sight, error) {
			var in In
			if err := t.arguments(c, d.Args, &in); err != nil {
				return Sight{}, err
			}
			return f(ctx, c, in)
		}
	}
}

// Undo declares that a call can be taken back: f gets its arguments and what it
// answered with, and returns what to tell the person. [Fail] with [CodeConflict]
// says that something else has changed since. Out is what the tool answers with:
// where that is text only, it is empty.
func Undo[In, Out any](f func(ctx context.Context, c *Call, in In, out Out) (string, error)) ToolOption {
	return func(t *tool) {
		t.spec.Undoable = true
		t.undo = func(ctx context.Context, c *Call, d *Deed) (string, error) {
			var in In
			var out Out
			if err := t.arguments(c, d.Args, &in); err != nil {
				return "", err
			}
			if len(d.Data) > 0 {
				if err := json.Unmarshal(d.Data, &out); err != nil {
					return "", fmt.Errorf("decode what the call answered with: %w", err)
				}
			}
			return f(ctx, c, in, out)
		}
	}
}

var _ Reviser = (*Plugin)(nil)

// Verify implements [Reviser].
func (p *Plugin) Verify(ctx context.Context, d *Deed) (s Sight, err error) {
	err = p.revise(ctx, d, func(ctx context.Context, c *Call, t *tool) (err error) {
		if t.verify == nil {
			return errIrreversible
		}
		s, err = t.verify(ctx, c, d)
		return err
	})
	return s, err
}

// Undo implements [Reviser].
func (p *Plugin) Undo(ctx context.Context, d *Deed) (text string, err error) {
	err = p.revise(ctx, d, func(ctx context.Context, c *Call, t *tool) (err error) {
		if t.undo == nil {
			return errIrreversible
		}
		text, err = t.undo(ctx, c, d)
		return err
	})
	return text, err
}

var errIrreversible = &Error{Code: CodeUnsupported, Err: errors.New("the tool declares no such thing")}

// revise runs an author's function on a deed, as on a call.
func (p *Plugin) revise(ctx context.Context, d *Deed, f func(ctx context.Context, c *Call, t *tool) error) (err error) {
	if err := p.ready(); err != nil {
		return err
	}
	t, err := p.find(d.Tool)
	if err != nil {
		return &Error{Code: CodeNotFound, Err: err}
	}
	if !p.calls.enter() {
		return &Error{Code: CodeUnavailable, Err: errDraining}
	}
	defer p.calls.leave()
	in := &Invocation{Tool: d.Tool, Args: d.Args, Info: d.Info}
	r := &run{plugin: p, tool: t, in: in, call: p.newCall(in, func(Event) {})}
	defer func() {
		if v := recover(); v != nil {
			r.call.Log().Error("panic in tool", "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
			err = fault(r.internal(fmt.Sprintf("panic: %v", v)))
		}
	}()
	if err := f(ctx, r.call, t); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fault(r.problem(err))
	}
	return nil
}

// fault is a problem as an error.
func fault(ev Event) error {
	p, ok := ev.(Problem)
	if !ok {
		return &Error{Code: CodeInternal, Err: fmt.Errorf("ended with a %T", ev)}
	}
	return &Error{Code: p.Code, Message: p.Message, Err: errors.New(p.Detail)}
}
