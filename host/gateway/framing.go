package gateway

import (
	"bytes"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"strings"
	"sync"

	"github.com/jarvis-host/jarvis/host/protocol"
)

// sendBuffer is how much the kernel keeps for a client that reads slowly.
const sendBuffer = 64 << 10

// listener watches over the requests of its connections, and lets in so many.
type listener struct {
	net.Listener
	s *Server
}

// Accept implements net.Listener.
func (l listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if l.s.crowd.enter(l.s.config.Load().MaxPlain) {
			return l.watched(c), nil
		}
		l.s.turnAway(c)
	}
}

func (l listener) watched(c net.Conn) net.Conn {
	under := c
	_, isTLS := c.(*tls.Conn)
	if isTLS {
		under = c.(*tls.Conn).NetConn()
	}
	if t, ok := under.(*net.TCPConn); ok {
		_ = t.SetWriteBuffer(sendBuffer) // a smaller buffer is a wish
	}
	return &watchedConn{Conn: c, tls: isTLS, leave: sync.OnceFunc(l.s.crowd.leave)}
}

// watchedConn reads the lines that pass, because net/http does not tell a
// handler that a request had both Content-Length and Transfer-Encoding: it
// drops the first. A proxy that goes by it would see another request begin
// where we see a body.
type watchedConn struct {
	net.Conn
	tls   bool
	leave func() // the crowd, once
	// Read and the handler of a request take turns: net/http reads a head before
	// it calls the handler, and the fields are the head's.
	line        [18]byte // how the current line begins, lower case
	length      int      // of the line
	sized       bool     // Content-Length since the last empty line
	chunked     bool     // Transfer-Encoding since then
	conflicting bool     // both, ever
	deaf        bool     // no HTTP any more
}

// Close implements net.Conn.
func (c *watchedConn) Close() error {
	c.leave()
	return c.Conn.Close()
}

// Read implements net.Conn.
func (c *watchedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if !c.deaf && !c.conflicting {
		c.watch(b[:n])
	}
	return n, err
}

// watch looks at how lines begin, whether they are of a head or of a body: a
// body can make it see more than there is, never less.
func (c *watchedConn) watch(b []byte) {
	for len(b) > 0 {
		end := bytes.IndexByte(b, '\n')
		part := b
		if end >= 0 {
			part = b[:end]
		}
		c.append(part)
		if end < 0 {
			return
		}
		c.endLine()
		b = b[end+1:]
	}
}

func (c *watchedConn) append(part []byte) {
	if room := len(c.line) - c.length; room > 0 {
		for i, ch := range part[:min(room, len(part))] {
			if 'A' <= ch && ch <= 'Z' {
				ch += 'a' - 'A'
			}
			c.line[c.length+i] = ch
		}
	}
	c.length += len(part)
}

func (c *watchedConn) endLine() {
	line := c.line[:min(c.length, len(c.line))]
	switch {
	case len(line) == 0 || len(line) == 1 && line[0] == '\r':
		c.sized, c.chunked = false, false
	case bytes.HasPrefix(line, []byte("content-length:")):
		c.sized = true
	case bytes.HasPrefix(line, []byte("transfer-encoding:")):
		c.chunked = true
	}
	c.conflicting = c.conflicting || c.sized && c.chunked
	c.length = 0
}

type connKey struct{}

// withConn lets a handler find the connection of its request.
func withConn(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, c)
}

func connOf(r *http.Request) *watchedConn {
	c, _ := r.Context().Value(connKey{}).(*watchedConn)
	return c
}

func overTLS(r *http.Request) bool {
	c := connOf(r)
	return r.TLS != nil || c != nil && c.tls
}

// checkFraming refuses a request whose length can be read in two ways, and
// its connection with it.
func (x *exchange) checkFraming() error {
	c := connOf(x.r)
	if len(x.r.TransferEncoding) == 0 || c == nil || !c.conflicting {
		return nil
	}
	x.Header().Set("Connection", "close")
	return &protocol.Problem{
		Code: protocol.Invalid, Field: "Transfer-Encoding", Text: protocol.WordFraming,
		Args: []any{"Content-Length", strings.Join(x.r.TransferEncoding, ", ")},
	}
}
