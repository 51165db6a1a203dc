package services_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jarvis-host/jarvis/host/services"
	"github.com/jarvis-host/jarvis/sdk"
)

// peer is a server of the outside world; each connection is handled by do.
func peer(t *testing.T, do func(c *net.TCPConn)) (hostPort string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer c.Close()
				do(c.(*net.TCPConn))
			})
		}
	})
	t.Cleanup(func() { _ = l.Close(); all.Wait() })
	return l.Addr().String()
}

// upper answers what it was told, in capitals, when all is told.
func upper(c *net.TCPConn) {
	all, err := io.ReadAll(c)
	if err == nil {
		_, _ = c.Write(bytes.ToUpper(all))
	}
}

func netNeed(scope string) []sdk.Need { return []sdk.Need{{Kind: sdk.NeedNet, Scope: scope}} }

func TestAPluginConnectsThroughTheHost(t *testing.T) {
	at := peer(t, upper)
	h := open(t, nil)
	s, _ := h.guest(t, "p", netNeed(at))
	c, err := s.Dial(t.Context(), "", at)
	if err != nil {
		t.Fatal(err)
	}
	if c.RemoteAddr().String() != at {
		t.Errorf("it is connected to %v", c.RemoteAddr())
	}
	// More than all buffers on the way hold.
	said := strings.Repeat("what is said ", 100_000)
	if _, err := io.WriteString(c, said); err != nil {
		t.Fatal(err)
	}
	if err := c.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(c)
	if err != nil || string(got) != strings.ToUpper(said) {
		t.Errorf("got %d bytes, %v, want %d", len(got), err, len(said))
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

func TestBytesUnderWayAreBounded(t *testing.T) {
	stuck := make(chan int, 1)
	at := peer(t, func(c *net.TCPConn) {
		_ = c.SetWriteDeadline(time.Now().Add(500 * time.Millisecond)) // the other side reads nothing
		n, _ := c.Write(make([]byte, 64<<20))
		stuck <- n
	})
	h := open(t, nil)
	s, _ := h.guest(t, "p", netNeed(at))
	c, err := s.Dial(t.Context(), "", at)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if n := <-stuck; n >= 32<<20 {
		t.Errorf("%d bytes went to a plugin that reads nothing", n)
	}
}

func TestDeadlinesAndClosedConnectionsAreThePluginsOwn(t *testing.T) {
	gone := make(chan struct{}, 2)
	at := peer(t, func(c *net.TCPConn) {
		_, _ = io.Copy(io.Discard, c)
		gone <- struct{}{}
	})
	h := open(t, nil)
	s, pass := h.guest(t, "p", netNeed(at))
	c, err := s.Dial(t.Context(), "", at)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a read beyond its deadline: %v", err)
	}
	_ = c.Close()
	<-gone // the other side sees the end
	c, err = s.Dial(t.Context(), "", at)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	pass.Grant(nil)
	if _, err := c.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("after the grant was taken back: %v", err)
	}
	<-gone
}

// Egress outside of the grants is refused, and logged; wherever a name leads.
func TestConnectionsOutsideOfTheGrantsAreRefusedAndLogged(t *testing.T) {
	at := peer(t, upper)
	_, port, _ := net.SplitHostPort(at)
	h := open(t, func(o *services.Options) {
		o.Settings = func(plugin string) json.RawMessage {
			return fmt.Appendf(nil, `{"url":"http://localhost:%s/x"}`, port)
		}
	})
	for _, tt := range []struct {
		granted, place string
		code           sdk.Code
		words          string
	}{
		{"net.example:443", at, sdk.CodeForbidden, "let the operator add \"net " + at},
		{at, "127.0.0.1:1", sdk.CodeForbidden, "no net need that covers 127.0.0.1:1"},
		{"localhost:" + port, "localhost:" + port, "", ""}, // literally so
		{"config:/url", "LOCALHOST:" + port, "", ""},
		{"config:/other", "localhost:" + port, sdk.CodeForbidden, "no net need"},
		{"169.254.169.254:80", "169.254.169.254:80", sdk.CodeForbidden, "credentials"},
		{at, "nonsense", sdk.CodeInvalid, "host:port"},
		{at, "", sdk.CodeInvalid, "host:port"},
	} {
		before := len(h.refusals)
		s, _ := h.guest(t, "p", netNeed(tt.granted))
		c, err := s.Dial(t.Context(), "", tt.place)
		if c != nil {
			_ = c.Close()
		}
		if sdk.ErrorCode(err) != tt.code || err != nil && !strings.Contains(err.Error(), tt.words) {
			t.Errorf("%s with %s: got %v, want %s %q", tt.place, tt.granted, err, tt.code, tt.words)
		}
		if logged := len(h.refusals) - before; (logged == 1) != (tt.code == sdk.CodeForbidden) {
			t.Errorf("%s with %s: %d lines of the log", tt.place, tt.granted, logged)
		}
	}
	s, _ := h.guest(t, "p", netNeed(at))
	_, err := s.Dial(t.Context(), "call_9", at)
	wantCode(t, "for a call that does not run", err, sdk.CodeForbidden, "call_9")
}

func TestAPluginHasSoManyConnectionsAndNoMore(t *testing.T) {
	at := peer(t, func(c *net.TCPConn) { _, _ = io.Copy(io.Discard, c) })
	h := open(t, nil)
	s, pass := h.guest(t, "p", netNeed(at))
	var all []net.Conn
	for range 64 {
		c, err := s.Dial(t.Context(), "", at)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	_, err := s.Dial(t.Context(), "", at)
	wantCode(t, "the sixty-fifth", err, sdk.CodeTooLarge, "at most 64")
	pass.Leave() // the process is gone, and so are they
	for _, c := range all {
		if _, err := c.Read(make([]byte, 1)); err == nil {
			t.Error("a connection is left")
		}
		_ = c.Close()
	}
}

func TestADialThatIsGivenUpEnds(t *testing.T) {
	h := open(t, nil)
	s, _ := h.guest(t, "p", netNeed("127.0.0.1:1"))
	_, err := s.Dial(t.Context(), "", "127.0.0.1:1")
	wantCode(t, "where nobody listens", err, sdk.CodeUnavailable, "refused")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err = s.Dial(ctx, "", "127.0.0.1:1"); !errors.Is(err, context.Canceled) {
		t.Errorf("given up: %v", err)
	}
}

// What ends connections while one is being made ends that one too.
func TestAConnectionThatIsMadeTooLateIsNone(t *testing.T) {
	at := peer(t, upper)
	_, port, _ := net.SplitHostPort(at)
	there, elsewhere := "http://localhost:"+port, "http://elsewhere.example"
	for name, tt := range map[string]struct {
		url  func(asked int, pass *services.Pass) string // as the host looks it up
		want string
	}{
		"the process is gone": {func(_ int, pass *services.Pass) string { pass.Leave(); return there }, "over"},
		"the grant is gone":   {func(asked int, _ *services.Pass) string { return []string{there, elsewhere}[asked] }, "no net need"},
	} {
		t.Run(name, func(t *testing.T) {
			var pass *services.Pass
			asked := -1
			h := open(t, func(o *services.Options) {
				o.Settings = func(string) json.RawMessage {
					asked++
					return fmt.Appendf(nil, `{"url":%q}`, tt.url(asked, pass))
				}
			})
			var s sdk.Services
			s, pass = h.guest(t, "p", netNeed("config:/url"))
			c, err := s.Dial(t.Context(), "", "localhost:"+port)
			if c != nil {
				_ = c.Close()
			}
			wantCode(t, name, err, sdk.CodeForbidden, tt.want)
		})
	}
}
