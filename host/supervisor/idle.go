package supervisor

import (
	"context"
	"time"
)

// quiet is the timer that finds a plugin without calls. One that never idles has
// one that never fires.
func (k *keeper) quiet() *time.Timer {
	k.used.Store(k.s.opts.Clock().UnixNano())
	t := time.NewTimer(k.cfg.IdleAfter)
	if k.cfg.IdleAfter <= 0 {
		t.Stop()
	}
	return t
}

// idleIn is how long the plugin may still be without a call; while one runs, it is
// looked at again later.
func (k *keeper) idleIn() time.Duration {
	if k.gate.running() > 0 {
		return k.cfg.IdleAfter
	}
	return k.cfg.IdleAfter - k.s.opts.Clock().Sub(time.Unix(0, k.used.Load()))
}

// sleep ends a process that nobody calls. Its tools stay on offer: calls that come
// meanwhile wait, and wake it.
func (k *keeper) sleep(ctx context.Context, in *instance) phase {
	k.end(ctx, in, k.s.timing.drain, true)
	return k.idle
}

// idle waits without a process for a call.
func (k *keeper) idle(ctx context.Context) phase {
	select {
	case <-k.wake: // of an earlier time
	default:
	}
	k.set(StateIdle, "starts with the next call")
	k.started = false // waking is no restart
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-k.leaving:
			return nil
		case <-k.wake:
			return k.starting("woken by a call")
		case c := <-k.commands:
			if next, ok := k.obey(c); ok {
				return next
			}
		}
	}
}
