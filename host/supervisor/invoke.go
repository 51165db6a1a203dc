package supervisor

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/jarvis-host/jarvis/sdk"
)

// What one call may bring back.
const (
	maxText   = 256 << 10 // bytes of all its texts
	maxData   = 1 << 20   // bytes of its structured result
	maxEvents = 10_000
)

// Invoke calls a tool, as [sdk.Handler] describes it, and bounds the call: by
// its tool's timeout or ten seconds, by the plugin's queue, and in what it may
// bring back. A plugin that is just restarting is waited for.
//
// A call that was lost with its process, before anything of it was passed on,
// is made once more if nothing can happen twice: the tool is read-only or
// idempotent, or it is stateful and changes nothing but its state (it is
// neither destructive nor open to the world), which only comes back with a
// result.
//
// Errors are [*sdk.Error] with an empty Message: not_found, unavailable, busy,
// timeout, or internal for a plugin that breaks the contract. One of a call that
// no process was given says so with a method Unsent() bool. When ctx is
// cancelled its error can be found in them.
func (s *Supervisor) Invoke(ctx context.Context, plugin string, in *sdk.Invocation) iter.Seq2[sdk.Event, error] {
	return func(yield func(sdk.Event, error) bool) {
		k, err := s.find(plugin)
		if err != nil {
			yield(nil, unsent{err})
			return
		}
		tool, err := k.tool(in.Tool)
		if err != nil {
			yield(nil, unsent{err})
			return
		}
		began := s.opts.Clock()
		c := &call{k: k, tool: tool, in: in, yield: yield}
		err = c.run(ctx)
		s.opts.Observe.Call(plugin, in.Tool, s.opts.Clock().Sub(began), c.code(err))
		if err != nil && c.last == nil {
			err = unsent{err}
		}
		if err != nil && !c.left {
			yield(nil, err)
		}
	}
}

// unsent is an error of a call that no process was given: it did nothing.
type unsent struct{ error }

// Unwrap returns the error.
func (u unsent) Unwrap() error { return u.error }

// Unsent says so to whoever asks.
func (unsent) Unsent() bool { return true }

// tool finds a tool on offer, or says why there is none.
func (k *keeper) tool(name string) (sdk.ToolSpec, error) {
	m := k.offer()
	if m == nil {
		st := k.snapshot()
		return sdk.ToolSpec{}, failure(sdk.CodeUnavailable, fmt.Errorf("plugin %s is %s: %s", st.Name, st.State, st.Reason))
	}
	for _, t := range m.Tools {
		if t.Name == name {
			return t, nil
		}
	}
	return sdk.ToolSpec{}, failure(sdk.CodeNotFound, fmt.Errorf("plugin %s has no tool %q", k.id, name))
}

// call is one call on its way.
type call struct {
	k     *keeper
	tool  sdk.ToolSpec
	in    *sdk.Invocation
	yield func(sdk.Event, error) bool

	last   *instance // that it reached, or nil
	passed bool      // something of it was passed on
	left   bool      // the caller left the loop
	failed sdk.Code  // of a Problem
	events int
	text   int
}

func (c *call) run(ctx context.Context) error {
	timeout := c.k.s.timing.call
	if c.tool.Timeout > 0 {
		timeout = c.tool.Timeout
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	leave, err := c.k.gate.enter(ctx, c.tool)
	if err != nil {
		return err
	}
	defer func() {
		c.k.used.Store(c.k.s.opts.Clock().UnixNano())
		leave()
	}()
	err = c.try(ctx)
	if c.again(ctx, err) {
		c.last.awaitLoss(ctx)
		err = c.try(ctx)
	}
	if err != nil || c.left { // its code may still run
		c.k.suspected()
	}
	return err
}

// again reports whether a call that failed may be made once more.
func (c *call) again(ctx context.Context, err error) bool {
	if err == nil || c.last == nil || c.passed || ctx.Err() != nil || sdk.ErrorCode(err) != sdk.CodeUnavailable {
		return false
	}
	t := c.tool
	own := t.Stateful && !t.OpenWorld && t.Effect == sdk.EffectAdditive
	return t.Effect == sdk.EffectReadOnly || t.Idempotent || own
}

// awaitLoss gives the signs of a process's death the moment by which a call can
// be ahead of them, so that the next try does not meet the same process.
func (in *instance) awaitLoss(ctx context.Context) {
	late := time.NewTimer(ownEnd)
	defer late.Stop()
	select {
	case <-in.Lost():
	case <-late.C:
	case <-ctx.Done():
	}
}

// try makes the call once.
func (c *call) try(ctx context.Context) error {
	in, err := c.k.acquire(ctx)
	if err != nil {
		return err
	}
	c.last, c.events, c.text = in, 0, 0
	defer in.begin(c.in.Info)()
	for ev, err := range in.Handler().Invoke(ctx, c.in) {
		if err != nil {
			return lostCall(ctx, in, err)
		}
		if err := c.bounds(ev); err != nil {
			return err
		}
		end := isEnd(ev)
		c.passed = true
		if !c.yield(ev, nil) {
			c.left = true
			return nil
		}
		if end {
			return nil
		}
	}
	return failure(sdk.CodeInternal, errors.New("the call ended without an end"))
}

func isEnd(ev sdk.Event) bool {
	switch ev.(type) {
	case sdk.Text, sdk.Progress:
		return false
	}
	return true
}

// lostCall words the end of a call that brought no end of its own. The plugin's
// answer can't be trusted to be one of our codes.
func lostCall(ctx context.Context, in *instance, err error) error {
	if own := ctx.Err(); own != nil {
		code := sdk.CodeUnavailable
		if errors.Is(own, context.DeadlineExceeded) {
			code = sdk.CodeTimeout
		}
		return failure(code, errors.Join(own, err))
	}
	select {
	case <-in.Lost():
		return failure(sdk.CodeUnavailable, fmt.Errorf("the plugin ended during the call: %w", err))
	default:
	}
	switch code := sdk.ErrorCode(err); code {
	case sdk.CodeUnavailable, sdk.CodeTimeout, sdk.CodeBusy, sdk.CodeTooLarge:
		return failure(code, err)
	default:
		return failure(sdk.CodeInternal, err)
	}
}

// bounds refuses what is more than a call may bring back.
func (c *call) bounds(ev sdk.Event) error {
	c.events++
	var data, state int
	switch e := ev.(type) {
	case sdk.Text:
		c.text += len(e.Text)
	case sdk.Progress:
		c.text += len(e.Message)
	case sdk.Result:
		c.text += len(e.Text) + len(e.Speech)
		data, state = len(e.Data), len(e.State)
	case sdk.Problem:
		c.text += len(e.Message) + len(e.Detail)
		c.failed = e.Code
	case sdk.NeedInput:
		c.text += len(e.Text)
		for _, o := range e.Options {
			c.text += len(o.Value) + len(o.Label)
		}
	case sdk.NotMine:
		c.text += len(e.Fallback)
	}
	for _, b := range []struct {
		what     string
		got, max int
	}{
		{"bytes of text", c.text, maxText},
		{"bytes of data", data, maxData},
		{"bytes of state", state, sdk.MaxState},
		{"events", c.events, maxEvents},
	} {
		if b.got > b.max {
			return failure(sdk.CodeInternal, fmt.Errorf("tool %s answered with %d %s, at most %d are allowed", c.tool.Name, b.got, b.what, b.max))
		}
	}
	return nil
}

// code is what a call is counted under.
func (c *call) code(err error) sdk.Code {
	if err != nil {
		return sdk.ErrorCode(err)
	}
	return c.failed
}

// acquire returns the process that takes calls, and waits for one that is about
// to be ready: for one that idles, and is woken by this, as long as a start takes.
func (k *keeper) acquire(ctx context.Context) (*instance, error) {
	patience := k.s.timing.restart
	if k.snapshot().State == StateIdle {
		patience = k.s.timing.start
	}
	late := time.NewTimer(patience)
	defer late.Stop()
	for {
		in, changed, err := k.current()
		if in != nil || err != nil {
			return in, err
		}
		select {
		case <-changed:
		case <-late.C:
			st := k.snapshot()
			return nil, failure(sdk.CodeUnavailable, fmt.Errorf("plugin %s is %s: %s", st.Name, st.State, st.Reason))
		case <-ctx.Done():
			return nil, failure(sdk.CodeUnavailable, fmt.Errorf("wait for plugin %s: %w", k.id, ctx.Err()))
		}
	}
}

// current returns the process that takes calls, or what to wait for, or why
// waiting is of no use.
func (k *keeper) current() (*instance, <-chan struct{}, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if in := k.live; in != nil {
		select {
		case <-in.Lost(): // its goroutine will notice in a moment
		default:
			return in, nil, nil
		}
	}
	far := k.retryAt.Sub(k.s.opts.Clock()) > k.s.timing.restart
	if k.manifest == nil || far {
		return nil, nil, failure(sdk.CodeUnavailable, fmt.Errorf("plugin %s is %s: %s", k.id, k.status.State, k.status.Reason))
	}
	if k.status.State == StateIdle {
		select {
		case k.wake <- struct{}{}:
		default: // it has been told
		}
	}
	return nil, k.changed, nil
}

// suspected makes the plugin's goroutine look after a call that was given up.
func (k *keeper) suspected() {
	select {
	case k.suspect <- struct{}{}:
	default:
	}
}
