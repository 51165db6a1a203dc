package supervisor

import (
	"context"
	"errors"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/launch"
)

// fakePlugin is a plugin without a process: what it does can be set while it
// runs, and it records what is done with it.
type fakePlugin struct {
	mu         sync.Mutex
	manifest   sdk.Manifest
	configured sdk.Configured
	startErr   error
	startHangs bool
	health     func(ctx context.Context) (sdk.Health, error)
	invoke     func(ctx context.Context, in *sdk.Invocation, yield func(sdk.Event, error) bool)

	starts []time.Time
	got    sdk.Configuration
	now    *fakeProcess
	calls  int
}

func newFake() *fakePlugin {
	return &fakePlugin{
		manifest: sdk.Manifest{ID: "fake", Version: "1.2.3", Tools: []sdk.ToolSpec{
			{Name: "read", Effect: sdk.EffectReadOnly},
			{Name: "write", Effect: sdk.EffectDestructive},
			{Name: "unsaid"},
			{Name: "put", Effect: sdk.EffectDestructive, Idempotent: true},
			{Name: "game", Effect: sdk.EffectAdditive, Stateful: true},
			{Name: "dialog", Effect: sdk.EffectAdditive, Stateful: true, OpenWorld: true},
			{Name: "single", Effect: sdk.EffectReadOnly, MaxParallel: 1},
		}},
		health: func(context.Context) (sdk.Health, error) { return sdk.Health{OK: true}, nil },
		invoke: func(_ context.Context, _ *sdk.Invocation, yield func(sdk.Event, error) bool) {
			yield(sdk.Result{Text: "done"}, nil)
		},
	}
}

// set changes the plugin under its lock.
func (f *fakePlugin) set(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
}

func (f *fakePlugin) current() *fakeProcess {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

// launch implements launcher.
func (f *fakePlugin) launch(ctx context.Context, _ launch.Spec) (process, error) {
	f.mu.Lock()
	f.starts = append(f.starts, time.Now())
	err, hangs := f.startErr, f.startHangs
	f.now = &fakeProcess{plugin: f, lost: make(chan struct{}), done: make(chan struct{}), pid: 1000 + len(f.starts)}
	p := f.now
	f.mu.Unlock()
	if hangs {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

type fakeProcess struct {
	plugin     *fakePlugin
	lost, done chan struct{}
	once       sync.Once
	pid        int
	drained    time.Duration
}

func (p *fakeProcess) Handler() sdk.Handler        { return p }
func (p *fakeProcess) PID() int                    { return p.pid }
func (p *fakeProcess) Lost() <-chan struct{}       { return p.lost }
func (p *fakeProcess) Done() <-chan struct{}       { return p.done }
func (p *fakeProcess) Exit() launch.Exit           { return launch.Exit{Code: 3, Stderr: p.Stderr()} }
func (p *fakeProcess) Stderr() []string            { return []string{"last words"} }
func (p *fakeProcess) Footprint() launch.Footprint { return launch.Footprint{} }
func (p *fakeProcess) Kill()                       { p.once.Do(func() { close(p.lost); close(p.done) }) }
func (p *fakeProcess) crash()                      { p.Kill() }
func (p *fakeProcess) error() error                { return failure(sdk.CodeUnavailable, errors.New("gone")) }

func (p *fakeProcess) gone(ctx context.Context) error {
	select {
	case <-p.lost:
		return p.error()
	default:
		return ctx.Err()
	}
}

func (p *fakeProcess) Stop(_ context.Context, grace time.Duration) (int, error) {
	p.drained = grace
	p.Kill()
	return 0, nil
}

func (p *fakeProcess) Describe(context.Context) (*sdk.Manifest, error) {
	p.plugin.mu.Lock()
	defer p.plugin.mu.Unlock()
	m := p.plugin.manifest
	return &m, nil
}

func (p *fakeProcess) Configure(_ context.Context, c sdk.Configuration) (*sdk.Configured, error) {
	p.plugin.mu.Lock()
	defer p.plugin.mu.Unlock()
	p.plugin.got = c
	done := p.plugin.configured
	return &done, nil
}

func (p *fakeProcess) Invoke(ctx context.Context, in *sdk.Invocation) iter.Seq2[sdk.Event, error] {
	return func(yield func(sdk.Event, error) bool) {
		p.plugin.mu.Lock()
		p.plugin.calls++
		invoke := p.plugin.invoke
		p.plugin.mu.Unlock()
		if err := p.gone(ctx); err != nil {
			yield(nil, err)
			return
		}
		invoke(ctx, in, yield)
	}
}

func (p *fakeProcess) Health(ctx context.Context) (sdk.Health, error) {
	if err := p.gone(ctx); err != nil {
		return sdk.Health{}, err
	}
	p.plugin.mu.Lock()
	health := p.plugin.health
	p.plugin.mu.Unlock()
	return health(ctx)
}

func (p *fakeProcess) Drain(context.Context, time.Duration) (int, error) { return 0, nil }

// bench is a supervisor of one fake plugin, with what it told.
type bench struct {
	*Supervisor
	*fakePlugin

	told    sync.Mutex
	states  []State
	changes int
	codes   []sdk.Code
}

// onBench runs a test on a fake clock, and stops the supervisor after it.
func onBench(t *testing.T, change func(*fakePlugin, *Config), test func(t *testing.T, b *bench)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := &bench{fakePlugin: newFake()}
		c := Config{ID: "fake", Path: someProgram(t), Enabled: true}
		if change != nil {
			change(b.fakePlugin, &c)
		}
		b.Supervisor = New(Options{
			Plugins: []Config{c}, DataDir: t.TempDir(), HostVersion: "1.4.0",
			Jitter:   func(d time.Duration) time.Duration { return d },
			OnChange: func() { b.told.Lock(); defer b.told.Unlock(); b.changes++ },
			Observe: Observe{
				State: func(_ string, s State, _ string) {
					b.told.Lock()
					defer b.told.Unlock()
					b.states = append(b.states, s)
				},
				Call: func(_, _ string, _ time.Duration, code sdk.Code) {
					b.told.Lock()
					defer b.told.Unlock()
					b.codes = append(b.codes, code)
				},
			},
		})
		b.Supervisor.launch = b.fakePlugin.launch
		if err := b.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		test(t, b)
		if err := b.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// someProgram is a file that passes for a program.
func someProgram(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(path, []byte("#!/bin/true"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func (b *bench) status() Status { return b.List()[0] }

// passed reports whether the plugin went through these states, in this order.
func (b *bench) passed(want ...State) bool {
	b.told.Lock()
	defer b.told.Unlock()
	for _, s := range b.states {
		if len(want) > 0 && s == want[0] {
			want = want[1:]
		}
	}
	return len(want) == 0
}

// answer makes one call.
func (b *bench) answer(ctx context.Context, tool string) ([]sdk.Event, error) {
	return collect(b.Invoke(ctx, "fake", &sdk.Invocation{Tool: tool}))
}

func collect(seq iter.Seq2[sdk.Event, error]) (events []sdk.Event, err error) {
	for ev, err := range seq {
		if err != nil {
			return events, err
		}
		events = append(events, ev)
	}
	return events, nil
}

func (b *bench) started() []time.Time {
	b.fakePlugin.mu.Lock()
	defer b.fakePlugin.mu.Unlock()
	return slices.Clone(b.starts)
}
