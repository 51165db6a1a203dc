// Package plugintest runs a plugin in a test as a host would run it: over the
// real wire, through the real sentences, with session state, the floor,
// questions and configuration, and without network, process or host. A test
// talks to the plugin as a person does:
//
//	h := plugintest.New(t, weather.New(), plugintest.HTTP(service))
//	if got := h.Say("fr", "météo à Lyon"); got.Text != "..." {
package plugintest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/intent"
	"github.com/jarvis-host/jarvis/sdk/wire"
)

// patience is the longest that one call of a test may take.
const patience = 30 * time.Second

// Host is a small host with one plugin and one session; Open begins more.
// Its sessions may be used concurrently, each by one goroutine.
type Host struct {
	*Session

	t        testing.TB
	plugin   *sdk.Plugin
	client   *wire.Client
	program  *program // nil: the plugin runs in the test's own process
	fake     *fake
	access   sdk.HostAccess
	ahead    atomic.Int64  // of the clock, in nanoseconds
	declared *sdk.Manifest // what Describe said
	now      atomic.Pointer[offer]
	amending sync.Mutex
	latest   sdk.Change
	setup    setup
	log      logBuffer
	missing  missing
	calls    atomic.Int64
}

// offer is what the plugin offers: its manifest, with what has changed since.
type offer struct {
	manifest *sdk.Manifest
	matcher  *intent.Matcher
}

type setup struct {
	values  any
	denied  []sdk.Need
	handler http.Handler
	now     func() time.Time
	own     bool // now is the test's own, not the real time
	zone    string

	answers []string
	respond func(sdk.Prompt) (string, error)
	connect func(ctx context.Context, hostPort string) (net.Conn, error)
	secrets map[string]string
	facts   []string
}

// Option changes what New starts with.
type Option func(*setup)

// Config is the configuration, anything that encodes to a JSON object.
func Config(values any) Option { return func(s *setup) { s.values = values } }

// Deny withholds a need; all others are granted.
func Deny(kind, scope string) Option {
	return func(s *setup) { s.denied = append(s.denied, sdk.Need{Kind: kind, Scope: scope}) }
}

// HTTP answers what the plugin asks of the network. With an [http.ServeMux],
// patterns name the host: "GET api.example.org/v1/forecast". Without this
// option every host is unreachable.
func HTTP(h http.Handler) Option { return func(s *setup) { s.handler = h } }

// Connections takes the plugin its own network, and answers what it dials through the
// host within its grants; requests go on to what HTTP answers.
func Connections(dial func(ctx context.Context, hostPort string) (net.Conn, error)) Option {
	return func(s *setup) { s.connect = dial }
}

// Clock is what the plugin and the floor take for the time.
func Clock(now func() time.Time) Option { return func(s *setup) { s.now, s.own = now, true } }

// Zone is the person's time zone, an IANA name; Europe/Paris otherwise.
func Zone(name string) Option { return func(s *setup) { s.zone = name } }

// New starts a plugin and configures it. It fails the test when the
// declaration is wrong, when a sentence does not compile, when an example does
// not match or yields other arguments, and when the configuration is refused;
// later, when the plugin asks for a text that it does not have. What the person
// does not read of a problem, its cause, is in the test's log.
func New(t testing.TB, p *sdk.Plugin, opts ...Option) *Host {
	t.Helper()
	h := newHost(t, opts)
	h.plugin = p
	if err := p.Err(); err != nil {
		t.Fatalf("describe plugin: %v", err)
	}
	p.Use(sdk.Environment{
		Transport: transport{h.setup.handler}, Now: h.Now, Dial: h.dial(wire.Dial),
		Log: slog.New(&listener{slog.NewTextHandler(&h.log, &slog.HandlerOptions{Level: slog.LevelDebug}), &h.missing}),
	})
	h.client = wire.NewClient(connect(t, p))
	h.introduce()
	return h
}

// newHost makes the host's side.
func newHost(t testing.TB, opts []Option) *Host {
	t.Helper()
	h := &Host{t: t, setup: setup{now: time.Now, zone: "Europe/Paris"}}
	for _, o := range opts {
		o(&h.setup)
	}
	t.Cleanup(h.untold)
	h.openServices()
	h.Session = h.newSession("test")
	return h
}

// introduce describes and configures a plugin that answers.
func (h *Host) introduce() {
	h.t.Helper()
	h.describe()
	for _, d := range h.Configure(h.setup.values) {
		h.t.Fatalf("configuration is refused: %s: %s %s", d.Path, d.Summary, d.Detail)
	}
}

// openServices makes the host's side of what the plugin may ask for.
func (h *Host) openServices() {
	h.t.Helper()
	h.fake = &fake{
		now: h.Now, zone: h.setup.zone, calls: map[string]sdk.CallInfo{}, values: map[valueKey]sdk.Value{}, visited: map[string]string{}, connect: h.setup.connect,
		answers: h.setup.answers, respond: h.setup.respond, secrets: h.setup.secrets,
	}
	for i, fact := range h.setup.facts {
		h.fake.memories = append(h.fake.memories, sdk.Memory{ID: "fact-" + strconv.Itoa(i+1), Text: fact, At: h.Now()})
	}
	access, stop, err := h.fake.serve()
	if err != nil {
		h.t.Fatalf("serve the host's services: %v", err)
	}
	access.Brokered = h.setup.connect != nil
	h.access = access
	h.t.Cleanup(stop)
}

// connect serves the plugin on a connection in memory.
func connect(t testing.TB, p *sdk.Plugin) *grpc.ClientConn {
	t.Helper()
	lis := bufconn.Listen(1 << 20)
	srv := wire.NewServer(nil)
	wire.Register(srv, p, nil)
	var served sync.WaitGroup
	served.Go(func() { _ = srv.Serve(lis) }) // ends with Stop
	conn, err := grpc.NewClient("passthrough:///plugin",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return lis.DialContext(ctx) }))
	if err != nil {
		t.Fatalf("connect to plugin: %v", err)
	}
	t.Cleanup(func() {
		_ = conn.Close()
		srv.Stop()
		served.Wait()
	})
	return conn
}

// describe fetches the manifest, compiles its sentences and tries the
// examples.
func (h *Host) describe() {
	h.t.Helper()
	ctx, cancel := h.context()
	defer cancel()
	m, err := h.client.Describe(ctx)
	if err != nil {
		h.t.Fatalf("describe plugin: %v", err)
	}
	h.declared = m
	matcher, err := sdk.Matcher(m)
	if err != nil {
		h.t.Fatalf("compile sentences: %v", err)
	}
	h.now.Store(&offer{m, matcher})
	for _, tool := range m.Tools {
		for _, s := range tool.Sentences {
			for _, e := range s.Examples {
				h.try(tool, s.Lang, e)
			}
		}
	}
}

// try checks one example of a tool.
func (h *Host) try(tool sdk.ToolSpec, lang string, e sdk.Example) {
	h.t.Helper()
	found := h.now.Load().matcher.Match(lang, e.Text)
	if len(found) == 0 || found[0].Intent != tool.Name {
		h.t.Errorf("tool %s: example %q (%s) does not match: got %+v", tool.Name, e.Text, lang, found)
		return
	}
	got, want := normal(h.t, found[0].Slots), normal(h.t, e.Args)
	if e.Args != nil && !reflect.DeepEqual(got, want) {
		h.t.Errorf("tool %s: example %q (%s) yields %v, expected %v", tool.Name, e.Text, lang, got, want)
	}
}

// normal is a value after a way through JSON, where 1 and 1.0 are the same.
func normal(t testing.TB, v any) any {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatalf("encode arguments: %v", err)
	}
	var out any
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatalf("decode arguments: %v", err)
	}
	return out
}

// Configure gives the plugin a new configuration and returns what it finds
// wrong with it; none means that it holds from now on.
func (h *Host) Configure(values any) []sdk.Diagnostic {
	h.t.Helper()
	return h.configure(values, false)
}

// Validate lets the plugin check a configuration that it does not take over.
func (h *Host) Validate(values any) []sdk.Diagnostic {
	h.t.Helper()
	return h.configure(values, true)
}

func (h *Host) configure(values any, only bool) []sdk.Diagnostic {
	h.t.Helper()
	raw := json.RawMessage("{}")
	if values != nil {
		var err error
		if raw, err = json.Marshal(values); err != nil {
			h.t.Fatalf("encode configuration: %v", err)
		}
	}
	h.fake.mu.Lock()
	h.fake.granted, h.fake.settings = h.granted(), raw
	h.fake.mu.Unlock()
	ctx, cancel := h.context()
	defer cancel()
	done, err := h.client.Configure(ctx, sdk.Configuration{
		Values: raw, ValidateOnly: only, HostVersion: "0.0.0-test", Granted: h.granted(), Host: h.access,
	})
	if err != nil {
		h.t.Fatalf("configure plugin: %v", err)
	}
	if !only && len(done.Diagnostics) == 0 {
		h.setup.values = values
		if done.Tools != nil {
			h.amend(sdk.Change{Tools: done.Tools})
		}
	}
	return done.Diagnostics
}

// amend takes over a change of the offer.
func (h *Host) amend(c sdk.Change) {
	h.t.Helper()
	h.amending.Lock()
	defer h.amending.Unlock()
	if reflect.DeepEqual(c, h.latest) {
		return
	}
	h.latest = c
	m, matcher, err := h.amended(c)
	if err != nil {
		h.t.Fatalf("compile the sentences of what the plugin offers now: %v", err)
	}
	h.now.Store(&offer{m, matcher})
}

// amended is the manifest after a change.
func (h *Host) amended(c sdk.Change) (*sdk.Manifest, *intent.Matcher, error) {
	m := *h.now.Load().manifest
	if c.Tools != nil {
		m.Tools = c.Tools
	}
	if c.Lists != nil {
		m.Vocabulary = slices.Clone(h.declared.Vocabulary)
	}
	for _, v := range c.Lists {
		for i := range m.Vocabulary {
			if m.Vocabulary[i].Lang == v.Lang {
				lists := maps.Clone(m.Vocabulary[i].Lists)
				maps.Copy(lists, v.Lists)
				m.Vocabulary[i].Lists = lists
			}
		}
	}
	matcher, err := sdk.Matcher(&m)
	return &m, matcher, err
}

// lang is the plugin's first language.
func (h *Host) lang() string {
	if langs := h.declared.Languages; len(langs) > 0 {
		return langs[0]
	}
	return "en"
}

func (h *Host) granted() []sdk.Need {
	return slices.DeleteFunc(slices.Clone(h.declared.Needs), func(n sdk.Need) bool {
		return slices.ContainsFunc(h.setup.denied, func(d sdk.Need) bool { return d.Kind == n.Kind && d.Scope == n.Scope })
	})
}

// Manifest is what the plugin said of itself, with what has changed in its
// offer since.
func (h *Host) Manifest() *sdk.Manifest {
	h.refresh()
	return h.now.Load().manifest
}

// Handler is the plugin behind the wire, for what the other methods can't do.
func (h *Host) Handler() sdk.Handler { return h.client }

// Log is what the plugin has logged so far, a line for each record.
func (h *Host) Log() string { return h.log.String() }

func (h *Host) context() (context.Context, context.CancelFunc) {
	return context.WithTimeout(h.t.Context(), patience)
}

func (h *Host) nextCall() string {
	return "call-" + strconv.FormatInt(h.calls.Add(1), 10)
}

// logBuffer keeps what is logged. Safe for concurrent use.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write implements [io.Writer].
func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

// String returns all that was written.
func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// transport answers requests from a handler.
type transport struct{ handler http.Handler }

// RoundTrip implements [http.RoundTripper].
func (t transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if t.handler == nil {
		return nil, fmt.Errorf("dial %s: the test has no network", req.URL.Host)
	}
	return answer(t.handler, req)
}
