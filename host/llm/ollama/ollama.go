// Package ollama is a [llm.Provider] that speaks Ollama's own protocol: NDJSON
// over HTTP. It reads a stream line by line with little memory, tells a whole
// answer from one that broke off, and always sends the same context size,
// because a server that is asked for another one loads the model again.
package ollama

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/llm/remote"
)

// Config says where the server is and how to use it. Zero values of all fields
// have a meaning.
type Config struct {
	// Name is the provider's name; "ollama" when empty.
	Name string
	// URL is the server's address, as OLLAMA_HOST has it: scheme and port may be
	// left out. "http://127.0.0.1:11434" when empty.
	URL string
	// Key is sent as a bearer token, for servers behind a gate; empty is none.
	Key string
	// NumCtx is the context size of every request, in tokens; 8192 when 0.
	NumCtx int
	// MaxTokens bounds answers to requests that set no bound; 2048 when 0.
	MaxTokens int
	// KeepAlive is how long the server keeps the model in memory: 0 leaves it to
	// the server, a negative value means for ever.
	KeepAlive time.Duration
	// ConnectTimeout bounds connecting; 2 s when 0.
	ConnectTimeout time.Duration
	// HeaderTimeout bounds the wait for a response's first byte, which comes
	// with the first token; 90 s when 0. It only backs up a Guard's deadline.
	HeaderTimeout time.Duration
	// Concurrency is how many answers are asked for at a time, for which there are
	// connections then; 0 is unknown, and takes 512.
	Concurrency int
	// ProbeTimeout bounds a whole probe; 5 s when 0.
	ProbeTimeout time.Duration
	// Now is the clock; time.Now when nil.
	Now func() time.Time
	// Transport makes the requests in place of a pool of the provider's own,
	// whose timeouts it then has to have itself.
	Transport http.RoundTripper
}

const (
	defaultPort = "11434"
	// fetch is the command that gets a model.
	fetch = "ollama pull"
)

// Provider is an Ollama server. Safe for concurrent use.
type Provider struct {
	cfg    Config
	client *remote.Client

	mu    sync.Mutex
	shown map[string]details // by digest
	asked map[string]bool    // models that have answered with our context size
}

// New returns a provider; it connects to nothing yet.
func New(cfg Config) (*Provider, error) {
	base, err := parseURL(cfg.URL)
	if err != nil {
		return nil, err
	}
	cfg = withDefaults(cfg)
	client := remote.New(remote.Config{
		Name: cfg.Name, Base: base, Key: cfg.Key, Kind: "Ollama", Fetch: fetch, Now: cfg.Now, Transport: cfg.Transport,
		ConnectTimeout: cfg.ConnectTimeout, HeaderTimeout: cfg.HeaderTimeout, Concurrency: cfg.Concurrency,
	})
	return &Provider{cfg: cfg, client: client, shown: map[string]details{}, asked: map[string]bool{}}, nil
}

// Name implements [llm.Provider].
func (p *Provider) Name() string { return p.cfg.Name }

// Where is the server's address, without a password.
func (p *Provider) Where() string { return p.client.Where() }

// Close lets go of idle connections.
func (p *Provider) Close() { p.client.Close() }

func withDefaults(cfg Config) Config {
	orElse(&cfg.Name, "ollama")
	orElse(&cfg.NumCtx, 8192)
	orElse(&cfg.MaxTokens, 2048)
	orElse(&cfg.ConnectTimeout, 2*time.Second)
	orElse(&cfg.HeaderTimeout, 90*time.Second)
	orElse(&cfg.ProbeTimeout, 5*time.Second)
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return cfg
}

func orElse[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// parseURL reads an address as Ollama's own tools write it.
func parseURL(raw string) (*url.URL, error) {
	text := strings.TrimSpace(raw)
	if text == "" {
		text = "127.0.0.1"
	}
	bare := !strings.Contains(text, "://")
	if bare {
		text = "http://" + text
	}
	u, err := url.Parse(text)
	if err != nil {
		// The parser's error quotes the text, which may hold a password.
		return nil, errors.New("parse ollama url: expected something like http://127.0.0.1:11434")
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("parse ollama url %q: expected http:// or https://, a host and no query", u.Redacted())
	}
	if bare && u.Port() == "" {
		u.Host = net.JoinHostPort(u.Hostname(), defaultPort)
	}
	if u.Hostname() == "0.0.0.0" { // where a server listens, not where it is
		u.Host = net.JoinHostPort("127.0.0.1", u.Port())
	}
	return u, nil
}

var (
	_ llm.Provider = (*Provider)(nil)
	_ llm.Embedder = (*Provider)(nil)
)
