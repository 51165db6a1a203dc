package gateway

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"

	"github.com/jarvis-host/jarvis/host/auth"
	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/session"
)

const (
	// lingerFor is how long a closed socket waits for its peer to notice.
	lingerFor = 500 * time.Millisecond
	// callTimeout bounds one call of a room behind, such as an accept on disk.
	callTimeout = 30 * time.Second
)

// socket is one WebSocket. serve's goroutine reads as long as it lives. Whoever
// has something for the client writes it at once; write's goroutine runs only
// while the client is behind. It is a session.Subscriber.
type socket struct {
	s        *Server
	ws       *websocket.Conn
	conn     *frameConn
	out      outbox
	seen     arrivals
	asked    asked
	secure   bool
	original bool // the original's shape, without a subprotocol
	lang     string
	request  string // the handshake's id
	trace    string // its trace context, of all that is said on the socket; or empty
	from     netip.Addr
	leave    func() // its place among those of its end user and address, or nil

	who     atomic.Pointer[auth.Principal]
	pinged  atomic.Int64 // when a ping went out last, in Unix nanoseconds
	written chan struct{}
	once    sync.Once

	checked uint64 // the sweeper's: the credentials' generation that who was checked with

	// serve's alone.
	last    lastSessions
	refused int  // utterances in a row that were over the limit
	left    bool // the peer said goodbye first
}

var _ session.Subscriber = (*socket)(nil)

// open lets a socket begin. The handler returns meanwhile: its buffers are
// free again, and this goroutine's stack is all that an idle socket keeps.
func (s *Server) open(x *exchange, ws *websocket.Conn, conn *frameConn, original bool) {
	c := &socket{
		s: s, ws: ws, conn: conn, secure: x.secure, original: original, lang: x.lang, request: x.id, trace: x.trace, from: x.peer,
		written: make(chan struct{}), leave: x.leave,
	}
	who := x.who // a pointer into x would keep all of the request
	c.who.Store(&who)
	c.pinged.Store(conn.heard.Load())
	c.out.wake = c.writeNow
	ws.SetReadLimit(protocol.MaxFrame)
	ws.SetPingHandler(func(payload string) error {
		c.out.add(item{kind: kindPong, data: []byte(payload)})
		return nil
	})
	ws.SetCloseHandler(c.closed)
	if !original {
		c.out.begin(item{kind: kindFrame, data: c.hello()})
	}
	if !s.register(c) {
		c.conn.uncork()
		_ = ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(protocol.CloseGoingAway, ""), time.Now().Add(lingerFor))
		_ = ws.Close()
		c.makeRoom()
		return
	}
	if original {
		c.conn.uncork()
		return
	}
	// On the stack of a goroutine that is about to end.
	if it, ok := c.out.take(); ok {
		err := c.put(it)
		c.conn.uncork() // the handshake's answer and hello in one
		if err != nil {
			c.writeFailed(err)
			return
		}
	}
	c.write()
}

// register starts a socket, unless the server stops.
func (s *Server) register(c *socket) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return false
	}
	s.sockets[c] = struct{}{}
	s.meter.Connection("accepted")
	s.meter.Connected(1)
	s.running.Go(c.serve)
	return true
}

// Durable implements session.Subscriber.
func (c *socket) Durable(_ string, f session.Frame) {
	if c.original {
		c.answerOriginal(f)
		return
	}
	c.seen.note(f)
	c.add(durable(f))
}

// Delta implements session.Subscriber.
func (c *socket) Delta(sessionID, turnID string, offset int, text string) {
	if !c.original {
		c.add(item{kind: kindDelta, session: sessionID, turn: turnID, offset: offset, data: []byte(text)})
	}
}

// Passing implements session.Watcher.
func (c *socket) Passing(_ string, frame []byte) {
	if !c.original {
		c.send(frame)
	}
}

// send queues a frame that is not durable.
func (c *socket) send(frame []byte) { c.add(item{kind: kindFrame, data: frame}) }

func (c *socket) add(it item) {
	if !c.out.add(it) {
		c.shut(protocol.CloseSlowReader, "too slow; resume")
	}
}

// shut closes the socket with a code, after what waits to be written.
func (c *socket) shut(code int, reason string) {
	c.once.Do(func() {
		c.out.add(item{kind: kindClose, code: code, data: []byte(reason)})
	})
}

// shutHere is shut for the goroutine of serve, which then writes what waits,
// when nobody else does: a socket that ends needs no more goroutines.
func (c *socket) shutHere(code int, reason string) {
	c.once.Do(func() {
		if wake, _ := c.out.put(item{kind: kindClose, code: code, data: []byte(reason)}); wake {
			c.write()
		}
	})
}

// forbid closes the socket of whoever may not be on it any more: what waits to be
// written is not for them, and would keep it open as long as they read slowly.
func (c *socket) forbid(reason string) {
	c.out.drop()
	c.shut(protocol.ClosePolicy, reason)
}

// cut ends the socket without a word.
func (c *socket) cut() { _ = c.conn.Close() }

// serve reads until the socket ends.
func (c *socket) serve() {
	defer c.end()
	defer func() {
		if v := recover(); v != nil {
			c.s.meter.Panic()
			c.s.log.Error("socket panicked", keyRequest, c.request, keyError, fmt.Sprint(v), keyStack, string(debug.Stack()))
			c.shut(protocol.CloseInternal, "internal error")
		}
	}()
	defer c.watchNotices()()
	for {
		kind, data, err := c.ws.ReadMessage()
		switch {
		case err != nil:
			c.readFailed(err)
			return
		case kind != websocket.TextMessage:
			c.shut(protocol.CloseBinary, "text frames only")
			return
		case !utf8.Valid(data):
			c.shut(protocol.CloseNotUTF8, "not UTF-8")
			return
		}
		if !c.out.ends() { // else nothing would come of it that the client sees
			c.receive(data)
		}
	}
}

// receive handles one message.
func (c *socket) receive(data []byte) {
	ctx, cancel := context.WithTimeout(context.Background(), callTimeout)
	defer cancel()
	var err error
	if c.original {
		err = c.receiveOriginal(ctx, data)
	} else {
		err = c.receiveFrame(ctx, data)
	}
	status := "ok"
	if err != nil {
		status = string(problemOf(err).Code)
	}
	c.s.meter.Message("in", status)
}

// readFailed closes with the code that fits the way in which reading ended.
// The library has answered what it noticed itself.
func (c *socket) readFailed(err error) {
	var timeout net.Error
	switch {
	case errors.Is(err, errFragments):
		c.shutHere(protocol.ClosePolicy, "too many fragments")
	case errors.Is(err, errControl):
		c.shutHere(protocol.ClosePolicy, "too many control frames")
	case errors.Is(err, errBegun):
		c.shutHere(protocol.CloseTryLater, "too many long messages at once")
	case errors.Is(err, websocket.ErrReadLimit):
		c.shutHere(protocol.CloseTooBig, "message too big") // the library is silent where a length overflows
	case errors.Is(err, errClose):
		c.shutHere(protocol.CloseProtocol, "half a close code")
	case errors.As(err, &timeout) && timeout.Timeout():
		c.shutHere(protocol.ClosePolicy, "message too slow")
	default:
		c.shutHere(0, "") // nothing to say any more
	}
}

// closed answers the peer's close frame with its code.
func (c *socket) closed(code int, _ string) error {
	if code == websocket.CloseNoStatusReceived {
		code = websocket.CloseNormalClosure
	}
	c.left = true
	c.shutHere(code, "")
	return nil
}

// end releases everything, after the close frame is out and the peer had its
// moment to read it.
func (c *socket) end() {
	c.conn.forget()
	c.s.o.Sessions.Unsubscribe(c)
	c.shutHere(0, "")
	<-c.written
	if !c.left { // else nothing is to come, and it waits for our end
		c.linger()
	}
	_ = c.ws.Close()
	c.s.mu.Lock()
	delete(c.s.sockets, c)
	c.s.mu.Unlock()
	c.makeRoom()
	c.s.meter.Connected(-1)
}

// makeRoom lets another socket of the same end user and address open.
func (c *socket) makeRoom() {
	if c.leave != nil {
		c.leave()
	}
}

// linger reads what the peer still sends: closing with bytes unread resets the
// connection, and the peer would never see the close frame.
func (c *socket) linger() {
	if half, ok := c.conn.nowaitConn.Conn.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
	c.conn.hangUp(time.Now().Add(lingerFor))
	_, _ = io.Copy(io.Discard, c.conn.nowaitConn.Conn)
}
