package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/sys/unix"

	"github.com/jarvis-host/jarvis/host/agent"
	"github.com/jarvis-host/jarvis/host/auth"
	"github.com/jarvis-host/jarvis/host/config"
	"github.com/jarvis-host/jarvis/host/gateway"
	"github.com/jarvis-host/jarvis/host/health"
	"github.com/jarvis-host/jarvis/host/journal"
	"github.com/jarvis-host/jarvis/host/limit"
	"github.com/jarvis-host/jarvis/host/memory"
	"github.com/jarvis-host/jarvis/host/scrub"
	"github.com/jarvis-host/jarvis/host/session"
	"github.com/jarvis-host/jarvis/host/supervisor"
	"github.com/jarvis-host/jarvis/host/telemetry"
	"github.com/jarvis-host/jarvis/host/tool"
	"github.com/jarvis-host/jarvis/host/turn"
)

// Options are what the program knows and the configuration does not.
type Options struct {
	Version string
	Program string    // the running program's path: plugins are looked for beside it
	Log     io.Writer // where log lines go, unless the configuration names a file
	// Conceal is told of every secret, from any goroutine; it may be nil.
	Conceal func(secret string)
}

// Host is a whole assistant. It owns the goroutines of its rooms; Start starts
// them, Stop ends them.
type Host struct {
	o   Options
	cfg *config.Config
	log hclog.Logger

	// snapshot is what cfg was read from, or what was read since; reloading
	// guards it.
	snapshot  *config.Snapshot
	reloading sync.Mutex
	on        map[string]bool // the plugins that the configuration turns on; under reloading
	scrubber  *scrub.Scrubber
	logs      *logs

	journal     *journal.Journal
	pluginLines sync.Map // of *scrub.Lines, by the plugin that writes them
	prompts     *agent.Prompts

	accounts  *Accounts
	keyFile   string
	health    *health.Checks
	metrics   *telemetry.Metrics
	model     *model
	memory    *memory.Memory // nil: nothing is remembered
	spare     *spare
	plugins   *supervisor.Supervisor
	providers *providers
	catalogue *tool.Catalogue
	runner    *tool.Runner
	pluginHost
	detached    *detached
	clashes     clashes
	offering    atomic.Bool // plugins that come and go change what is on offer
	taking      sync.Mutex
	states      pluginStates
	answerer    turn.Answerer
	sessions    *session.Manager
	limits      *limit.Edge
	certificate *certificate
	gateway     *gateway.Server
	listener    net.Listener
	background  context.CancelFunc
	failed      chan error

	cleanups []cleanup
}

// cleanup undoes one step of New or Start.
type cleanup struct {
	name string
	do   func(ctx context.Context) error
}

// New makes a host; nothing runs yet and no port is open. What it took is given
// back when it fails.
func New(ctx context.Context, cfg *config.Snapshot, o Options) (_ *Host, err error) {
	c := cfg.Config()
	scrubber := scrub.New()
	sink, err := openLogs(c.Log, o.Log)
	if err != nil {
		return nil, err
	}
	h := &Host{
		o: o, cfg: c, snapshot: cfg, scrubber: scrubber, failed: make(chan error, 1), detached: newDetached(time.Now),
		logs: sink, log: telemetry.NewLogger(sink, c.Log.Format, c.Log.Level, scrubber),
	}
	h.clashes.warn = h.log.Warn
	h.onStop("log", sink.close)
	defer func() {
		if err != nil {
			err = errors.Join(err, h.clean(ctx))
		}
	}()
	for _, secret := range cfg.Secrets() {
		h.conceal(secret)
	}
	if err := h.openStore(ctx, cfg); err != nil {
		return nil, err
	}
	plugins, err := discover(c, o.Program)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	registry := prometheus.NewRegistry()
	h.metrics = telemetry.NewMetrics(registry, o.Version, names(plugins))
	sink.Lost(h.metrics.LogLost)
	h.health = health.New(health.Options{Clean: scrubber.Scrub, Observe: func(name string, err error, took time.Duration) {
		h.metrics.ServiceHealth(name, err == nil, took)
	}})
	h.watchServices()
	if h.model, err = newModel(c, h.accounts.db, h.metrics, h.log); err != nil {
		return nil, err
	}
	h.onStop("models", h.model.close)
	if err := h.openMemory(c, scrubber.Scrub); err != nil {
		return nil, err
	}
	if err := h.openJournal(); err != nil {
		return nil, err
	}
	if err := h.newServices(h.conceal); err != nil {
		return nil, err
	}
	h.newPlugins(plugins)
	h.on = enabled(plugins)
	registry.MustRegister(&pluginFigures{ask: h.plugins.Metrics})
	if h.certificate, err = newCertificate(c.Gateway.TLSCertFile, c.Gateway.TLSKeyFile, h.log); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	if err := h.newConversation(c); err != nil {
		return nil, err
	}
	h.newGateway(c, promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	return h, nil
}

// conceal keeps a secret out of all that is written from now on, for as long as
// the host runs: what it was replaced by does not make it harmless.
func (h *Host) conceal(secret string) {
	h.scrubber.Register(secret)
	if h.o.Conceal != nil {
		h.o.Conceal(secret)
	}
}

// openStore takes the data directory for this host alone, and makes its first
// operator when there is none.
func (h *Host) openStore(ctx context.Context, cfg *config.Snapshot) error {
	// Before the store: who is second must not bring another's file up to date.
	release, err := lockData(h.cfg.DataDir)
	if err != nil {
		return err
	}
	h.onStop("data directory", func(context.Context) error { return release() })
	accounts, err := OpenAccounts(ctx, cfg)
	if err != nil {
		return err
	}
	h.accounts = accounts
	h.onStop("store", func(context.Context) error { return accounts.Close() })
	mended, err := keepPrivate(h.cfg.DataDir)
	if err != nil {
		return err
	}
	for _, file := range mended {
		h.log.Warn("others could read a file of the data directory, now they can't", telemetry.KeyFile, file)
	}
	users, err := accounts.Users(ctx)
	if err != nil {
		return fmt.Errorf("read users: %w", err)
	}
	if len(users) == 0 && !loopback(h.cfg.Gateway.Listen) {
		return fmt.Errorf("%w: gateway.listen is %s, and this data directory has no operator yet: run `jarvis init` first, or listen on 127.0.0.1", ErrConfig, h.cfg.Gateway.Listen)
	}
	h.keyFile, _, err = auth.Bootstrap(ctx, accounts.Service, h.cfg.DataDir)
	return err
}

// loopback reports whether only this machine can reach a listening address.
func loopback(addr string) bool {
	name, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	ip := net.ParseIP(name)
	return name == "localhost" || ip != nil && ip.IsLoopback()
}

func names(plugins []supervisor.Config) []string {
	out := []string{tool.BuiltinPlugin}
	for _, p := range plugins {
		out = append(out, p.ID)
	}
	return out
}

func (h *Host) onStop(name string, do func(context.Context) error) {
	h.cleanups = append(h.cleanups, cleanup{name, do})
}

// clean undoes all steps, the last one first. Each gets its chance.
func (h *Host) clean(ctx context.Context) error {
	var problems []error
	for i := len(h.cleanups) - 1; i >= 0; i-- {
		c := h.cleanups[i]
		if err := c.do(ctx); err != nil {
			problems = append(problems, fmt.Errorf("stop %s: %w", c.name, err))
		}
	}
	h.cleanups = nil
	return errors.Join(problems...)
}

// Start recovers what an earlier run left open, starts plugins, and opens the
// port: when it returns nil, the host answers.
func (h *Host) Start(ctx context.Context) error {
	if err := h.sessions.Recover(ctx); err != nil {
		return fmt.Errorf("recover sessions: %w", err)
	}
	if err := h.runner.Receipts.Open(ctx); err != nil {
		return err
	}
	background, cancel := context.WithCancel(context.WithoutCancel(ctx))
	h.background = cancel
	h.onStop("background work", func(context.Context) error { cancel(); return nil })
	go h.health.Run(background)
	go h.tend(background)
	go h.tidy(background)
	go h.model.account.Run(background)
	h.onStop("plugins", h.stopPlugins)
	if err := h.plugins.Start(ctx); err != nil {
		return fmt.Errorf("start plugins: %w", err)
	}
	h.offering.Store(true)
	h.takeOver()
	served := make(chan struct{})
	go func() {
		defer close(served)
		h.runServices(background)
	}()
	h.onStop("schedules", func(context.Context) error { cancel(); <-served; return nil })
	h.greetModel(ctx)
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", h.cfg.Gateway.Listen)
	switch {
	case errors.Is(err, unix.EADDRINUSE):
		return fmt.Errorf("listen on gateway.listen: something listens on %s already; stop it, or choose another with --listen", h.cfg.Gateway.Listen)
	case err != nil:
		return fmt.Errorf("listen on gateway.listen: %w", err)
	}
	h.listener = l
	go func() {
		if err := h.gateway.Serve(l); err != nil && !errors.Is(err, http.ErrServerClosed) {
			h.failed <- fmt.Errorf("serve: %w", err)
		}
	}()
	h.onStop("gateway", h.gateway.Shutdown)
	h.onStop("sessions", h.drain)
	// What nobody waits for would only keep the port from being open.
	h.clashes.changed(h.catalogue.Matcher())
	if h.memory != nil {
		go memory.Load()
	}
	h.log.Info("host ready", telemetry.KeyAddr, h.Addr(), telemetry.KeyVersion, h.o.Version)
	return nil
}

// modelPatience is how long the start waits to learn whether a model answers.
const modelPatience = time.Second

// greetModel asks for the model once, so that the first page already knows.
func (h *Host) greetModel(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, modelPatience)
	defer cancel()
	h.model.Refresh(ctx)
}

// drain takes no new work and lets open turns end, for as long as the
// configuration gives them. It returns no earlier than whoever asks /ready has
// had the time to notice. ctx cuts it short.
func (h *Host) drain(ctx context.Context) error {
	h.health.Drain()
	noticed := time.NewTimer(h.cfg.Drain.Notice)
	defer noticed.Stop()
	open, cancel := context.WithTimeout(ctx, h.cfg.Drain.Deadline)
	defer cancel()
	h.gateway.Drain(h.cfg.Drain.Deadline)
	err := h.sessions.Drain(open)
	select {
	case <-noticed.C:
	case <-ctx.Done():
	}
	return err
}

// pluginPatience is how long plugins get to end. The turns are over by then:
// only a plugin that ignores its calls' end needs it.
const pluginPatience = 3 * time.Second

func (h *Host) stopPlugins(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pluginPatience)
	defer cancel()
	h.offering.Store(false)
	defer h.clashes.looking.Wait()
	return h.plugins.Stop(ctx)
}

// Stop drains the host and ends everything that runs. When ctx is cancelled it
// hurries: open turns are told that they were interrupted, plugins are killed.
func (h *Host) Stop(ctx context.Context) error {
	h.log.Info("host stopping")
	return h.clean(ctx)
}

// Failed yields the error that ended serving, if one does.
func (h *Host) Failed() <-chan error { return h.failed }

// Addr is the address that the host listens on.
func (h *Host) Addr() string { return h.listener.Addr().String() }

// URL is the host's own, by that address.
func (h *Host) URL() string {
	if h.certificate != nil {
		return "https://" + h.Addr()
	}
	return "http://" + h.Addr()
}

// OperatorKeyFile is where the first operator's key is.
func (h *Host) OperatorKeyFile() string {
	if abs, err := filepath.Abs(h.keyFile); err == nil {
		return abs
	}
	return h.keyFile
}

// SignInLink signs a browser in, once.
func (h *Host) SignInLink(ctx context.Context) (string, error) {
	u, err := h.accounts.FirstOperator(ctx)
	if err != nil {
		return "", fmt.Errorf("make sign-in link: %w", err)
	}
	ticket, err := h.accounts.SignInTicket(ctx, u.ID)
	if err != nil {
		return "", fmt.Errorf("make sign-in link: %w", err)
	}
	return h.URL() + "/signin?ticket=" + ticket, nil
}
