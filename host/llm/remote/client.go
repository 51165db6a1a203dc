// Package remote is what the clients of model servers have in common: pooled
// connections, bounded replies, lines read with little memory, tool calls put
// into one form, and failures sorted by what can be done about them. What is
// particular to a protocol stands in the package of its provider.
package remote

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/jarvis-host/jarvis/host/llm"
)

// Lenient takes what models write: text that is not quite UTF-8, arguments with
// a name twice. Arguments are checked by whoever runs the tool.
var Lenient = json.JoinOptions(jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true))

// MaxReply bounds a reply that is read whole; lists of models hold tensors and
// licences, and thousands of entries.
const MaxReply = 16 << 20

// Config is where a server is. All fields but Key, Fetch and Transport are set.
type Config struct {
	// Name is the provider's, for errors; Kind says what is expected to listen.
	Name, Kind string
	Base       *url.URL
	// Key is sent as a bearer token; empty is none.
	Key string
	// Fetch is the command that gets a model, without its name; empty is none.
	Fetch string
	// ConnectTimeout bounds connecting, HeaderTimeout the wait for a response's
	// first byte after that.
	ConnectTimeout, HeaderTimeout time.Duration
	// Concurrency is how many answers are asked for at a time, so that the pool has
	// room for all of them; 0 is unknown.
	Concurrency int
	Now         func() time.Time
	// Transport makes the requests in place of a pool of the client's own.
	Transport http.RoundTripper
}

// Client makes requests to one server. Safe for concurrent use.
type Client struct {
	cfg  Config
	http *http.Client
}

// New returns a client; it connects to nothing yet.
func New(cfg Config) *Client {
	transport := cfg.Transport
	if transport == nil {
		transport = newTransport(cfg)
	}
	return &Client{cfg: cfg, http: &http.Client{
		Transport: transport,
		// What people say goes to the configured host and nowhere else.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Close lets go of idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Where is the server's address, without a password.
func (c *Client) Where() string { return c.cfg.Base.Redacted() }

// Bounds of the connections to one server. What is over them waits, as long as the
// request may take: a provider's lane has let it in, so there is a connection for
// each answer that the lane gives at a time, and some for looks at the server and
// for embeddings, which wait for no answer.
const (
	maxConns = 512
	beside   = 64
	maxIdle  = 64
	// A connection on which nothing came for so long is asked whether its other side
	// is still there, and given up when it does not answer.
	quiet, answersWithin = 15 * time.Second, 5 * time.Second
)

var keepAlive = net.KeepAliveConfig{Enable: true, Idle: quiet, Interval: answersWithin, Count: 3}

func newTransport(cfg Config) *http.Transport {
	return &http.Transport{
		Proxy: http.ProxyFromEnvironment,
		// The time for connecting is that for the name too.
		DialContext:            (&net.Dialer{Timeout: cfg.ConnectTimeout, KeepAliveConfig: keepAlive}).DialContext,
		TLSHandshakeTimeout:    cfg.ConnectTimeout,
		ResponseHeaderTimeout:  cfg.HeaderTimeout,
		MaxResponseHeaderBytes: 64 << 10,
		MaxIdleConns:           maxIdle,
		MaxIdleConnsPerHost:    maxIdle,
		MaxConnsPerHost:        max(maxConns, cfg.Concurrency+beside),
		IdleConnTimeout:        90 * time.Second,
		DisableCompression:     true, // a token must not wait in a compressor
		ForceAttemptHTTP2:      true,
		HTTP2:                  &http.HTTP2Config{SendPingTimeout: quiet, PingTimeout: answersWithin},
	}
}

// Send makes one request and returns a response of status 200; the caller
// closes its body. Everything else is an error as [llm.Provider] says.
func (c *Client) Send(ctx context.Context, q Call) (*http.Response, error) {
	req, err := q.request(ctx, c.cfg)
	if err != nil {
		return nil, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, c.transportError(ctx, err)
	}
	if resp.StatusCode != http.StatusOK {
		defer Drop(resp.Body)
		return nil, c.statusError(ctx, resp, q)
	}
	return resp, nil
}

// Do makes a request and reads its one JSON reply.
func (c *Client) Do(ctx context.Context, q Call, reply any) error {
	resp, err := c.Send(ctx, q) //nolint:bodyclose // Drop closes it
	if err != nil {
		return err
	}
	defer Drop(resp.Body)
	if err := json.UnmarshalRead(io.LimitReader(resp.Body, MaxReply), reply, Lenient); err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("read %s reply: %w", q.Path, context.Cause(ctx))
		}
		return &llm.Error{
			Class: llm.Internal, Status: resp.StatusCode, Provider: c.cfg.Name,
			Message: fmt.Sprintf("%s did not reply with what %s does", q.Path, c.cfg.Kind), Err: err,
		}
	}
	return nil
}
