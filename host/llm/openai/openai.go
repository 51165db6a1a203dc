// Package openai is a [llm.Provider] that speaks the protocol that OpenAI made
// common: server-sent events over HTTP. It understands the dialects of
// llama.cpp, vLLM, LM Studio, OpenRouter and Ollama's own face of this kind,
// which differ in what they name, number, repeat and leave out.
//
// An answer is complete when its finish_reason has come. A stream that ends
// without one, with or without its last line [DONE], is an interruption.
package openai

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/llm/remote"
)

// Config says where the server is and how to use it. Zero values of all fields
// but URL have a meaning.
type Config struct {
	// Name is the provider's name; "openai" when empty.
	Name string
	// URL is where the API is, such as https://openrouter.ai/api/v1; /v1 is added
	// to an address without a path.
	URL string
	// Key is sent as a bearer token; empty is none.
	Key string
	// Window is the context of every model, prompt and answer together, in
	// tokens, for servers that do not tell; 0 is unknown.
	Window int
	// MaxTokens bounds answers to requests that set no bound; 2048 when 0.
	MaxTokens int
	// ConnectTimeout bounds connecting; 2 s when 0, which is enough around the
	// world.
	ConnectTimeout time.Duration
	// HeaderTimeout bounds the wait for a response's first byte; 90 s when 0. It
	// only backs up a Guard's deadline.
	HeaderTimeout time.Duration
	// Concurrency is how many answers are asked for at a time, for which there are
	// connections then; 0 is unknown, and takes 512.
	Concurrency int
	// ProbeTimeout bounds a whole probe; 5 s when 0.
	ProbeTimeout time.Duration
	// Now is the clock; time.Now when nil.
	Now func() time.Time
	// Transport makes the requests in place of a pool of the provider's own.
	Transport http.RoundTripper
}

// Provider is a server. Safe for concurrent use.
type Provider struct {
	cfg    Config
	host   string
	client *remote.Client
	// server is what the last probe took the server for.
	server atomic.Value // of flavour
	// wholeTools is set once the server has said that it can't stream an answer
	// to a request with tools.
	wholeTools atomic.Bool
}

var (
	_ llm.Provider = (*Provider)(nil)
	_ llm.Embedder = (*Provider)(nil)
)

// New returns a provider; it connects to nothing yet.
func New(cfg Config) (*Provider, error) {
	base, err := parseURL(cfg.URL)
	if err != nil {
		return nil, err
	}
	cfg = withDefaults(cfg)
	p := &Provider{cfg: cfg, host: base.Hostname()}
	p.client = remote.New(remote.Config{
		Name: cfg.Name, Kind: "OpenAI-compatible API", Base: base, Key: cfg.Key, Now: cfg.Now, Transport: cfg.Transport,
		ConnectTimeout: cfg.ConnectTimeout, HeaderTimeout: cfg.HeaderTimeout, Concurrency: cfg.Concurrency,
	})
	p.server.Store(flavourOf(p.host, ""))
	return p, nil
}

// Name implements [llm.Provider].
func (p *Provider) Name() string { return p.cfg.Name }

// Where is the server's address, without a password.
func (p *Provider) Where() string { return p.client.Where() }

// Close lets go of idle connections.
func (p *Provider) Close() { p.client.Close() }

func withDefaults(cfg Config) Config {
	orElse(&cfg.Name, "openai")
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

// parseURL reads an address with or without the path of the API.
func parseURL(raw string) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(raw))
	if err != nil {
		// The parser's error quotes the text, which may hold a password.
		return nil, errors.New("parse url: expected something like http://127.0.0.1:8080/v1")
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("parse url %q: expected http:// or https://, a host and no query", u.Redacted())
	}
	if u.Path = strings.TrimRight(u.Path, "/"); u.Path == "" {
		u.Path = "/v1"
	}
	return u, nil
}

// flavour is what a server's way of doing things is called here.
type flavour string

const (
	plainServer flavour = ""
	official    flavour = "openai"     // OpenAI's own
	openRouter  flavour = "openrouter" // OpenRouter
	llamaCPP    flavour = "llamacpp"   // llama.cpp's server, and those that come from it
	vLLM        flavour = "vllm"
	ollamaFace  flavour = "library" // Ollama
)

// flavourOf tells a server by its host and by what its models are owned by.
func flavourOf(host, ownedBy string) flavour {
	switch {
	case host == "api.openai.com":
		return official
	case host == "openrouter.ai":
		return openRouter
	case ownedBy == string(llamaCPP), ownedBy == string(vLLM), ownedBy == string(ollamaFace):
		return flavour(ownedBy)
	default:
		return plainServer
	}
}

func (p *Provider) flavour() flavour {
	f, _ := p.server.Load().(flavour)
	return f
}
