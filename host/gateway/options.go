package gateway

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"net/http"
	"net/netip"
	"time"

	"github.com/jarvis-host/jarvis/host/auth"
	"github.com/jarvis-host/jarvis/host/health"
	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/session"
	"github.com/jarvis-host/jarvis/host/turn"
)

// Options are what the gateway needs of the other rooms.
type Options struct {
	Sessions Sessions
	Auth     *auth.Service
	// Words says a text of the host in an end user's language.
	Words  func(lang, key string, args ...any) string
	Log    Log
	Health Readiness
	// Metrics answers GET /metrics; nil: there is no such route.
	Metrics http.Handler
	// Page answers GET /, /operator and /assets/; nil: there are no such routes.
	Page http.Handler
	// Plugins and Tools are behind the routes of their names; nil: there are no
	// such routes.
	Plugins Plugins
	Tools   Tools
	// Spoken finds the session in which an end user's message with a client's id was
	// accepted, and its text; an empty session is none. nil: nobody knows.
	Spoken func(ctx context.Context, user, client string) (session, text string, err error)
	// Receipts is behind the routes of receipts; nil: there are none.
	Receipts Receipts
	// Notices reach end users on their sockets; nil: there are none.
	Notices Notices
	// Memories is behind the routes of memories; nil: there are none.
	Memories Memories
	// Doors are ways in for programs that speak protocols of their own.
	Doors []Door
	// Limiter may be nil: no limits. Meter may be nil: nothing is counted.
	Limiter Limiter
	Meter   Meter
	// Model names the model that answers now, or is nil or returns "".
	Model func() string
	// Models lists the models that there are, or is nil.
	Models func() []string
	// TLS serves TLS when it is not nil.
	TLS    *tls.Config
	Config Config
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Config is the gateway's part of the configuration. Zero values take the
// defaults.
type Config struct {
	AllowedHosts   []string // beside loopback names, with or without a port
	AllowedOrigins []string // such as https://jarvis.example
	TrustedProxies []netip.Prefix
	// MetricsLoopback lets loopback peers read /metrics without a credential.
	MetricsLoopback bool
	Lang            string         // when nothing tells the end user's; default "en"
	Zone            *time.Location // when the end user has none; default UTC
	Version         string         // the host's, for hello
	Features        []string       // for hello
	PerMinute       int            // the limit of messages, for hello
	MaxSockets      int            // open at once; default 20000
	// MaxPlain bounds the connections that are no WebSocket, so all that did not
	// show a credential yet; default 2000.
	MaxPlain int

	BodyTimeout  time.Duration // for a request's body; default 15s
	WriteTimeout time.Duration // for one frame or event; default 10s
	FrameTimeout time.Duration // from a message's first byte to its last; default 10s
	PingEvery    time.Duration // of silence; default 30s, and given up at 55s
	ChatTimeout  time.Duration // of POST /v1/chat; default 10m
}

// Sessions is the room of conversations; session.Manager implements it. It is
// safe for concurrent use. Errors are *protocol.Problem or
// session.ErrNotFound; any other is a fault of the host. Tests use a
// session.Manager over session.NewMemory.
type Sessions interface {
	Talk
	History
}

// Talk is a conversation while it goes on.
type Talk interface {
	// Say accepts an utterance and subscribes sub to its session: every durable
	// frame from accepted on reaches sub, in the order of seq, accepted before
	// Say returns. An utterance whose id the session knows is not run again:
	// its accepted frame of the first time comes back, and need not reach sub.
	Say(ctx context.Context, who session.Identity, say protocol.Say, sub session.Subscriber) (sessionID string, accepted session.Frame, err error)
	// Stop ends the running turn and those behind it, or answers not_found.
	Stop(ctx context.Context, who session.Identity, sessionID, turnID string) error
	// Resume sends sub what it missed, and subscribes it.
	Resume(ctx context.Context, who session.Identity, r protocol.Resume, sub session.Subscriber) error
	// Reply answers an open question of one of who's sessions.
	Reply(ctx context.Context, who session.Identity, question string, value json.RawMessage) error
	// Unsubscribe ends all subscriptions of sub. Nothing reaches it afterwards.
	Unsubscribe(sub session.Subscriber)
}

// History is what is kept of an end user's conversations.
type History interface {
	Sessions(ctx context.Context, who session.Identity, after string, limit int) ([]session.Meta, string, error)
	Session(ctx context.Context, who session.Identity, id string) (session.Meta, error)
	Rename(ctx context.Context, who session.Identity, id, title string) error
	Delete(ctx context.Context, who session.Identity, id string) error
	Messages(ctx context.Context, who session.Identity, id, after string, limit int) ([]turn.Message, string, error)
	Search(ctx context.Context, who session.Identity, query string, limit int) ([]session.Hit, error)
}

// Readiness says whether the host can serve, from what was probed before: it
// answers at once. health.Checks does.
type Readiness interface {
	Ready() health.Report
}

// Plugin is the state of a plugin, for operators.
type Plugin struct {
	Name     string    `json:"name"`
	Version  string    `json:"version"`
	State    string    `json:"state"`
	Reason   string    `json:"reason,omitempty"`
	Since    time.Time `json:"since"`
	Restarts int       `json:"restarts"`
	PID      int       `json:"pid,omitempty"`
	// Clashes are utterances that another plugin claims too, at most 20.
	Clashes []Clash `json:"clashes,omitempty"`
}

// Clash is an utterance that two plugins claim: whose sentence it calls, and
// whose it would have called. Both are PLUGIN.TOOL.
type Clash struct {
	Utterance string `json:"utterance"`
	Lang      string `json:"lang"`
	Winner    string `json:"winner"`
	Loser     string `json:"loser"`
}

// Plugins manages plugin processes. Errors are *protocol.Problem. It is safe
// for concurrent use.
type Plugins interface {
	Plugins(ctx context.Context) []Plugin
	// Enable, Disable and Restart answer not_found for an unknown name.
	Enable(ctx context.Context, name string) error
	Disable(ctx context.Context, name string) error
	Restart(ctx context.Context, name string) error
	// Logs returns what a plugin logged, the oldest first: the last limit lines,
	// or, from a cursor on, the next ones; and the cursor after them.
	Logs(ctx context.Context, name, after string, limit int) ([]json.RawMessage, string, error)
}

// Tool describes a tool on offer.
type Tool struct {
	Plugin      string          `json:"plugin"`
	Name        string          `json:"name"`
	Title       string          `json:"title,omitempty"`
	Description string          `json:"description"`
	Effect      string          `json:"effect,omitempty"`
	Parameters  json.RawMessage `json:"parameters,omitempty"`
}

// ToolRun is what came of a tool.
type ToolRun struct {
	State   string          `json:"state"`
	Text    string          `json:"text"`
	Data    json.RawMessage `json:"data,omitempty"`
	Receipt string          `json:"receipt,omitempty"`
}

// Tools offers tools outside a conversation, with the permission and the
// confirmation that chat has. Errors are *protocol.Problem. It is safe for
// concurrent use.
type Tools interface {
	Tools(ctx context.Context, who session.Identity, lang string) ([]Tool, error)
	// RunTool gets one JSON object as arguments. A key that is not empty tells the
	// user's request from others: the same again is answered as before, for a day
	// and after a restart too, and has no second effect.
	RunTool(ctx context.Context, who session.Identity, plugin, tool string, arguments json.RawMessage, key string) (ToolRun, error)
}

// Limiter bounds what end users and addresses may do. What counts an event returns
// 0, or how long to wait until it would not be over the limit, and that limit, an
// amount a minute. It is safe for concurrent use.
type Limiter interface {
	// Chat counts a message; own: it is over the end user's own limit, and not that
	// of the address. An address that is not valid counts for nothing.
	Chat(user string, from netip.Addr) (wait time.Duration, limit int, own bool)
	// Connecting is Connect without counting.
	Connecting(from netip.Addr) (wait time.Duration, limit int)
	Connect(from netip.Addr) (wait time.Duration, limit int)
	// Failed counts a credential that was refused.
	Failed(from netip.Addr) (wait time.Duration, limit int)
	// Open takes a place for a socket until leave is called. leave is nil when
	// there are no more than limit.
	Open(user string, from netip.Addr) (leave func(), limit int)
}

// Meter counts what passes the edge. Every label comes from a closed set. It is
// safe for concurrent use.
type Meter interface {
	Connected(delta int)               // sockets that are open
	Connection(status string)          // a handshake: accepted, unauthenticated, forbidden, ...
	Message(direction, status string)  // in or out; ok, or a code of the error table
	Chat(secure bool, status string)   // an utterance: ok, or a code
	ChatError(stage string)            // validation, accept, answer
	RateLimited(endpoint, role string) // chat, ws or auth
	Request(route, method string, status int, took time.Duration)
	Panic()
}

// Log is what the gateway needs of a logger; hclog's and slog's have it.
type Log interface {
	Debug(msg string, args ...any)
	Warn(msg string, args ...any)
	Error(msg string, args ...any)
}

func (c Config) withDefaults() Config {
	set := func(d *time.Duration, def time.Duration) {
		if *d <= 0 {
			*d = def
		}
	}
	set(&c.BodyTimeout, 15*time.Second)
	set(&c.WriteTimeout, 10*time.Second)
	set(&c.FrameTimeout, 10*time.Second)
	set(&c.PingEvery, 30*time.Second)
	set(&c.ChatTimeout, 10*time.Minute)
	if c.MaxSockets <= 0 {
		c.MaxSockets = 20_000
	}
	if c.MaxPlain <= 0 {
		c.MaxPlain = 2000
	}
	if c.Lang == "" {
		c.Lang = "en"
	}
	if c.Zone == nil {
		c.Zone = time.UTC
	}
	if c.Features == nil {
		c.Features = []string{}
	}
	return c
}

// nothing is the Meter that counts nothing and the Log that says nothing.
type nothing struct{}

func (nothing) Connected(int)                              {}
func (nothing) Connection(string)                          {}
func (nothing) Message(string, string)                     {}
func (nothing) Chat(bool, string)                          {}
func (nothing) ChatError(string)                           {}
func (nothing) RateLimited(string, string)                 {}
func (nothing) Request(string, string, int, time.Duration) {}
func (nothing) Panic()                                     {}
func (nothing) Debug(string, ...any)                       {}
func (nothing) Warn(string, ...any)                        {}
func (nothing) Error(string, ...any)                       {}
