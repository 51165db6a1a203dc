package supervisor

import (
	"context"
	"fmt"
	"time"

	"github.com/jarvis-host/jarvis/sdk"
)

// maxStrikes is how often in a row a plugin may be seen to work on calls that
// nobody waits for.
const maxStrikes = 2

// watch is what serving knows of one process.
type watch struct {
	k        *keeper
	in       *instance
	checks   chan checked // answers of health calls; at most one is on its way
	checking bool
	misses   int // health calls without an answer, in a row
	strikes  int
	linger   *time.Timer // when to look for calls that ignore their end
	waiting  bool        // linger is set
	looking  bool        // linger is due
}

// checked is the answer to a health call and how many calls the host waited
// for, before and after it.
type checked struct {
	health sdk.Health
	err    error
	calls  int
}

// serving watches a process that takes calls until it ends or has to.
func (k *keeper) serving(ctx context.Context, in *instance, m *sdk.Manifest) phase {
	w := &watch{k: k, in: in, checks: make(chan checked, 1), linger: time.NewTimer(time.Hour)}
	defer w.linger.Stop()
	tick := time.NewTimer(k.s.timing.health)
	defer tick.Stop()
	quiet := k.quiet()
	defer func() { quiet.Stop() }()
	w.check(ctx)
	for {
		select {
		case <-ctx.Done():
			k.end(ctx, in, 0, false)
			return nil
		case grace := <-k.leaving:
			k.end(ctx, in, grace, false)
			return nil
		case c := <-k.commands:
			if c.verb == adopt && k.adopt(ctx, in, m, c) {
				quiet.Stop()
				quiet = k.quiet()
				continue
			}
			if next, ok := k.interrupt(ctx, in, c); ok {
				return next
			}
		case <-quiet.C:
			left := k.idleIn()
			if left <= 0 {
				return k.sleep(ctx, in)
			}
			quiet.Reset(left)
		case <-in.news.changed:
			k.offers(in.news.amended(m))
		case <-in.Lost():
			return k.lost(in, "")
		case <-in.Done():
			return k.lost(in, "")
		case <-k.suspect:
			w.look()
			w.check(ctx)
		case <-w.linger.C:
			w.waiting, w.looking = false, true
			w.check(ctx)
		case <-tick.C:
			w.check(ctx)
		case c := <-w.checks:
			if why := w.judge(c); why != "" {
				return k.lost(in, why)
			}
			tick.Reset(w.next())
		}
	}
}

// check starts a health call unless one is on its way.
func (w *watch) check(ctx context.Context) {
	if w.checking {
		return
	}
	w.checking = true
	go func() {
		own, cancel := context.WithTimeout(ctx, w.k.s.timing.healthTimeout)
		defer cancel()
		before := w.k.gate.running()
		h, err := w.in.Handler().Health(own)
		w.checks <- checked{health: h, err: err, calls: max(before, w.k.gate.running())}
	}()
}

// judge takes the answer to a health call; a reason means that the process has
// to go.
func (w *watch) judge(c checked) (why string) {
	w.checking = false
	if c.err != nil {
		w.misses++
		if w.misses >= w.k.s.timing.misses {
			return fmt.Sprintf("%d health calls failed, the last with: %v", w.misses, c.err)
		}
		w.k.mark(StateDegraded, fmt.Sprintf("health call failed: %v", c.err))
		return ""
	}
	w.misses = 0
	if c.health.OK {
		w.k.mark(StateReady, "")
	} else {
		w.k.mark(StateDegraded, c.health.Message)
	}
	return w.overdue(c)
}

// overdue finds a plugin that works on calls whose callers are gone, a while
// after they went.
func (w *watch) overdue(c checked) (why string) {
	if !w.looking {
		return ""
	}
	w.looking = false
	if c.health.InFlight <= c.calls {
		w.strikes = 0
		return ""
	}
	w.strikes++
	if w.strikes >= maxStrikes {
		return fmt.Sprintf("%d calls run on after they were cancelled", c.health.InFlight-c.calls)
	}
	w.look()
	return ""
}

// look makes the watch count the plugin's calls in a while.
func (w *watch) look() {
	if !w.waiting {
		w.waiting = true
		w.linger.Reset(w.k.s.timing.linger)
	}
}

// next is when to ask again: soon after a failure, so that a process that hangs
// is found out in seconds.
func (w *watch) next() time.Duration {
	if w.misses > 0 {
		return w.k.s.timing.again
	}
	return w.k.s.timing.health
}

// mark sets a state that is not set already.
func (k *keeper) mark(st State, reason string) {
	if now := k.snapshot(); now.State != st || now.Reason != reason {
		k.set(st, reason)
	}
}

// lost buries a process that ended, or that has to: why is empty when it ended
// by itself.
func (k *keeper) lost(in *instance, why string) phase {
	up := k.s.opts.Clock().Sub(in.since)
	k.update(func() { k.live = nil }) // callers wait for the next one from now on
	if why == "" {
		select {
		case <-in.Done():
		case <-time.After(ownEnd):
		}
	}
	in.Kill()
	k.s.records.remove(k.id)
	exit := in.Exit()
	if why == "" {
		why = "the process ended: " + exit.String()
	}
	return k.crashed(why, exit.Stderr, up)
}

// ownEnd is how long a process whose connection is gone may take to end by
// itself, so that its exit tells the truth.
const ownEnd = 100 * time.Millisecond

// interrupt obeys a command while a process runs; false means that there is
// nothing to do.
func (k *keeper) interrupt(ctx context.Context, in *instance, c command) (phase, bool) {
	next, ok := k.obey(c)
	if ok {
		k.end(ctx, in, k.s.timing.drain, c.verb != disable)
	}
	return next, ok
}

// end drains a process and ends it. One that comes back keeps its tools on
// offer: calls wait for it.
func (k *keeper) end(ctx context.Context, in *instance, grace time.Duration, back bool) {
	if !back {
		k.update(func() { k.manifest = nil })
	}
	k.set(StateDraining, "finishes its calls")
	// What the drain answers changes nothing: the process ends either way.
	_, _ = in.Stop(ctx, grace)
	k.update(func() { k.status.PID = 0 })
	k.s.records.remove(k.id)
}
