package gateway

import (
	"encoding/binary"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"
)

// maxFragments bounds the frames of one message.
const maxFragments = 128

// Bounds of what waits in memory of messages that have begun and not ended, of all
// sockets together: what an ordinary message needs does not count.
const (
	maxBegun  = 64 << 20 // bytes
	freeBegun = 8 << 10  // bytes of each
)

// Bounds of pings and pongs that a client sends: a burst, and one more for each
// controlEvery.
const (
	controlBurst = 100
	controlEvery = time.Second
)

var (
	errFragments = errors.New("a message in too many fragments")
	errControl   = errors.New("too many control frames")
	errClose     = errors.New("a close frame with half a code")
	errBegun     = errors.New("too much of messages that have begun")
)

// frameConn reads along with the WebSocket library, which tells nothing of
// single frames: it counts the fragments of a message and the control frames,
// and gives a message that has begun a deadline. Read is for one goroutine.
type frameConn struct {
	*nowaitConn
	timeout time.Duration    // from a message's first byte to its last
	now     func() time.Time // decides on control frames
	begun   *atomic.Int64    // bytes that wait in memory, of all connections
	heard   atomic.Int64     // when bytes came last, in Unix nanoseconds

	mu      sync.Mutex
	closing bool // the deadline belongs to close
	waiting bool // a message has begun and has a deadline

	// Read's alone.
	head      [14]byte // of the frame that is being read
	got       int
	need      int
	payload   uint64 // bytes left of it
	inMessage bool   // a message has begun
	fragments int
	size      int64 // bytes of the message so far
	counted   int64 // of them in begun
	control   int   // how many may still come
	refilled  time.Time
	bad       error // what ends it, once what came before was read
}

// newFrameConn watches c from the first byte after the handshake on.
func newFrameConn(c net.Conn, timeout time.Duration, now func() time.Time, begun *atomic.Int64) *frameConn {
	f := &frameConn{nowaitConn: newNowaitConn(c), timeout: timeout, now: now, begun: begun, need: 2, control: controlBurst, refilled: now()}
	f.heard.Store(now().UnixNano())
	return f
}

// Read implements net.Conn. Frames before one that ends the connection are
// still read: a message that was whole counts.
func (c *frameConn) Read(b []byte) (int, error) {
	if c.bad != nil {
		return 0, c.bad
	}
	n, err := c.Conn.Read(b)
	if n > 0 {
		c.heard.Store(c.now().UnixNano())
		good, bad := c.watch(b[:n])
		if c.bad = bad; bad != nil {
			n, err = good, nil
			if good == 0 {
				return 0, bad
			}
		}
		c.arm()
		if !c.count() {
			c.bad = errBegun
			return 0, errBegun
		}
	}
	return n, err
}

// count says whether what waits of a message fits beside what waits of others.
func (c *frameConn) count() bool {
	size := int64(0)
	if c.inMessage || c.payload > 0 {
		size = max(0, c.size-freeBegun)
	}
	more := size - c.counted
	c.counted = size
	return more == 0 || c.begun.Add(more) <= maxBegun || more < 0
}

// forget is called by the reader, which keeps nothing of a message any more.
func (c *frameConn) forget() {
	c.begun.Add(-c.counted)
	c.counted = 0
}

// hangUp gives the reader until t to see the peer's close frame.
func (c *frameConn) hangUp(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closing = true
	_ = c.SetReadDeadline(t) // a connection that is gone needs none
}

// arm gives a message that has begun a deadline, and takes it back at its end.
func (c *frameConn) arm() {
	begun := c.inMessage || c.got > 0 || c.payload > 0
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing || begun == c.waiting {
		return
	}
	c.waiting = begun
	var deadline time.Time
	if begun {
		deadline = time.Now().Add(c.timeout)
	}
	_ = c.SetReadDeadline(deadline)
}

// watch follows the frames in the bytes that came. With an error it says how many
// bytes came before the head of the frame that is wrong.
func (c *frameConn) watch(b []byte) (good int, err error) {
	for i := 0; i < len(b); {
		if c.payload > 0 {
			n := min(uint64(len(b)-i), c.payload)
			c.payload -= n
			c.size += int64(n) //nolint:gosec // at most len(b)
			i += int(n)        // at most len(b)
			good = i
			continue
		}
		n := copy(c.head[c.got:c.need], b[i:])
		c.got += n
		i += n
		if c.got < c.need {
			continue
		}
		if need := headLength(c.head[1]); need > c.need {
			c.need = need
			continue
		}
		if err := c.begin(); err != nil {
			return good, err
		}
		good = i
	}
	return len(b), nil
}

// headLength is the length of a frame's head, which its second byte tells.
func headLength(second byte) int {
	n := 2
	switch second & 0x7f {
	case 126:
		n += 2
	case 127:
		n += 8
	}
	if second&0x80 != 0 {
		n += 4
	}
	return n
}

// begin is called when a frame's head is complete.
func (c *frameConn) begin() error {
	switch n := c.head[1] & 0x7f; n {
	case 126:
		c.payload = uint64(binary.BigEndian.Uint16(c.head[2:]))
	case 127:
		c.payload = binary.BigEndian.Uint64(c.head[2:])
	default:
		c.payload = uint64(n)
	}
	final, opcode := c.head[0]&0x80 != 0, c.head[0]&0x0f
	c.got, c.need = 0, 2
	if !c.inMessage {
		c.size = 0
	}
	switch {
	case opcode == websocket.CloseMessage && c.payload == 1:
		return errClose // the library would take it for one without a code
	case opcode >= 8:
		return c.countControl()
	}
	c.inMessage = !final
	c.fragments++
	if c.fragments > maxFragments {
		return errFragments
	}
	if final {
		c.fragments = 0
	}
	return nil
}

func (c *frameConn) countControl() error {
	if more := int(c.now().Sub(c.refilled) / controlEvery); more > 0 {
		c.control = min(controlBurst, c.control+more)
		c.refilled = c.now()
	}
	if c.control == 0 {
		return errControl
	}
	c.control--
	return nil
}
