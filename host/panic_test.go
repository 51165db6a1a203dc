package host

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/jarvis-host/jarvis/host/gateway"
	"github.com/jarvis-host/jarvis/host/scrub"
	"github.com/jarvis-host/jarvis/host/telemetry"
)

// fault-K3: a request that panics with a secret in hand leaves none in the log,
// nor in its answer; what net/http itself has to say goes through the same log.
func TestAPanicInARequestKeepsItsSecret(t *testing.T) {
	const secret = "butter-and-bread"
	s := scrub.New()
	s.Register(secret)
	var mu sync.Mutex
	var out bytes.Buffer
	log := telemetry.NewLogger(writer(func(p []byte) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		return out.Write(p)
	}), telemetry.FormatJSON, "debug", s)
	page := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Nil") != "" {
			var none *struct{ text string }
			_ = fmt.Sprint(secret, none.text) //nolint:govet // on purpose
		}
		panic(fmt.Errorf("ask https://me:%s@shop.example/: %w", secret, errors.ErrUnsupported))
	})
	g := gateway.New(gateway.Options{Log: log, Page: page, Words: func(_, key string, _ ...any) string { return key }})
	for _, header := range []string{"X-Value", "X-Nil"} {
		req := httptest.NewRequest(http.MethodGet, "/", nil)
		req.Host = "127.0.0.1"
		req.Header.Set(header, "1")
		answer := httptest.NewRecorder()
		g.ServeHTTP(answer, req)
		if answer.Code != http.StatusInternalServerError || strings.Contains(answer.Body.String(), secret) {
			t.Errorf("%s: %d %s", header, answer.Code, answer.Body)
		}
	}
	if err := g.Serve(&lame{secret: secret}); err == nil {
		t.Error("a listener that fails serves")
	}
	if err := g.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	mu.Lock()
	defer mu.Unlock()
	for _, want := range []string{"request panicked", "https://me:[redacted]@shop.example/", "nil pointer dereference", "no door for [redacted]"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the log lacks %q", want)
		}
	}
	if strings.Contains(out.String(), secret) || t.Failed() {
		t.Errorf("the log is %s", &out)
	}
}

// lame is a listener that fails once in passing, and then for good.
type lame struct {
	net.Listener
	secret string
	failed bool
}

func (l *lame) Accept() (net.Conn, error) {
	if l.failed {
		return nil, net.ErrClosed
	}
	l.failed = true
	return nil, passing{errors.New("no door for " + l.secret)}
}

func (l *lame) Close() error   { return nil }
func (l *lame) Addr() net.Addr { return &net.TCPAddr{} }

// passing is a net.Error that passes.
type passing struct{ error }

func (passing) Timeout() bool   { return false }
func (passing) Temporary() bool { return true }

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }
