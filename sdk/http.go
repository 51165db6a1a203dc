package sdk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jarvis-host/jarvis/sdk/address"
	"github.com/jarvis-host/jarvis/sdk/retry"
)

// Bounds of the client that plugins get.
const (
	httpTimeout = 10 * time.Second // for a request, its repetitions and its answer
	dialTimeout = 5 * time.Second  // for a name and a connection, and again for TLS
	maxBody     = 4 << 20          // bytes of an answer, after decompression
	longestRest = time.Minute      // that a service is believed to need
)

// tries are how often a request is made that may be repeated.
var tries = retry.Backoff{Tries: 3, First: 200 * time.Millisecond, Most: time.Second}

// HTTP returns the client of Call.HTTP, for what no call led to.
func (p *Plugin) HTTP() *http.Client { return p.client() }

// Get returns what is at an address that was granted, at most 4 MiB. A service
// that cannot be reached or does not answer with a status of 2xx is an [*Error],
// unavailable, which the person reads politely; for more than that use
// Call.HTTP.
func (c *Call) Get(ctx context.Context, address string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fmt.Errorf("build request: %w", err)
	}
	resp, err := c.HTTP().Do(req)
	if err != nil {
		return nil, refused(ctx, req, err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode/100 != 2 {
		return nil, refused(ctx, req, fmt.Errorf("status is %s", resp.Status))
	}
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil, refused(ctx, req, err)
	}
	return body, nil
}

// GetJSON is [Call.Get] for JSON: it decodes what is there into what into points
// to. An answer that does not fit is an [*Error], unavailable, too.
func (c *Call) GetJSON(ctx context.Context, address string, into any) error {
	body, err := c.Get(ctx, address)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(body, into); err != nil {
		return &Error{Code: CodeUnavailable, Err: fmt.Errorf("read answer: %w", err)}
	}
	return nil
}

// refused is what went wrong with a request. What it was about may be private,
// so only the host is named.
func refused(ctx context.Context, req *http.Request, err error) error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	return &Error{Code: CodeUnavailable, Err: fmt.Errorf("ask %s: %w", req.URL.Host, err)}
}

func (p *Plugin) newClient() *http.Client {
	base := p.env.Transport
	if base == nil {
		base = pool()
	}
	if t, ok := base.(*http.Transport); ok && t.DialContext == nil {
		t = t.Clone()
		t.DialContext = func(ctx context.Context, _, hostPort string) (net.Conn, error) { return p.dial(ctx, "", hostPort) }
		base = t
	}
	p.gate.next = base
	return &http.Client{Transport: &p.gate, Timeout: httpTimeout}
}

// A connection on which nothing came for so long is asked whether its other side is
// still there, and given up when it does not answer.
const quiet, answersWithin = 15 * time.Second, 5 * time.Second

var keepAlive = net.KeepAliveConfig{Enable: true, Idle: quiet, Interval: answersWithin, Count: 3}

// pool keeps connections, and bounds all of a request that has no deadline but its
// context's: how long a name or a connection may take, and how many there are.
func pool() *http.Transport {
	return &http.Transport{
		// A proxy would see past the grants: it is the proxy that dials.
		Proxy:                  nil,
		TLSHandshakeTimeout:    dialTimeout,
		MaxResponseHeaderBytes: 256 << 10,
		ForceAttemptHTTP2:      true,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: quiet, PingTimeout: answersWithin},
		MaxIdleConns:           32,
		MaxIdleConnsPerHost:    8,
		MaxConnsPerHost:        32,
		IdleConnTimeout:        90 * time.Second,
	}
}

// gate lets through only what was granted, repeats what may be repeated, leaves
// alone what does not answer, and bounds what comes back. It sees every hop of a
// redirect; where a host leads, grants.dial sees.
type gate struct {
	next   http.RoundTripper
	grants *grants
	now    func() time.Time

	mu    sync.Mutex
	peers map[string]*peer // by host and port; only what was granted
}

// peer is a service that the plugin asks.
type peer struct {
	host, port string
	breaker    *retry.Breaker
	budget     *retry.Budget
	last       atomic.Pointer[string] // what went wrong
}

// RoundTrip implements [http.RoundTripper].
func (g *gate) RoundTrip(req *http.Request) (*http.Response, error) {
	if _, err := g.grants.reach(address.HostPort(req.URL)); err != nil {
		closeBody(req)
		return nil, err
	}
	to := g.peer(req.URL)
	to.budget.Asked()
	for try := 1; ; try++ {
		resp, err := to.ask(g.next, req)
		if !worthAnother(req, resp, err) {
			return bounded(resp), err
		}
		pause, more := tries.Pause(try)
		pause = max(pause, asked(resp))
		if !more || to.restsFor(g.now()) > pause || !inTime(req.Context(), pause) || !to.budget.Take() {
			return bounded(resp), err
		}
		if resp != nil {
			// A drained body lets the connection be used again.
			_, _ = io.CopyN(io.Discard, resp.Body, 64<<10)
			_ = resp.Body.Close()
		}
		if err := retry.Wait(req.Context(), pause); err != nil {
			return nil, err //nolint:wrapcheck // says what it is
		}
		if req, err = again(req); err != nil {
			return nil, err
		}
	}
}

func (g *gate) peer(u *url.URL) *peer {
	host, port := address.HostPort(u)
	where := net.JoinHostPort(host, port)
	g.mu.Lock()
	defer g.mu.Unlock()
	to := g.peers[where]
	if to == nil {
		to = &peer{
			host: host, port: port, budget: retry.NewBudget(retry.BudgetOptions{Now: g.now}),
			breaker: retry.NewBreaker(retry.BreakerOptions{Trials: 1, Now: g.now}),
		}
		if g.peers == nil {
			g.peers = map[string]*peer{}
		}
		g.peers[where] = to
	}
	return to
}

// silent names the services that do not answer, for the operator. One that another
// configuration took out of reach is forgotten: it could never answer again.
func (g *gate) silent() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	maps.DeleteFunc(g.peers, func(_ string, to *peer) bool {
		_, err := g.grants.reach(to.host, to.port)
		return err != nil
	})
	var out []error
	for _, where := range slices.Sorted(maps.Keys(g.peers)) {
		if to := g.peers[where]; !to.breaker.Closed() {
			out = append(out, to.trouble())
		}
	}
	return errors.Join(out...)
}

func (to *peer) trouble() error {
	why := ""
	if last := to.last.Load(); last != nil {
		why = ": " + *last
	}
	return fmt.Errorf("%s does not answer%s", net.JoinHostPort(to.host, to.port), why)
}

// ask makes the request once, unless the service is left alone.
func (to *peer) ask(next http.RoundTripper, req *http.Request) (*http.Response, error) {
	trial, ok, left := to.breaker.Enter()
	if !ok {
		closeBody(req)
		return nil, &Error{Code: CodeUnavailable, Err: fmt.Errorf("%w; it is left alone for %s", to.trouble(), left.Round(time.Millisecond))}
	}
	resp, err := next.RoundTrip(req)
	switch {
	case err != nil && errors.Is(req.Context().Err(), context.Canceled):
		to.breaker.Void(trial) // whoever asked has left
	case ErrorCode(err) == CodeForbidden:
		to.breaker.Void(trial) // it was not asked
	case err != nil:
		to.failed(trial, err.Error(), 0)
	case overloaded(resp.StatusCode):
		to.failed(trial, resp.Status, min(asked(resp), longestRest))
	default:
		to.breaker.Well(trial)
	}
	return resp, err //nolint:wrapcheck // a transport of a transport
}

// restsFor is how long the service is left alone yet.
func (to *peer) restsFor(now time.Time) time.Duration {
	until, resting := to.breaker.Open()
	if !resting {
		return 0
	}
	return until.Sub(now)
}

func (to *peer) failed(trial bool, why string, asked time.Duration) {
	to.last.Store(&why)
	to.breaker.Failed(trial, asked)
}

// overloaded tells answers of a service that can't answer anyone from those about
// one request, such as 500.
func overloaded(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	default:
		return false
	}
}

func closeBody(req *http.Request) {
	if req.Body != nil {
		_ = req.Body.Close()
	}
}

// worthAnother tells whether a request may be repeated, and whether that
// could help.
func worthAnother(req *http.Request, resp *http.Response, err error) bool {
	switch req.Method {
	case "", http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPut, http.MethodDelete:
	default:
		return false
	}
	if req.Body != nil && req.Body != http.NoBody && req.GetBody == nil {
		return false
	}
	if err != nil {
		return req.Context().Err() == nil && ErrorCode(err) != CodeForbidden
	}
	return resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode >= http.StatusInternalServerError &&
		resp.StatusCode != http.StatusNotImplemented
}

// asked is how long a service asks to be left alone; 0 when it does not say.
func asked(resp *http.Response) time.Duration {
	if resp == nil {
		return 0
	}
	if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && s >= 0 {
		return time.Duration(min(s, 3600)) * time.Second
	}
	return 0
}

func inTime(ctx context.Context, pause time.Duration) bool {
	end, ok := ctx.Deadline()
	return !ok || time.Until(end) > pause
}

// again returns the request with a fresh body.
func again(req *http.Request) (*http.Request, error) {
	next := req.Clone(req.Context())
	if req.GetBody == nil {
		return next, nil
	}
	body, err := req.GetBody()
	if err != nil {
		return nil, fmt.Errorf("repeat request: %w", err)
	}
	next.Body = body
	return next, nil
}

func bounded(resp *http.Response) *http.Response {
	if resp != nil && resp.Body != nil {
		resp.Body = &boundedBody{ReadCloser: resp.Body, left: maxBody}
	}
	return resp
}

// errBody is what reading too large an answer ends with.
var errBody = fmt.Errorf("answer is larger than %d bytes", maxBody)

type boundedBody struct {
	io.ReadCloser
	left int
}

// Read implements [io.Reader]; past the bound it is an error, not an end.
func (b *boundedBody) Read(p []byte) (int, error) {
	if len(p) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.ReadCloser.Read(p)
	if n > b.left {
		return b.left, errors.Join(&Error{Code: CodeTooLarge, Err: errBody}, err)
	}
	b.left -= n
	return n, err
}
