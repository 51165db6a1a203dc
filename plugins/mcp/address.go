package mcp

import (
	"net/http"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/jarvis-host/jarvis/sdk"
)

// reach is how the protocol reaches an address: only where the grant lets it,
// with the operator's headers. A stream that ends is taken up again once; to try
// more often is for the client of the SDK, within its budget.
func reach(p *sdk.Plugin, s Settings) mcp.Transport {
	return &mcp.StreamableClientTransport{
		Endpoint: s.URL, MaxRetries: 1,
		HTTPClient: &http.Client{Transport: &headed{next: p.HTTP().Transport, headers: s.Headers}},
	}
}

type headed struct {
	next    http.RoundTripper
	headers map[string]string
}

// RoundTrip implements [http.RoundTripper].
func (h *headed) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	for name, v := range h.headers {
		r.Header.Set(name, v)
	}
	return h.next.RoundTrip(r) //nolint:wrapcheck // a transport of a transport
}
