package gateway

import (
	"errors"
	"net"
	"sync"
	"syscall"
	"time"
)

// nowaitConn is a connection whose Write never waits: what the kernel does not
// take at once stays, and flush waits for it. So whoever has something for a
// client may write it on its own stack, and a client that does not read holds
// up nobody but flush's caller. Safe for concurrent use; flush is for one
// goroutine at a time.
type nowaitConn struct {
	net.Conn
	raw syscall.RawConn // nil where only a Write that waits is known, such as TLS

	mu       sync.Mutex
	rest     []byte // what Write left
	corked   bool   // Write gathers
	flushing bool   // what came before is with flush: all that follows waits
	broken   error  // of a Write; flush tells too
}

func newNowaitConn(c net.Conn) *nowaitConn {
	n := &nowaitConn{Conn: c}
	if s, ok := c.(syscall.Conn); ok {
		n.raw, _ = s.SyscallConn() // a connection that is gone says so when it is used
	}
	return n
}

// waits says whether Write may wait after all.
func (c *nowaitConn) waits() bool { return c.raw == nil }

// behind says whether something waits for flush.
func (c *nowaitConn) behind() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.rest) > 0
}

// SetWriteDeadline implements net.Conn. What never waits needs no deadline.
func (c *nowaitConn) SetWriteDeadline(t time.Time) error {
	if c.waits() {
		return c.Conn.SetWriteDeadline(t)
	}
	return nil
}

// Write implements net.Conn. It takes all of b.
func (c *nowaitConn) Write(b []byte) (int, error) {
	if c.waits() {
		return c.Conn.Write(b)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.broken != nil {
		return 0, c.broken
	}
	n := 0
	if !c.corked && !c.flushing && len(c.rest) == 0 {
		if n, c.broken = writeNow(c.raw, b); c.broken != nil {
			return n, c.broken
		}
	}
	c.rest = append(c.rest, b[n:]...)
	return len(b), nil
}

// cork has Write gather until uncork, so that the first words of a connection
// go out together.
func (c *nowaitConn) cork() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.corked = !c.waits()
}

// uncork writes what was gathered, as far as the kernel takes it at once.
func (c *nowaitConn) uncork() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.corked {
		return
	}
	c.corked = false
	if c.flushing || c.broken != nil { // flush takes what follows too, or nobody does
		return
	}
	var n int
	n, c.broken = writeNow(c.raw, c.rest)
	if c.rest = c.rest[n:]; len(c.rest) == 0 {
		c.rest = nil // an idle connection keeps nothing
	}
}

// flush waits until the kernel has taken what Write left, or the deadline.
func (c *nowaitConn) flush(deadline time.Time) error {
	if c.waits() {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.rest) > 0 && c.broken == nil {
		b := c.rest
		c.rest, c.flushing = nil, true
		c.mu.Unlock()
		err := c.Conn.SetWriteDeadline(deadline)
		if err == nil {
			_, err = c.Conn.Write(b)
			_ = c.Conn.SetWriteDeadline(time.Time{}) // it would hold for writeNow too
		}
		c.mu.Lock()
		c.flushing, c.broken = false, err
	}
	if c.broken == nil {
		return nil
	}
	c.rest = nil
	return c.broken
}

// writeNow hands the kernel as much of b as it takes at once.
func writeNow(raw syscall.RawConn, b []byte) (n int, err error) {
	outer := raw.Write(func(fd uintptr) bool {
		for {
			n, err = syscall.Write(int(fd), b)
			if !errors.Is(err, syscall.EINTR) {
				return true
			}
		}
	})
	if outer != nil {
		return 0, outer
	}
	if errors.Is(err, syscall.EAGAIN) {
		return 0, nil
	}
	return max(n, 0), err
}
