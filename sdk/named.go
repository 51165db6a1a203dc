package sdk

import (
	"net/http"
	"strings"
)

// requestHeader carries the id of what an end user asked for, so that a service
// that was called for it and the host's log can be laid side by side.
const requestHeader = "X-Request-ID"

// named tells each request that a call makes which one it belongs to.
type named struct {
	next http.RoundTripper
	id   string
}

// RoundTrip implements [http.RoundTripper]. A name that the plugin chose stays.
func (n named) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Header.Get(requestHeader) == "" {
		req = req.Clone(req.Context()) // a transport must not change what it was given
		req.Header.Set(requestHeader, n.id)
	}
	return n.next.RoundTrip(req)
}

// naming is a client whose requests carry an id, unless none could be sent.
func naming(c *http.Client, id string) *http.Client {
	if id == "" || strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return c
	}
	next := c.Transport
	if next == nil {
		next = http.DefaultTransport
	}
	with := *c
	with.Transport = named{next, id}
	return &with
}
