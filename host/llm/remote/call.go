package remote

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/go-json-experiment/json"
)

// Call is one HTTP request to a server.
type Call struct {
	// Method is POST when there is a body, else GET, if it is empty.
	Method string
	// Path is below the server's address, from the root of the host when Root is
	// set.
	Path string
	Root bool
	// Body is sent as JSON; nil is none.
	Body any
	// Model is what the call is about, for errors.
	Model     string
	RequestID string
	// TraceParent is sent as it is; empty is none.
	TraceParent string
}

func (q Call) method() string {
	switch {
	case q.Method != "":
		return q.Method
	case q.Body != nil:
		return http.MethodPost
	default:
		return http.MethodGet
	}
}

func (q Call) url(base *url.URL) string {
	if q.Root {
		root := *base
		root.Path, root.RawPath = "/", ""
		base = &root
	}
	return base.JoinPath(q.Path).String()
}

func (q Call) request(ctx context.Context, cfg Config) (*http.Request, error) {
	var body io.Reader
	if q.Body != nil {
		raw, err := json.Marshal(q.Body)
		if err != nil {
			return nil, fmt.Errorf("write %s request: %w", q.Path, err)
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, q.method(), q.url(cfg.Base), body)
	if err != nil {
		return nil, fmt.Errorf("make %s request: %w", q.Path, err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	// An empty value is not sent; it lets the transport ask again when a server
	// has closed a pooled connection just then, and has said nothing.
	req.Header["X-Idempotency-Key"] = []string{}
	if cfg.Key != "" {
		req.Header.Set("Authorization", "Bearer "+cfg.Key)
	}
	if safe(q.RequestID) {
		req.Header.Set("X-Request-ID", q.RequestID)
	}
	if safe(q.TraceParent) {
		req.Header.Set("Traceparent", q.TraceParent)
	}
	return req, nil
}

// safe reports whether an id fits a header.
func safe(id string) bool {
	for _, c := range []byte(id) {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return id != "" && len(id) <= 64
}

// drainLimit is how much of a response's unread rest is worth reading to keep
// the connection.
const drainLimit = 4 << 10

// Drop reads a little of what is left of a body, so that the connection can be
// used again, and closes it.
func Drop(body io.ReadCloser) {
	_, _ = io.CopyN(io.Discard, body, drainLimit)
	_ = body.Close()
}
