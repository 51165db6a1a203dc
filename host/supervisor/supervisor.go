package supervisor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/launch"
)

// stopMargin is what Stop keeps of its deadline for plugins that do not exit
// when asked.
const stopMargin = 1500 * time.Millisecond

// stopGrace is how long running calls may take at a Stop without a deadline.
const stopGrace = 8 * time.Second

// process is what a keeper needs of a [launch.Process].
type process interface {
	Handler() sdk.Handler
	PID() int
	Lost() <-chan struct{}
	Done() <-chan struct{}
	Exit() launch.Exit
	Stderr() []string
	Footprint() launch.Footprint
	Stop(ctx context.Context, grace time.Duration) (int, error)
	Kill()
}

// launcher starts a process; tests of the state machine have their own.
type launcher func(ctx context.Context, spec launch.Spec) (process, error)

func launchProcess(ctx context.Context, spec launch.Spec) (process, error) {
	p, err := launch.Start(ctx, spec)
	if err != nil {
		return nil, err
	}
	return p, nil
}

// Supervisor runs all plugins of a host. Its methods may be called
// concurrently; Start and Stop once each.
type Supervisor struct {
	opts    Options
	timing  timing
	launch  launcher
	store   store
	records records
	keepers map[string]*keeper

	mu     sync.Mutex
	cancel context.CancelFunc // ends all keepers; nil before Start

	changes atomic.Uint64 // of what is on offer
	telling sync.Mutex
	heard   uint64 // how many of them OnChange has seen
}

// New returns a supervisor that runs nothing yet.
func New(opts Options) *Supervisor {
	opts = opts.complete()
	dir := filepath.Join(opts.DataDir, pluginsFolder)
	s := &Supervisor{
		opts: opts, timing: defaultTiming(), launch: launchProcess,
		store: store{dir, opts.Clock}, records: records{filepath.Join(dir, recordsFolder)}, keepers: map[string]*keeper{},
	}
	for _, c := range opts.Plugins {
		s.keepers[c.ID] = newKeeper(s, c)
	}
	return s
}

// Start ends what an earlier host left running and starts all plugins in
// parallel. It returns when each is ready or has failed its first try, or after
// five seconds; a plugin that fails is no error. The context bounds Start, not
// the plugins.
func (s *Supervisor) Start(ctx context.Context) error {
	if err := s.prepare(); err != nil {
		return fmt.Errorf("start plugins: %w", err)
	}
	run, cancel := context.WithCancel(context.WithoutCancel(ctx))
	s.mu.Lock()
	s.cancel = cancel
	s.mu.Unlock()
	for _, k := range s.keepers {
		go k.run(run)
	}
	wait, stop := context.WithTimeout(ctx, s.timing.start)
	defer stop()
	for _, k := range s.keepers {
		k.waitSettled(wait)
	}
	return ctx.Err()
}

func (s *Supervisor) prepare() error {
	if err := s.opts.check(); err != nil {
		return err
	}
	if err := os.MkdirAll(s.store.dir, 0o700); err != nil {
		return fmt.Errorf("make plugin folder: %w", err)
	}
	// A leftover that can't be ended or removed must not keep the host from
	// starting; its record stays for the next time.
	_ = s.records.clear()
	_ = s.store.prune(s.opts.Clock())
	return nil
}

// Stop drains all plugins in parallel and ends them. When ctx ends they are
// killed; no process is left in any case.
func (s *Supervisor) Stop(ctx context.Context) error {
	s.mu.Lock()
	cancel := s.cancel
	s.mu.Unlock()
	if cancel == nil {
		return nil
	}
	defer cancel()
	grace := stopGrace
	if at, ok := ctx.Deadline(); ok {
		grace = max(0, time.Until(at)-stopMargin)
	}
	for _, k := range s.keepers {
		k.leave(grace)
	}
	abandon := context.AfterFunc(ctx, cancel)
	defer abandon()
	for _, k := range s.keepers {
		<-k.done
	}
	return nil
}

// List returns the status of every plugin, by name.
func (s *Supervisor) List() []Status {
	out := make([]Status, 0, len(s.keepers))
	for _, id := range slices.Sorted(maps.Keys(s.keepers)) {
		out = append(out, s.keepers[id].snapshot())
	}
	return out
}

// Ready returns the manifests of the plugins that answer or are about to again,
// by name, each with the tools that are on offer with its configuration. The
// manifests must not be changed.
func (s *Supervisor) Ready() []*sdk.Manifest {
	var out []*sdk.Manifest
	for _, id := range slices.Sorted(maps.Keys(s.keepers)) {
		if m := s.keepers[id].offer(); m != nil {
			out = append(out, m)
		}
	}
	return out
}

// Enable starts a plugin that was disabled and waits until it is ready or its
// first try failed. One that is on already is left alone.
func (s *Supervisor) Enable(ctx context.Context, id string) error {
	return s.command(ctx, id, enable)
}

// Disable lets a plugin's running calls finish for a second and ends it.
func (s *Supervisor) Disable(ctx context.Context, id string) error {
	return s.command(ctx, id, disable)
}

// Restart ends a plugin like Disable and starts it afresh: past crashes are
// forgotten, a quarantine or block is lifted. It waits like Enable. A disabled
// plugin is refused.
func (s *Supervisor) Restart(ctx context.Context, id string) error {
	return s.command(ctx, id, restart)
}

func (s *Supervisor) command(ctx context.Context, id string, v verb) error {
	k, err := s.find(id)
	if err != nil {
		return err
	}
	return k.do(ctx, v)
}

func (s *Supervisor) find(id string) (*keeper, error) {
	if k, ok := s.keepers[id]; ok {
		return k, nil
	}
	return nil, failure(sdk.CodeNotFound, fmt.Errorf("there is no plugin %q", id))
}

// failure is an error without a text for the person: the caller words it by its
// code.
func failure(code sdk.Code, err error) error { return &sdk.Error{Code: code, Err: err} }

// told says that what is on offer has changed, and returns when that is taken
// over: by a call of its own, or by one for a later change that began since.
func (s *Supervisor) told() {
	change := s.changes.Add(1)
	s.telling.Lock()
	defer s.telling.Unlock()
	if s.heard >= change {
		return
	}
	s.heard = s.changes.Load()
	s.opts.OnChange()
}

var errStopped = errors.New("the host is stopping")
