package ollama

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/go-json-experiment/json"
)

// call is one HTTP request to the server.
type call struct {
	method, path string
	body         any    // sent as JSON, nil for none
	model        string // the model it is about, for errors
	requestID    string
}

func (q call) request(ctx context.Context, base *url.URL) (*http.Request, error) {
	var body io.Reader
	if q.body != nil {
		raw, err := json.Marshal(q.body)
		if err != nil {
			return nil, fmt.Errorf("write %s request: %w", q.path, err)
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(ctx, q.method, base.JoinPath(q.path).String(), body)
	if err != nil {
		return nil, fmt.Errorf("make %s request: %w", q.path, err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if safe(q.requestID) {
		req.Header.Set("X-Request-ID", q.requestID)
	}
	return req, nil
}

// safe reports whether a request id fits a header.
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

// drain reads a little of what is left.
func drain(body io.Reader) { _, _ = io.CopyN(io.Discard, body, drainLimit) }

// drop drains and closes a body.
func drop(body io.ReadCloser) {
	drain(body)
	_ = body.Close()
}
