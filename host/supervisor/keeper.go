package supervisor

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jarvis-host/jarvis/sdk"
)

// verb is what an operator can tell a plugin.
type verb int

const (
	enable verb = iota
	disable
	restart
	adopt // another configuration
)

// command is a verb on its way; settled is closed when it is done.
type command struct {
	verb    verb
	settled chan struct{}
	cfg     Config // to adopt
	refused *error // why it was not adopted; read it after settled
}

// instance is one running process of a plugin.
type instance struct {
	process
	visa
	since time.Time
	news  *news
}

// visa is how a process reaches the host's services.
type visa struct {
	access sdk.HostAccess
	pass   Pass // nil: there are none
}

// begin says that a call or event runs in the process.
func (v visa) begin(info sdk.CallInfo) (end func()) {
	if v.pass == nil {
		return func() {}
	}
	return v.pass.Begin(info)
}

func (v visa) grant(granted []sdk.Need) {
	if v.pass != nil {
		v.pass.Grant(granted)
	}
}

// phase is one state of a keeper's machine: it runs until the next is known;
// nil ends the machine.
type phase func(ctx context.Context) phase

// keeper owns one plugin: its goroutine, run, is the only one that changes the
// plugin's state. The rest of the host reads what it publishes.
type keeper struct {
	s        *Supervisor
	id       string
	commands chan command
	leaving  chan time.Duration // the grace of a Stop
	done     chan struct{}      // run has returned
	suspect  chan struct{}      // a call went over its deadline
	wake     chan struct{}      // a call waits for a plugin that is idle
	used     atomic.Int64       // when the last call ended, in Unix nanoseconds
	gate     *gate

	// Only run uses these, and the start that it waits for.
	cfg     Config
	history history
	pending []chan struct{} // of commands that are not settled
	started bool

	mu       sync.Mutex
	status   Status
	retryAt  time.Time     // in backoff and quarantine
	manifest *sdk.Manifest // what was on offer last, or nil
	live     *instance     // takes calls, or nil
	changed  chan struct{} // closed at each change of the above
}

func newKeeper(s *Supervisor, c Config) *keeper {
	k := &keeper{
		s: s, id: c.ID, cfg: c, commands: make(chan command), leaving: make(chan time.Duration, 1),
		done: make(chan struct{}), suspect: make(chan struct{}, 1), wake: make(chan struct{}, 1), gate: newGate(), changed: make(chan struct{}),
	}
	k.status = Status{Name: c.ID, State: StateStarting, Since: s.opts.Clock()}
	if !c.Enabled {
		k.status.State = StateDisabled
	}
	return k
}

// run is the plugin's goroutine.
func (k *keeper) run(ctx context.Context) {
	defer close(k.done)
	next := k.beginning
	if !k.cfg.Enabled {
		next = k.off
	}
	for next != nil {
		next = next(ctx)
	}
	k.set(StateDisabled, errStopped.Error())
	k.settle()
}

// do hands a command to the plugin's goroutine and waits until it is done.
func (k *keeper) do(ctx context.Context, v verb) error {
	if v == restart && k.snapshot().State == StateDisabled {
		return failure(sdk.CodeConflict, fmt.Errorf("plugin %s is disabled: enable it first", k.id))
	}
	return k.hand(ctx, command{verb: v, settled: make(chan struct{})})
}

// hand gives a command to the plugin's goroutine and waits until it is done.
func (k *keeper) hand(ctx context.Context, c command) error {
	select {
	case k.commands <- c:
	case <-k.done:
		return failure(sdk.CodeUnavailable, errStopped)
	case <-ctx.Done():
		return fmt.Errorf("wait for plugin %s: %w", k.id, ctx.Err())
	}
	select {
	case <-c.settled:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for plugin %s: %w", k.id, ctx.Err())
	}
}

// leave makes the goroutine drain and end.
func (k *keeper) leave(grace time.Duration) {
	select {
	case k.leaving <- grace:
	default: // it is leaving already
	}
}

func (k *keeper) snapshot() Status {
	k.mu.Lock()
	defer k.mu.Unlock()
	st := k.status
	st.Stderr = slices.Clone(st.Stderr)
	return st
}

// offer is the manifest with the tools that can be called now or soon, or nil.
func (k *keeper) offer() *sdk.Manifest {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.manifest
}

// waitSettled returns when nothing is about to happen, or ctx ends.
func (k *keeper) waitSettled(ctx context.Context) {
	for {
		k.mu.Lock()
		settled, changed := k.status.State.settled(), k.changed
		k.mu.Unlock()
		if settled {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return
		}
	}
}

// set publishes a state. Outside ready and degraded no calls are taken.
func (k *keeper) set(st State, reason string) {
	k.update(func() {
		if k.status.State != st {
			k.status.Since = k.s.opts.Clock()
		}
		k.status.State, k.status.Reason = st, reason
		if st != StateReady && st != StateDegraded {
			k.live = nil
		}
		if !st.offers() {
			k.status.PID, k.manifest = 0, nil
		}
		k.retryAt = time.Time{}
	})
	k.s.opts.Observe.State(k.id, st, reason)
	if st.settled() {
		k.settle()
	}
}

// settle ends the waiting of those who gave commands.
func (k *keeper) settle() {
	for _, c := range k.pending {
		close(c)
	}
	k.pending = nil
}

// update changes what the rest of the host sees, and tells it.
func (k *keeper) update(change func()) {
	before := k.offer()
	k.mu.Lock()
	change()
	close(k.changed)
	k.changed = make(chan struct{})
	k.mu.Unlock()
	if k.offer() != before {
		k.s.told()
	}
}

// ready publishes a process that is ready for calls.
func (k *keeper) ready(in *instance, m *sdk.Manifest) {
	k.update(func() {
		k.live = in
		k.status.PID, k.status.Version = in.PID(), m.Version
	})
	k.offers(in.news.amended(m))
	k.set(StateReady, "")
}

// offers publishes what is on offer.
func (k *keeper) offers(m *sdk.Manifest) {
	k.update(func() {
		if !reflect.DeepEqual(k.manifest, m) { // the same pointer means no change
			k.manifest = m
		}
	})
}

// off waits for an operator.
func (k *keeper) off(ctx context.Context) phase {
	k.set(StateDisabled, "turned off by the operator")
	return k.rest(ctx, nil, "")
}

// blockedBy waits for an operator too: nothing helps that happens by itself.
func (k *keeper) blockedBy(why *blockedError) phase {
	return func(ctx context.Context) phase {
		k.set(StateBlocked, why.Error())
		return k.rest(ctx, nil, "")
	}
}

// rest waits without a process for a command, or until due is ready; why is
// what ended the last process.
func (k *keeper) rest(ctx context.Context, due <-chan time.Time, why string) phase {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-k.leaving:
			return nil
		case <-due:
			return k.starting("tried again after: " + why)
		case c := <-k.commands:
			if next, ok := k.obey(c); ok {
				return next
			}
		}
	}
}

// obey turns a command into the next phase; false means that there is nothing
// to do.
func (k *keeper) obey(c command) (phase, bool) {
	k.pending = append(k.pending, c.settled)
	off := k.snapshot().State == StateDisabled
	switch {
	case c.verb == disable && !off:
		return k.off, true
	case c.verb == enable && off:
		k.history = history{}
		return k.beginning, true
	case c.verb == restart && !off:
		k.history = history{}
		return k.starting(""), true
	case c.verb == enable && k.snapshot().State == StateBlocked:
		return k.starting(""), true
	case c.verb == adopt:
		k.cfg = c.cfg
		if !off {
			k.history = history{}
			return k.starting(""), true
		}
	}
	k.settle()
	return nil, false
}

// starting runs a start beside the goroutine, so that commands need not wait.
func (k *keeper) starting(reason string) phase {
	return func(ctx context.Context) phase {
		k.set(StateStarting, reason)
		k.countStart()
		own, cancel := context.WithTimeout(ctx, k.s.timing.start)
		defer cancel()
		result := make(chan outcome, 1)
		go func() { result <- k.open(own) }()
		for {
			select {
			case r := <-result:
				return k.opened(r)
			case <-k.leaving:
				cancel()
				k.discard(<-result)
				return nil
			case c := <-k.commands:
				if c.verb == enable { // that is what happens here
					k.pending = append(k.pending, c.settled)
					continue
				}
				cancel()
				k.discard(<-result)
				next, _ := k.obey(c)
				return next
			}
		}
	}
}

func (k *keeper) countStart() {
	if k.started {
		k.update(func() { k.status.Restarts++ })
		k.s.opts.Observe.Restart(k.id)
	}
	k.started = true
}

// opened decides what follows a start.
func (k *keeper) opened(r outcome) phase {
	if why, ok := errors.AsType[*blockedError](r.err); ok {
		return k.blockedBy(why)
	}
	if r.err != nil {
		return k.crashed(r.err.Error(), r.stderr, 0)
	}
	k.ready(r.instance, r.manifest)
	return func(ctx context.Context) phase { return k.serving(ctx, r.instance, r.manifest) }
}

// crashed waits before the next start.
func (k *keeper) crashed(reason string, stderr []string, up time.Duration) phase {
	return func(ctx context.Context) phase {
		k.update(func() { k.status.Stderr, k.status.PID = stderr, 0 })
		k.set(StateCrashed, reason)
		now := k.s.opts.Clock()
		wait, quarantined := k.history.crashed(now, up)
		if quarantined {
			k.set(StateQuarantined, fmt.Sprintf("crashed too often (%d times in %v make a quarantine), tried again every %v; the last time: %s",
				crashLimit, crashWindow, trialEvery, reason))
		} else {
			wait = k.s.opts.Jitter(wait)
			k.set(StateBackoff, fmt.Sprintf("starts again in %v; it stopped because: %s", wait.Round(time.Millisecond), reason))
		}
		k.update(func() { k.retryAt = now.Add(wait) })
		due := time.NewTimer(wait)
		defer due.Stop()
		return k.rest(ctx, due.C, reason)
	}
}
