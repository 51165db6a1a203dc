package sdk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Bounds of the client that plugins get.
const (
	httpTimeout = 10 * time.Second // for a request, its repetitions and its answer
	maxBody     = 4 << 20          // bytes of an answer, after decompression
	maxTries    = 3
	firstPause  = 200 * time.Millisecond // doubled from try to try
)

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
		base = &http.Transport{
			// A proxy would see past the grants: it is the proxy that dials.
			Proxy:                 nil,
			ForceAttemptHTTP2:     true,
			MaxIdleConns:          32,
			MaxIdleConnsPerHost:   8,
			IdleConnTimeout:       90 * time.Second,
			TLSHandshakeTimeout:   5 * time.Second,
			ResponseHeaderTimeout: httpTimeout,
		}
	}
	return &http.Client{Transport: &gate{next: base, grants: &p.grants}, Timeout: httpTimeout}
}

// gate lets through only what was granted, repeats what may be repeated, and
// bounds what comes back. It sees every hop of a redirect.
type gate struct {
	next   http.RoundTripper
	grants *grants
}

// RoundTrip implements [http.RoundTripper].
func (g *gate) RoundTrip(req *http.Request) (*http.Response, error) {
	if err := g.grants.reach(req.URL); err != nil {
		if req.Body != nil {
			_ = req.Body.Close()
		}
		return nil, err
	}
	for try := 1; ; try++ {
		resp, err := g.next.RoundTrip(req)
		if try == maxTries || !worthAnother(req, resp, err) {
			return bounded(resp), err
		}
		pause := backoff(try, resp)
		if !inTime(req.Context(), pause) {
			return bounded(resp), err
		}
		if resp != nil {
			// A drained body lets the connection be used again.
			_, _ = io.CopyN(io.Discard, resp.Body, 64<<10)
			_ = resp.Body.Close()
		}
		if err := wait(req.Context(), pause); err != nil {
			return nil, err
		}
		if req, err = again(req); err != nil {
			return nil, err
		}
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
		return req.Context().Err() == nil
	}
	return resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode >= http.StatusInternalServerError &&
		resp.StatusCode != http.StatusNotImplemented
}

// backoff is how long to wait: what the server says, or any time up to a
// bound that doubles, so that many clients do not come back together.
func backoff(try int, resp *http.Response) time.Duration {
	if resp != nil {
		if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && s >= 0 {
			return time.Duration(min(s, 3600)) * time.Second
		}
	}
	return rand.N(firstPause << (try - 1)) //nolint:gosec // jitter is no secret
}

func inTime(ctx context.Context, pause time.Duration) bool {
	end, ok := ctx.Deadline()
	return !ok || time.Until(end) > pause
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
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
