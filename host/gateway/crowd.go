package gateway

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"time"

	"github.com/jarvis-host/jarvis/host/protocol"
)

// crowd counts the connections that are no WebSocket: whoever floods the host
// without a credential fills it, and takes no descriptor away from sockets, plugins
// and the store.
type crowd struct{ inside, turning atomic.Int64 }

func (c *crowd) enter(most int) bool {
	if c.inside.Add(1) > int64(most) {
		c.inside.Add(-1)
		return false
	}
	return true
}

func (c *crowd) leave() { c.inside.Add(-1) }

// Those who are turned away are told so, as long as they are not too many.
const (
	maxTurning = 64
	turnFor    = 200 * time.Millisecond
	// crowdRetry is when those who find no room may try again, at the earliest; at
	// the latest it is twice that.
	crowdRetry = 2 * time.Second
	crowded    = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: %.0f\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
)

// turnAway ends a connection that is one too many. It reads what the client is
// sending meanwhile: closing with bytes unread would hide the answer from it.
func (s *Server) turnAway(c net.Conn) {
	s.meter.Connection(string(protocol.Busy))
	if _, isTLS := c.(*tls.Conn); isTLS || !s.crowd.turn() {
		_ = c.Close()
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped { // nobody waits for a goroutine any more
		s.crowd.turned()
		_ = c.Close()
		return
	}
	s.running.Go(func() {
		defer s.crowd.turned()
		defer func() { _ = c.Close() }()
		_ = c.SetDeadline(time.Now().Add(turnFor))
		_, _ = fmt.Fprintf(c, crowded, later(crowdRetry).Seconds())
		if half, ok := c.(interface{ CloseWrite() error }); ok {
			_ = half.CloseWrite()
		}
		_, _ = io.Copy(io.Discard, c)
	})
}

// turn reports whether there is time to tell one more that there is no room.
func (c *crowd) turn() bool {
	if c.turning.Add(1) > maxTurning {
		c.turned()
		return false
	}
	return true
}

func (c *crowd) turned() { c.turning.Add(-1) }
