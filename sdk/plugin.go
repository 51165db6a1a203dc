package sdk

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/jarvis-host/jarvis/sdk/intent"
)

// Version is the version of this SDK.
const Version = "0.1.0"

// Plugin is what an author builds: a declaration of tools, sentences, texts,
// needs and configuration, and at the same time the [Handler] that serves
// them. Declare everything first, then hand it to serve.Main or to
// plugintest.New; from then on it is safe for concurrent use.
type Plugin struct {
	manifest Manifest
	tools    []*tool
	texts    catalog
	config   *configuration
	healthy  func(context.Context) error
	figures  []*Figure
	errs     []error
	refused  []string // names of tools whose declaration is among errs
	env      Environment

	onSchedule func(context.Context, *Call, Due) error
	onNotice   func(context.Context, *Call, Acknowledged) error

	ready  func() error // what Err says, found once
	client func() *http.Client
	calls  inFlight
	grants grants
	gate   gate
	link   link
	offer  offer
}

// Environment is what a plugin takes from the process around it. The zero
// value is the real one; the test kit sets its own.
type Environment struct {
	// Transport is below Call.HTTP; nil is a pooled transport. An *http.Transport
	// without a DialContext gets one that connects only where a granted host may
	// lead.
	Transport http.RoundTripper
	Log       *slog.Logger     // nil is slog.Default
	Now       func() time.Time // nil is time.Now
	// Dial reaches the host's services; nil: there are none. What it returns is
	// closed, if it can be, when the host names another place.
	Dial func(HostAccess) (Services, error)
}

var (
	_ Handler      = (*Plugin)(nil)
	_ EventHandler = (*Plugin)(nil)
	_ Watcher      = (*Plugin)(nil)
	_ Meter        = (*Plugin)(nil)
)

// New returns a plugin without any tools. The id is [a-z][a-z0-9_]{0,63} and
// unique in a host; the version is the plugin's own; the description is one
// sentence for operators.
func New(id, version, description string) *Plugin {
	p := &Plugin{manifest: Manifest{ID: id, Version: version, Description: description, SDK: "go/" + Version}}
	p.texts = catalog{}
	p.client = sync.OnceValue(p.newClient)
	p.gate.grants, p.gate.now = &p.grants, p.now
	p.ready = sync.OnceValue(func() error {
		if err := p.Err(); err != nil {
			return &Error{Code: CodeInternal, Err: fmt.Errorf("declare plugin: %w", err)}
		}
		return nil
	})
	if !name.MatchString(id) {
		p.fail("plugin id %q: expected a lower-case letter, then at most 63 of a-z, 0-9 and _", id)
	}
	if version == "" {
		p.fail("plugin %s: version is empty, expected one such as 1.0.0", id)
	}
	return p
}

// Rename gives the plugin another id: for programs that run several times in one
// host, each with a configuration of its own. serve.Main does it where the host
// asks for it.
func (p *Plugin) Rename(id string) *Plugin {
	if !name.MatchString(id) {
		p.fail("plugin id %q: expected a lower-case letter, then at most 63 of a-z, 0-9 and _", id)
	}
	p.manifest.ID = id
	return p
}

// InstanceVariable is the environment variable in which a host names the id of
// an instance to a program that may run several times.
const InstanceVariable = "JARVIS_PLUGIN_ID"

// name is what ids of plugins and names of tools look like.
var name = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)

// Needs declares what the plugin wants from the outside. For the kind net the
// scope is "host:port", or "config:/pointer" for the host in that string of
// the configuration, which alone may lead into the operator's own network, as a
// name; for secret it is the name, for memory read or write; kv,
// schedule, notify, session and llm have none. The reason is for the operator who
// decides.
func (p *Plugin) Needs(kind, scope, reason string) *Plugin {
	if err := checkNeed(kind, scope); err != nil {
		p.fail("need %s %s: %w", kind, scope, err)
	}
	p.manifest.Needs = append(p.manifest.Needs, Need{Kind: kind, Scope: scope, Reason: reason})
	return p
}

func checkNeed(kind, scope string) error {
	if !name.MatchString(kind) {
		return fmt.Errorf("kind is %q, expected one such as net, secret, kv, schedule", kind)
	}
	switch kind {
	case NeedKV, NeedSchedule, NeedNotify, NeedSession, NeedLLM:
		if scope != "" {
			return fmt.Errorf("scope is %q, expected none", scope)
		}
	case NeedMemory:
		if scope != "read" && scope != "write" {
			return fmt.Errorf("scope is %q, expected read or write", scope)
		}
	case NeedSecret:
		if !name.MatchString(scope) {
			return fmt.Errorf("scope is %q, expected the name of a secret", scope)
		}
	}
	if kind != NeedNet || strings.HasPrefix(scope, configScope) {
		return nil
	}
	host, port, err := net.SplitHostPort(scope)
	if err != nil || host == "" || port == "" {
		return errors.New("scope of a net need: expected host:port or config:/pointer")
	}
	if _, err := url.Parse("https://" + scope); err != nil {
		return fmt.Errorf("scope of a net need: %w", err)
	}
	return nil
}

// Languages says which languages the plugin's answers come in. The first one
// stands in for a language that it does not know.
func (p *Plugin) Languages(langs ...string) *Plugin {
	p.manifest.Languages = append(p.manifest.Languages, langs...)
	return p
}

// DynamicTools says that the plugin has tools beside those that it declares, which
// nobody knows before it runs: see [Plugin.SetTools]. An operator may grant any
// name then.
func (p *Plugin) DynamicTools() *Plugin {
	p.manifest.Features = append(p.manifest.Features, FeatureDynamicTools)
	return p
}

// MinHost names the lowest host version that the plugin runs on.
func (p *Plugin) MinHost(version string) *Plugin {
	p.manifest.MinHost = version
	return p
}

// Vocabulary declares what the sentences of a language share: expansion rules
// for <name> and lists for {name}.
func (p *Plugin) Vocabulary(lang string, rules map[string]string, lists map[string]intent.List) *Plugin {
	p.manifest.Vocabulary = append(p.manifest.Vocabulary, Vocabulary{Lang: lang, Rules: rules, Lists: lists})
	return p
}

// Texts adds what the plugin says in one language, by key, for Call.T. Names
// in braces are filled in: "{count} letters left".
func (p *Plugin) Texts(lang string, texts map[string]string) *Plugin {
	if err := p.texts.add(lang, texts); err != nil {
		p.fail("texts: %w", err)
	}
	return p
}

// TextsFS adds the texts of every file that the pattern matches, each a JSON
// object named for its language: texts/fr.json. Objects inside of it make
// dotted keys.
func (p *Plugin) TextsFS(files fs.FS, pattern string) *Plugin {
	err := eachFile(files, pattern, func(file string, data []byte) error {
		return p.texts.addJSON(strings.TrimSuffix(path.Base(file), path.Ext(file)), data)
	})
	if err != nil {
		p.fail("texts: %w", err)
	}
	return p
}

// eachFile calls f with every file that matches; none is an error.
func eachFile(files fs.FS, pattern string, f func(file string, data []byte) error) error {
	found, err := fs.Glob(files, pattern)
	if err != nil {
		return fmt.Errorf("find %s: %w", pattern, err)
	}
	if len(found) == 0 {
		return fmt.Errorf("find %s: no such file", pattern)
	}
	for _, file := range found {
		data, err := fs.ReadFile(files, file)
		if err != nil {
			return fmt.Errorf("read %s: %w", file, err)
		}
		if err := f(file, data); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
	}
	return nil
}

// HealthCheck adds a deep check: an error of f makes the plugin unhealthy,
// with its text for the operator.
func (p *Plugin) HealthCheck(f func(ctx context.Context) error) *Plugin {
	p.healthy = f
	return p
}

// Use replaces what the plugin takes from the process around it; nil members
// leave what was. For tests, and for mains with needs of their own.
func (p *Plugin) Use(e Environment) *Plugin {
	if e.Transport != nil {
		p.env.Transport = e.Transport
	}
	if e.Log != nil {
		p.env.Log = e.Log
	}
	if e.Now != nil {
		p.env.Now = e.Now
	}
	if e.Dial != nil {
		p.env.Dial = e.Dial
	}
	return p
}

// Log returns the plugin's logger, for what no call led to; in a call use
// Call.Log. The host adds the plugin's name.
func (p *Plugin) Log() *slog.Logger {
	if p.env.Log != nil {
		return p.env.Log
	}
	return slog.Default()
}

func (p *Plugin) now() time.Time {
	if p.env.Now != nil {
		return p.env.Now()
	}
	return time.Now()
}

// Err returns everything that is wrong with the declaration, or nil. The
// other methods refuse to work while there is something.
func (p *Plugin) Err() error {
	errs := slices.Clone(p.errs)
	errs = append(errs, p.texts.missing()...)
	if len(errs) == 0 {
		if _, err := Grammar(p.declared()); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (p *Plugin) fail(format string, args ...any) {
	p.errs = append(p.errs, fmt.Errorf(format, args...))
}

// Describe implements [Handler].
func (p *Plugin) Describe(context.Context) (*Manifest, error) {
	if err := p.ready(); err != nil {
		return nil, err
	}
	return p.declared(), nil
}

// declared is the manifest as it was declared so far.
func (p *Plugin) declared() *Manifest {
	m := p.manifest
	for _, t := range p.tools {
		m.Tools = append(m.Tools, t.spec)
	}
	if p.config != nil {
		m.ConfigSchema = p.config.schema.raw
	}
	return &m
}

// Health implements [Handler]. A plugin is unhealthy while its author's check says
// so, and while a service that it asks over HTTP keeps failing.
func (p *Plugin) Health(ctx context.Context) (Health, error) {
	running, draining := p.calls.now()
	h := Health{OK: !draining, InFlight: running}
	if draining {
		h.Message = "draining"
		return h, nil
	}
	if err := errors.Join(p.check(ctx), p.gate.silent()); err != nil {
		h.OK, h.Message = false, err.Error()
	}
	return h, nil
}

// check runs the author's deep check; a panic there is bad health.
func (p *Plugin) check(ctx context.Context) (err error) {
	if p.healthy == nil {
		return nil
	}
	defer func() {
		if v := recover(); v != nil {
			p.Log().Error("panic in health check", "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
			err = fmt.Errorf("check health: panic: %v", v)
		}
	}()
	return p.healthy(ctx)
}

// Drain implements [Handler].
func (p *Plugin) Drain(ctx context.Context, grace time.Duration) (unfinished int, err error) {
	idle := p.calls.drain()
	timer := time.NewTimer(grace)
	defer timer.Stop()
	select {
	case <-idle:
	case <-timer.C:
	case <-ctx.Done():
		err = ctx.Err()
	}
	unfinished, _ = p.calls.now()
	return unfinished, err
}

// inFlight counts the calls whose author's code still runs.
type inFlight struct {
	mu       sync.Mutex
	running  int
	draining bool
	idle     chan struct{} // closed when draining and none is left
}

// enter counts a call, unless no new ones are taken.
func (f *inFlight) enter() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.draining {
		return false
	}
	f.running++
	return true
}

func (f *inFlight) leave() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.running--
	if f.draining && f.running == 0 {
		close(f.idle)
	}
}

func (f *inFlight) now() (running int, draining bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.running, f.draining
}

func (f *inFlight) drain() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.draining {
		f.draining = true
		f.idle = make(chan struct{})
		if f.running == 0 {
			close(f.idle)
		}
	}
	return f.idle
}
