package gateway

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"time"

	"github.com/jarvis-host/jarvis/host/auth"
	"github.com/jarvis-host/jarvis/host/protocol"
)

// The limits by the names that RateLimit headers and metrics give them.
const (
	limitChat    = "chat"
	limitConnect = "ws"
	limitSignIn  = "auth"
	limitOpen    = "open" // at once, and not in any time
	byAddress    = "address"
)

// openRetry is when a client that found no place may try again: nobody knows when
// one is left.
const openRetry = 5 * time.Second

// chatLimit counts one utterance of p, whichever way it came. Those for whom a
// service speaks have no address of their own, and count as end users alone.
func (s *Server) chatLimit(p auth.Principal, from netip.Addr) (wait time.Duration, limit int) {
	if s.o.Limiter == nil {
		return 0, 0
	}
	if p.Service != "" {
		from = netip.Addr{}
	}
	wait, limit, own := s.o.Limiter.Chat(p.User.ID, from)
	switch {
	case wait > 0 && own:
		s.meter.RateLimited(limitChat, string(p.User.Role))
	case wait > 0:
		s.meter.RateLimited(limitChat, byAddress)
	}
	return wait, limit
}

// refused counts a credential that was shown and does not count, and says so, or
// that there were too many. It is the same work for each, and none is looked at
// less closely afterwards: whoever has a good one gets in from the same address.
func (x *exchange) refused(err error) error {
	if x.s.o.Limiter == nil || !errors.Is(err, auth.ErrUnauthenticated) {
		return err
	}
	wait, limit := x.s.o.Limiter.Failed(x.peer)
	if wait == 0 {
		return err
	}
	x.s.meter.RateLimited(limitSignIn, byAddress)
	return x.tooOften(limitSignIn, wait, limit)
}

// mayConnect says whether another WebSocket from here may be opened, before anyone
// knows whose it is: only those of someone who may open one are counted, in connect.
func (x *exchange) mayConnect() error {
	if x.s.o.Limiter == nil {
		return nil
	}
	return x.connects(x.s.o.Limiter.Connecting(x.peer))
}

// connect counts a WebSocket, whatever becomes of its handshake, and takes a place for
// it until x.leave is called.
func (x *exchange) connect() error {
	if x.s.o.Limiter == nil {
		return nil
	}
	leave, limit := x.s.o.Limiter.Open(x.who.User.ID, x.peer)
	if leave == nil {
		x.s.meter.RateLimited(limitConnect, string(x.who.User.Role))
		return x.tooOften(limitOpen, openRetry, limit)
	}
	if err := x.connects(x.s.o.Limiter.Connect(x.peer)); err != nil {
		leave()
		return err
	}
	x.leave = leave
	return nil
}

func (x *exchange) connects(wait time.Duration, limit int) error {
	if wait == 0 {
		return nil
	}
	x.s.meter.RateLimited(limitConnect, byAddress)
	return x.tooOften(limitConnect, wait, limit)
}

// tooOften is the answer to what is over a limit, with headers that say which
// (draft-ietf-httpapi-ratelimit-headers).
func (x *exchange) tooOften(policy string, wait time.Duration, limit int) error {
	h, window := x.Header(), ";w=60"
	if policy == limitOpen {
		window = ""
	}
	h.Set("RateLimit-Policy", fmt.Sprintf("%q;q=%d%s", policy, limit, window))
	h.Set("RateLimit", fmt.Sprintf("%q;r=0;t=%d", policy, seconds(wait)))
	return tooOften(wait)
}

// tooOften says when the same is not over the limit any more, in no unit too
// early: a moment before it would be refused again.
func tooOften(wait time.Duration) *protocol.Problem {
	whole := (wait + time.Millisecond - 1).Truncate(time.Millisecond)
	return &protocol.Problem{Code: protocol.RateLimited, Text: protocol.WordRateLimited, Args: []any{seconds(wait)}, RetryAfter: whole}
}

func seconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }
