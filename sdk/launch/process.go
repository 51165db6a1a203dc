package launch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"

	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/wire"
)

const (
	// healthTimeout bounds the first health call.
	healthTimeout = 2 * time.Second
	// exitGrace is how long a plugin that was asked to exit may take.
	exitGrace = time.Second
)

// Process is a running plugin. One goroutine waits for its end and cleans up.
// All methods may be called concurrently.
type Process struct {
	child   *child
	client  *plugin.Client
	conn    connection
	handler *wire.Client
	lost    chan struct{}
	done    chan struct{}
	detach  context.CancelFunc
	ask     sync.Once
}

// StartError is why a process that ran did not become a plugin.
type StartError struct {
	Err  error
	Exit Exit // how it ended; a process that had to be killed says so
}

// Error implements error.
func (e *StartError) Error() string { return "start plugin: " + e.Err.Error() }

// Unwrap returns the reason.
func (e *StartError) Unwrap() error { return e.Err }

// Start runs a plugin and returns when it has answered a health call. When it
// fails, or ctx ends first, nothing of the plugin is left.
func Start(ctx context.Context, spec Spec) (*Process, error) {
	spec, err := spec.complete()
	if err != nil {
		return nil, fmt.Errorf("start plugin: %w", err)
	}
	home, err := privateDir(spec.SocketDir)
	if err != nil {
		return nil, fmt.Errorf("start plugin: %w", err)
	}
	p := &Process{child: newChild(spec, home), lost: make(chan struct{}), done: make(chan struct{})}
	p.client = plugin.NewClient(p.config(spec))
	ctx, cancel := context.WithTimeout(ctx, spec.StartTimeout)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = p.child.Kill(ctx) })
	err = p.connect(ctx)
	stop()
	if err != nil {
		p.child.giveUp()
		p.cleanUp()
		return nil, &StartError{Err: p.explain(ctx, err), Exit: p.child.result()}
	}
	go p.cleanUp()
	return p, nil
}

func (p *Process) config(spec Spec) *plugin.ClientConfig {
	return &plugin.ClientConfig{
		HandshakeConfig:  wire.Handshake,
		VersionedPlugins: wire.PluginSet(nil, nil),
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		RunnerFunc:       p.child.adopt,
		SkipHostEnv:      true,
		AutoMTLS:         !spec.NoTLS,
		// go-plugin's own reading of log lines panics on members of the wrong
		// type; with its logger off it passes them on unread.
		Logger:           hclog.New(&hclog.LoggerOptions{Level: hclog.Off}),
		Stderr:           p.child.logs.stream(false),
		SyncStdout:       p.child.logs.stream(true),
		SyncStderr:       p.child.logs.stream(false),
		StartTimeout:     spec.StartTimeout + time.Second, // ours comes first
		UnixSocketConfig: &plugin.UnixSocketConfig{TempDir: p.child.home},
		GRPCDialOptions:  p.conn.options(),
	}
}

// connect does all that must work before a plugin counts as running. It may
// block where go-plugin does; killing the process sets it free.
func (p *Process) connect(ctx context.Context) error {
	client, err := p.client.Client()
	if err != nil {
		return err
	}
	raw, err := client.Dispense(wire.PluginName)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrHandshake, err)
	}
	handler, ok := raw.(*wire.Client)
	if !ok {
		return fmt.Errorf("%w: unexpected client %T", ErrHandshake, raw)
	}
	p.handler = handler
	hctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	if _, err := handler.Health(hctx); err != nil {
		return fmt.Errorf("%w: %w", ErrUnhealthy, err)
	}
	p.attach(ctx)
	return nil
}

// attach opens the stream that ends when either side does. A plugin that has
// none is noticed by its exit alone.
func (p *Process) attach(ctx context.Context) {
	actx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	p.detach = cancel
	stop := context.AfterFunc(ctx, cancel)
	gone, err := p.handler.Attach(actx, p.child.spec.Changed)
	if !stop() || err != nil {
		gone = nil
	}
	go func() {
		defer close(p.lost)
		select {
		case <-gone:
		case <-p.child.ended:
		}
	}()
}

// cleanUp waits for the process's end and removes what go-plugin and the
// process leave. Every step is bounded because the process is gone.
func (p *Process) cleanUp() {
	defer close(p.done)
	<-p.child.ended
	if p.detach != nil {
		p.detach()
	}
	p.client.Kill()
	p.conn.close()
	p.child.logs.close()
	_ = os.RemoveAll(p.child.home)
}

// explain finds the reason that helps most among those of a failed start.
func (p *Process) explain(ctx context.Context, err error) error {
	if said := p.child.said; said != nil && said.problem() != nil {
		return said.problem()
	}
	if errors.Is(err, ErrExec) {
		return err
	}
	if cause := ctx.Err(); cause != nil {
		if errors.Is(cause, context.DeadlineExceeded) {
			return fmt.Errorf("%w (%v)", ErrStartTimeout, p.child.spec.StartTimeout)
		}
		return cause
	}
	if exit, own := p.child.endedItself(); own {
		return fmt.Errorf("%w: %s", ErrEnded, exit.describe())
	}
	return err
}

// Handler returns the plugin's contract. Calls on it end with an error when
// the process does.
func (p *Process) Handler() sdk.Handler { return p.handler }

// PID is the process of the plugin itself, not of its shim.
func (p *Process) PID() int { return p.child.pid() }

// Lost is closed within milliseconds of the plugin's death: when its end of
// the connection is gone. Exit may not be known yet.
func (p *Process) Lost() <-chan struct{} { return p.lost }

// Done is closed when the process has ended and nothing of it is left.
func (p *Process) Done() <-chan struct{} { return p.done }

// Exit says what ended the process; it is meaningful after Done.
func (p *Process) Exit() Exit { return p.child.result() }

// Stderr returns the last lines that the plugin wrote to its standard error.
func (p *Process) Stderr() []string { return p.child.logs.last() }

// Footprint is what a later host needs to clear up, should this one be killed.
func (p *Process) Footprint() Footprint { return p.child.footprint() }

// Stop lets running calls finish for at most grace, asks the plugin to exit and
// kills it if it does not. It returns how many calls were cut off; when ctx
// ends the plugin is killed at once.
func (p *Process) Stop(ctx context.Context, grace time.Duration) (unfinished int, err error) {
	dctx, cancel := context.WithTimeout(ctx, grace+exitGrace/2)
	defer cancel()
	if grace > 0 {
		if unfinished, err = p.handler.Drain(dctx, grace); err == nil && unfinished == 0 {
			p.handler.Settle(dctx)
		}
	}
	p.ask.Do(func() { go p.conn.shutdown() })
	late := time.NewTimer(exitGrace)
	defer late.Stop()
	select {
	case <-p.done:
	case <-late.C:
	case <-ctx.Done():
	}
	p.Kill()
	if err != nil {
		return unfinished, fmt.Errorf("drain plugin: %w", err)
	}
	return unfinished, nil
}

// Kill ends the plugin's whole group and returns when nothing is left, or in
// the rare case that the operating system holds a process back, soon after.
func (p *Process) Kill() {
	_ = p.child.Kill(context.Background())
	late := time.NewTimer(shimGrace + exitGrace)
	defer late.Stop()
	select {
	case <-p.done:
	case <-late.C:
	}
}
