package gateway

import (
	"context"
	"errors"
	"time"

	"github.com/jarvis-host/jarvis/host/auth"
)

// sweepEvery is how long a revoked credential's sockets may live on.
const sweepEvery = 500 * time.Millisecond

// sweeper serves all sockets, and all requests that wait, at once: one goroutine and
// one ticker instead of one each.
type sweeper struct{ s *Server }

// sweepAll runs until Shutdown.
func (s *Server) sweepAll() {
	w := &sweeper{s: s}
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-s.closing:
			return
		case <-tick.C:
			w.sweep()
		}
	}
}

func (w *sweeper) sweep() {
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	generation, err := w.s.o.Auth.Changes(ctx)
	if err != nil {
		w.s.log.Warn("checking for revoked credentials failed", keyError, err)
	} else {
		w.recheck(ctx, generation)
	}
	for _, act := range w.due() {
		act()
	}
}

// due finds what has to be done now. It is done without the server's lock, which
// everyone else may wait for.
func (w *sweeper) due() (acts []func()) {
	now := w.s.now()
	every := w.s.config.Load().PingEvery
	w.s.mu.Lock()
	defer w.s.mu.Unlock()
	for c := range w.s.sockets {
		if act := c.due(now, every); act != nil {
			acts = append(acts, act)
		}
	}
	for r := range w.s.waiting {
		if r.expired(now) {
			acts = append(acts, func() { r.end(errRevoked) })
		}
	}
	return acts
}

// recheck checks whoever was not checked since credentials changed last, so also
// those whose credential was revoked between the look at it and their beginning.
func (w *sweeper) recheck(ctx context.Context, generation uint64) {
	var sockets []*socket
	var requests []*waiting
	w.s.mu.Lock()
	for c := range w.s.sockets {
		if c.checked != generation {
			c.checked = generation
			sockets = append(sockets, c)
		}
	}
	for r := range w.s.waiting {
		if r.checked != generation {
			r.checked = generation
			requests = append(requests, r)
		}
	}
	w.s.mu.Unlock()
	for _, c := range sockets {
		c.recheck(ctx)
	}
	for _, r := range requests {
		r.recheck(ctx, w.s)
	}
}

// recheck closes a socket whose credential does not count any more, and learns
// what changed of its user. A store that does not answer is asked again.
func (c *socket) recheck(ctx context.Context) {
	p, err := c.s.o.Auth.Again(ctx, *c.who.Load())
	switch {
	case errors.Is(err, auth.ErrUnauthenticated), err == nil && !caller.allows(p.User.Role):
		c.forbid("credential revoked")
	case err == nil:
		c.who.Store(&p)
	default:
		c.checked = 0
	}
}

// due is what closes a socket whose credential expired or whose peer is gone, or
// pings one that is silent; nil is that there is nothing to do.
func (c *socket) due(now time.Time, every time.Duration) func() {
	if expires := c.who.Load().Expires; !expires.IsZero() && !now.Before(expires) {
		return func() { c.forbid("credential expired") }
	}
	silent := now.Sub(time.Unix(0, c.conn.heard.Load()))
	switch {
	case silent >= every*11/6:
		// The end of TLS may wait for its peer, and the sweeper waits for nobody.
		return func() { c.s.running.Go(c.cut) }
	case silent >= every && now.Sub(time.Unix(0, c.pinged.Load())) >= every:
		return func() {
			c.pinged.Store(now.UnixNano())
			c.out.add(item{kind: kindPing})
		}
	default:
		return nil
	}
}
