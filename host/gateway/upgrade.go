package gateway

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/jarvis-host/jarvis/host/auth"
	"github.com/jarvis-host/jarvis/host/protocol"
)

const (
	readBuffer  = 1 << 10
	writeBuffer = 4 << 10
	// handshakeTimeout bounds the writing of the handshake's answer.
	handshakeTimeout = 10 * time.Second
	// drainRetry is when a client that a full or stopping host refuses may try
	// again, at the earliest; at the latest it is twice that.
	drainRetry = 5 * time.Second
)

// later is when one client that is refused may try again: another time for each,
// so that those who were refused together do not come back together.
func later(least time.Duration) time.Duration { return least + rand.N(least) }

// writeBuffers are shared by all sockets: an idle one holds none.
var writeBuffers = &sync.Pool{}

// socketRoute answers GET /ws: the credential is checked before the upgrade.
func (s *Server) socketRoute(x *exchange) error {
	err := x.admitSocket()
	if err == nil {
		err = s.upgrade(x)
	}
	if err != nil {
		if x.leave != nil {
			x.leave()
		}
		s.meter.Connection(string(problemOf(err).Code))
	}
	return err
}

func (x *exchange) admitSocket() error {
	s := x.s
	if err := x.mayConnect(); err != nil {
		return err
	}
	if err := x.authenticateSocket(); err != nil {
		return err
	}
	needs := caller // a service may name its end users frame by frame
	if len(websocket.Subprotocols(x.r)) == 0 {
		needs = member // the original's shape has no way to
	}
	if err := needs.check(x.who.User.Role); err != nil {
		return err
	}
	if x.cookie && x.r.Header.Get("Origin") == "" {
		return &protocol.Problem{Code: protocol.Forbidden, Text: protocol.WordCrossSite}
	}
	if s.draining.Load() {
		return drainingProblem()
	}
	if s.crowded(x.config.MaxSockets) {
		return &protocol.Problem{Code: protocol.Busy, RetryAfter: later(crowdRetry), Err: errors.New("too many sockets")}
	}
	return x.connect()
}

func (s *Server) crowded(most int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.sockets) >= most
}

// authenticateSocket takes a ticket, which is all that a page of another origin
// has, or a credential like any other request.
func (x *exchange) authenticateSocket() error {
	ticket := ""
	if x.r.URL.RawQuery != "" {
		ticket = x.r.URL.Query().Get("ticket")
	}
	if ticket == "" {
		return x.authenticate()
	}
	p, err := x.s.o.Auth.TakeSocketTicket(x.r.Context(), ticket)
	if errors.Is(err, auth.ErrUnauthenticated) {
		return x.refused(&protocol.Problem{Code: protocol.Unauthenticated, Text: protocol.WordTicket, Err: err})
	}
	if err != nil {
		return err
	}
	x.enter(p, false)
	return nil
}

func (s *Server) upgrade(x *exchange) error {
	offered := websocket.Subprotocols(x.r)
	if len(offered) > 0 && !slices.Contains(offered, protocol.Subprotocol) {
		return &protocol.Problem{
			Code: protocol.Invalid, Field: "Sec-WebSocket-Protocol", Text: protocol.WordSubprotocol,
			Args: []any{protocol.Excerpt(strings.Join(offered, ", "))},
		}
	}
	if reason := badHandshake(x.r); reason != nil {
		x.Header().Set("Sec-WebSocket-Version", "13")
		return &protocol.Problem{Code: protocol.Invalid, Text: protocol.WordUpgrade, Err: reason}
	}
	var refused error
	upgrader := websocket.Upgrader{
		HandshakeTimeout: handshakeTimeout, ReadBufferSize: readBuffer, WriteBufferSize: writeBuffer, WriteBufferPool: writeBuffers,
		Subprotocols: []string{protocol.Subprotocol},
		CheckOrigin:  func(*http.Request) bool { return true }, // every request was checked
		Error:        func(_ http.ResponseWriter, _ *http.Request, _ int, reason error) { refused = reason },
	}
	h := &hijacker{exchange: x}
	ws, err := upgrader.Upgrade(h, x.r, http.Header{"X-Request-Id": {x.id}})
	if err != nil {
		if refused == nil {
			x.status = http.StatusSwitchingProtocols // the connection is gone: nothing more can be said on it
			return fmt.Errorf("answer handshake: %w", err)
		}
		x.Header().Set("Sec-WebSocket-Version", "13")
		return &protocol.Problem{Code: protocol.Invalid, Text: protocol.WordUpgrade, Err: refused}
	}
	x.status = http.StatusSwitchingProtocols
	s.open(x, ws, h.conn, len(offered) == 0)
	return nil
}

// badHandshake is what the library lets pass: a handshake of HTTP/1.0, and one
// that says something twice, of which a proxy may have read the other half.
func badHandshake(r *http.Request) error {
	if !r.ProtoAtLeast(1, 1) {
		return errors.New("a handshake over " + r.Proto)
	}
	for _, name := range []string{"Upgrade", "Sec-Websocket-Key", "Sec-Websocket-Version"} {
		if n := len(r.Header[name]); n > 1 {
			return fmt.Errorf("%d headers %s", n, name)
		}
	}
	if protocols := r.Header.Get("Upgrade"); !strings.EqualFold(protocols, "websocket") {
		return fmt.Errorf("an upgrade to %q", protocols)
	}
	return nil
}

// hijacker puts a frameConn below the WebSocket.
type hijacker struct {
	*exchange
	conn *frameConn
}

// Hijack implements http.Hijacker.
func (h *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	c, buffers, err := http.NewResponseController(h.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	if w, ok := c.(*watchedConn); ok {
		w.leave()  // it counts among the sockets from now on
		c = w.Conn // what follows is no HTTP
	}
	h.conn = newFrameConn(c, h.config.FrameTimeout, h.s.now, &h.s.begun)
	h.conn.cork() // until hello
	return h.conn, buffers, nil
}

func drainingProblem() *protocol.Problem {
	return &protocol.Problem{Code: protocol.Busy, Text: protocol.WordDraining, RetryAfter: later(drainRetry)}
}
