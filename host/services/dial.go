package services

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/address"
)

const (
	// maxConns is how many connections a process of a plugin may have through the
	// host.
	maxConns = 64
	// connTimeout bounds the beginning of a connection.
	connTimeout = 10 * time.Second
	// connIdle is how long a connection may be without a byte.
	connIdle = 10 * time.Minute
)

// Dial implements [sdk.Services]. What the grants do not cover, and names that lead
// where they do not reach, are refused and written down.
func (g *guest) Dial(ctx context.Context, call, hostPort string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(hostPort)
	if err != nil || host == "" || port == "" || len(hostPort) > maxPlace {
		return nil, fault(sdk.CodeInvalid, "place %.80q: expected host:port", hostPort)
	}
	if _, err := g.who(call); err != nil {
		return nil, err
	}
	word, err := g.reaches(host, port, call)
	if err != nil {
		return nil, err
	}
	if err := g.lines.enter(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, connTimeout)
	defer cancel()
	c, err := word.Dial(ctx, net.Dialer{}, "tcp", hostPort)
	if err != nil {
		g.lines.leave(nil)
		if refused, ok := errors.AsType[*address.Refused](err); ok {
			g.tell(sdk.NeedNet+" "+hostPort+" ("+refused.Leads.String()+")", call)
			return nil, &sdk.Error{Code: sdk.CodeForbidden, Err: refused}
		}
		return nil, &sdk.Error{Code: sdk.CodeUnavailable, Err: err}
	}
	l := &line{Conn: c, guest: g, host: host, port: port}
	l.touch()
	if err := g.keep(l, call); err != nil {
		_ = l.Close()
		return nil, err
	}
	return l, nil
}

// keep puts a connection among those that are cut when it may not be any more,
// unless that was so before it was there.
func (g *guest) keep(l *line, call string) error {
	if !g.lines.add(l) {
		return fault(sdk.CodeForbidden, "the plugin's process is over")
	}
	_, err := g.reaches(l.host, l.port, call)
	return err
}

// maxPlace is longer than any name with a port.
const maxPlace = 300

// reaches tells whose word it is that a place may be reached.
func (g *guest) reaches(host, port, call string) (address.Word, error) {
	word, found := g.covered(host, port)
	if found {
		return word, nil
	}
	place := net.JoinHostPort(address.Canonical(host), port)
	g.tell(sdk.NeedNet+" "+place, call)
	return word, fault(sdk.CodeForbidden, "Dial: no net need that covers %[1]s was granted: declare it with Needs(\"net\", %[1]q, \"why\"), and let the operator add \"net %[1]s\" to plugins.%[2]s.grants",
		place, g.plugin)
}

func (g *guest) covered(host, port string) (address.Word, bool) {
	var values json.RawMessage
	if g.desk.o.Settings != nil {
		values = g.desk.o.Settings(g.plugin)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	var scopes []string
	for _, n := range g.granted {
		if n.Kind == sdk.NeedNet {
			scopes = append(scopes, n.Scope)
		}
	}
	return address.Granted(scopes, values, host, port)
}

func (g *guest) tell(need, call string) {
	if g.desk.o.Refused != nil {
		g.desk.o.Refused(g.plugin, need, "Dial", call)
	}
}

// lines are the connections of one process. Safe for concurrent use.
type lines struct {
	mu    sync.Mutex
	taken int
	open  map[*line]struct{}
	over  bool // the process is gone
}

func (s *lines) enter() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken >= maxConns {
		return fault(sdk.CodeTooLarge, "the plugin has %d connections, at most %d are allowed", s.taken, maxConns)
	}
	s.taken++
	return nil
}

// add says whether a connection may be: no more when the process is gone.
func (s *lines) add(l *line) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.over {
		return false
	}
	if s.open == nil {
		s.open = map[*line]struct{}{}
	}
	s.open[l] = struct{}{}
	return true
}

func (s *lines) leave(l *line) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken--
	delete(s.open, l)
}

// end lets no connection be any more.
func (s *lines) end() {
	s.mu.Lock()
	s.over = true
	s.mu.Unlock()
	s.cut(func(*line) bool { return false })
}

// cut ends the connections that are not kept.
func (s *lines) cut(keep func(*line) bool) {
	s.mu.Lock()
	var out []*line
	for l := range s.open {
		out = append(out, l)
	}
	s.mu.Unlock()
	for _, l := range out {
		if !keep(l) {
			_ = l.Close()
		}
	}
}

// line is one connection of a plugin. It ends by itself when nothing moves on it.
type line struct {
	net.Conn
	guest      *guest
	host, port string
	moved      atomic.Int64 // when a byte went last, in Unix nanoseconds
	once       sync.Once
}

func (l *line) touch() { l.moved.Store(time.Now().UnixNano()) }

// Read implements [net.Conn].
func (l *line) Read(p []byte) (int, error) {
	for {
		idle := connIdle - time.Since(time.Unix(0, l.moved.Load()))
		if idle <= 0 {
			return 0, os.ErrDeadlineExceeded
		}
		if err := l.SetReadDeadline(time.Now().Add(idle)); err != nil {
			return 0, err
		}
		n, err := l.Conn.Read(p)
		if n > 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
			l.touch()
			return n, err
		}
	}
}

// Write implements [net.Conn].
func (l *line) Write(p []byte) (int, error) {
	if err := l.SetWriteDeadline(time.Now().Add(connIdle)); err != nil {
		return 0, err
	}
	n, err := l.Conn.Write(p)
	l.touch()
	return n, err
}

// CloseWrite ends what the plugin has to say.
func (l *line) CloseWrite() error {
	if c, ok := l.Conn.(interface{ CloseWrite() error }); ok {
		return c.CloseWrite()
	}
	return nil
}

// Close implements [net.Conn].
func (l *line) Close() error {
	err := net.ErrClosed
	l.once.Do(func() {
		err = l.Conn.Close()
		l.guest.lines.leave(l)
	})
	return err
}
