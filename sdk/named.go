package sdk

import (
	"net/http"
	"strings"
)

// The headers by which a service that was called for an end user, and the host's
// log, can be laid side by side: the id of what they asked for, and the W3C trace
// context that it belongs to.
const (
	requestHeader = "X-Request-ID"
	traceHeader   = "Traceparent"
)

// named tells each request that a call makes which one it belongs to.
type named struct {
	next   http.RoundTripper
	header http.Header
}

// RoundTrip implements [http.RoundTripper]. A name that the plugin chose stays.
func (n named) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context()) // a transport must not change what it was given
	for name, value := range n.header {
		if req.Header.Get(name) == "" {
			req.Header[name] = value
		}
	}
	return n.next.RoundTrip(req)
}

// naming is a client whose requests carry a call's ids, those that can be sent.
func naming(c *http.Client, call CallInfo) *http.Client {
	header := http.Header{}
	for name, id := range map[string]string{requestHeader: call.RequestID, traceHeader: call.TraceParent} {
		if id != "" && !strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' || r > '~' }) {
			header.Set(name, id)
		}
	}
	if len(header) == 0 {
		return c
	}
	next := c.Transport
	if next == nil {
		next = http.DefaultTransport
	}
	with := *c
	with.Transport = named{next, header}
	return &with
}
