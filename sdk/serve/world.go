package serve

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/wire"
)

// WorldVariable is the environment variable by which a test gives a plugin's
// program a world of its own: a folder with the file WorldClock, the time in
// RFC 3339 or how far it is ahead of the real one as time.Duration writes it, and
// the Unix socket WorldNetwork, where every request that the grants allow goes, in
// plain HTTP, instead of to the network. A host passes no variable of its own
// environment on, so that only a test can set it.
const (
	WorldVariable = "JARVIS_TEST_WORLD"
	WorldClock    = "clock"
	WorldNetwork  = "network"
)

// environment is the real one, or that of a test.
func environment(dir string) sdk.Environment {
	if dir == "" {
		return sdk.Environment{Dial: wire.Dial}
	}
	return sdk.Environment{Dial: wire.Dial, Now: clock(filepath.Join(dir, WorldClock)), Transport: network(filepath.Join(dir, WorldNetwork))}
}

// clock reads the time from a file, each time anew.
func clock(file string) func() time.Time {
	return func() time.Time {
		raw, err := os.ReadFile(file)
		if err != nil {
			return time.Now()
		}
		if ahead, err := time.ParseDuration(string(raw)); err == nil {
			return time.Now().Add(ahead)
		}
		now, err := time.Parse(time.RFC3339Nano, string(raw))
		if err != nil {
			return time.Now()
		}
		return now
	}
}

// network is a transport to one socket, whatever a request asks for.
func network(socket string) http.RoundTripper {
	var d net.Dialer
	return diverted{&http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return d.DialContext(ctx, "unix", socket)
	}}}
}

type diverted struct{ next http.RoundTripper }

// RoundTrip implements [http.RoundTripper].
func (d diverted) RoundTrip(req *http.Request) (*http.Response, error) {
	plain := req.Clone(req.Context())
	plain.URL.Scheme = "http"
	resp, err := d.next.RoundTrip(plain)
	if resp != nil {
		resp.Request = req
	}
	return resp, err
}
