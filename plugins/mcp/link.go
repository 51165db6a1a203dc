package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/retry"
)

const (
	// The first connection of a program may take long: some download themselves.
	programPatience = 2 * time.Minute
	addressPatience = 10 * time.Second
)

// pauses are between the tries to reach a server; there is no last one.
var pauses = retry.Backoff{Tries: math.MaxInt, First: 500 * time.Millisecond, Most: time.Minute}

// repeats are how many calls are made once more: a server that fails all of them
// is asked a fifth more often than without it.
var repeats = retry.BudgetOptions{Reserve: 3}

// errConnecting is what is wrong before the first connection.
var errConnecting = errors.New("connecting to the server")

// link is one server, for as long as a configuration lasts.
type link struct {
	m    *mount
	name string
	set  Settings
	log  *slog.Logger

	cancel  context.CancelFunc
	done    chan struct{} // closed when nothing of it runs any more
	known   chan struct{} // closed when the first try to list its tools is over
	changed chan struct{} // holds one when the server says that its tools changed
	repeats *retry.Budget

	mu       sync.Mutex
	session  *mcp.ClientSession // nil: there is none now
	err      error              // why there is none
	moved    chan struct{}      // closed when the above have changed
	progress map[any]*sdk.Call  // calls that run, by their progress token
}

func open(m *mount, name string, s Settings) *link {
	ctx, cancel := context.WithCancel(context.Background())
	l := &link{
		m: m, name: name, set: s, log: m.plugin.Log().With("server", name), cancel: cancel,
		done: make(chan struct{}), known: make(chan struct{}), changed: make(chan struct{}, 1), repeats: retry.NewBudget(repeats),
		err: errConnecting, moved: make(chan struct{}), progress: map[any]*sdk.Call{},
	}
	go l.run(ctx)
	return l
}

// close ends the server and waits until it has.
func (l *link) close() {
	l.cancel()
	<-l.done
}

// run keeps a session with the server. A program that ended is not started
// again here: that is the host's to do.
func (l *link) run(ctx context.Context) {
	defer close(l.done)
	known := sync.OnceFunc(func() { close(l.known) })
	defer known()
	for try := 1; ; try++ {
		worked, err := l.serve(ctx, known)
		if ctx.Err() != nil {
			return
		}
		l.move(nil, err)
		known()
		l.log.Warn("server lost", "error", err)
		if l.set.Command != "" {
			if l.m.ended != nil {
				l.m.ended(err)
			}
			return
		}
		if worked {
			try = 1
		}
		pause, _ := pauses.Pause(try)
		if retry.Wait(ctx, pause) != nil {
			return
		}
	}
}

// serve is one session with the server; worked tells whether it got as far as
// its tools. The error says how it ended.
func (l *link) serve(ctx context.Context, known func()) (worked bool, err error) {
	var transport mcp.Transport
	within := addressPatience
	if l.set.Command != "" {
		p, failed := run(l.set, l.log)
		if failed != nil {
			return false, failed
		}
		defer func() {
			p.close()
			if ctx.Err() == nil && p.err != nil {
				err = fmt.Errorf("server ended: %w", p.err)
			}
		}()
		transport, within = p.transport(), programPatience
	} else {
		transport = reach(l.m.plugin, l.set)
	}
	session, err := l.connect(ctx, transport, within)
	if err != nil {
		return false, fmt.Errorf("connect: %w", err)
	}
	defer func() { _ = session.Close() }()
	if err := l.list(ctx, session); err != nil {
		return false, err
	}
	l.move(session, nil)
	known()
	return true, l.follow(ctx, session)
}

func (l *link) connect(ctx context.Context, t mcp.Transport, within time.Duration) (*mcp.ClientSession, error) {
	ctx, cancel := context.WithCancel(ctx)
	late := time.AfterFunc(within, cancel)
	defer late.Stop()
	client := mcp.NewClient(&mcp.Implementation{Name: "jarvis", Title: "Jarvis", Version: Version}, &mcp.ClientOptions{
		Capabilities: &mcp.ClientCapabilities{},
		ToolListChangedHandler: func(context.Context, *mcp.ToolListChangedRequest) {
			select {
			case l.changed <- struct{}{}:
			default:
			}
		},
		ProgressNotificationHandler: l.progressed,
	})
	session, err := client.Connect(ctx, t, nil)
	if err != nil {
		cancel()
		return nil, err //nolint:wrapcheck // the caller says what failed
	}
	go func() { // the context is the connection's too
		_ = session.Wait()
		cancel()
	}()
	return session, nil
}

// follow keeps the offer as the server's until the session ends.
func (l *link) follow(ctx context.Context, session *mcp.ClientSession) error {
	ended := make(chan error, 1)
	go func() { ended <- session.Wait() }()
	again := time.NewTicker(relist)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-ended:
			if err == nil {
				err = mcp.ErrConnectionClosed
			}
			return err
		case <-l.changed:
		case <-again.C:
		}
		if err := l.list(ctx, session); err != nil {
			return err
		}
	}
}

// list puts the server's tools on offer. One that can't be is left out, and the
// log says why.
func (l *link) list(ctx context.Context, session *mcp.ClientSession) error {
	ctx, cancel := context.WithTimeout(ctx, addressPatience)
	defer cancel()
	var listed []*mcp.Tool
	for t, err := range session.Tools(ctx, nil) {
		if err != nil {
			return fmt.Errorf("list tools: %w", err)
		}
		if len(listed) == maxTools {
			l.log.Warn("server has too many tools, the rest is left out", "most", maxTools)
			break
		}
		if t != nil && l.set.offers(t.Name) {
			listed = append(listed, t)
		}
	}
	byName(listed)
	if err := l.m.plugin.SetTools(l.offer(listed)...); err != nil {
		return fmt.Errorf("offer tools: %w", err)
	}
	return nil
}

func (l *link) offer(listed []*mcp.Tool) (tools []sdk.DynamicTool) {
	for _, t := range listed {
		spec, err := described(l.name, t, l.set)
		if err != nil {
			l.log.Warn("tool left out", "tool", words(t.Name, maxName), "error", err)
			continue
		}
		again := spec.Effect == sdk.EffectReadOnly || spec.Idempotent
		tools = append(tools, sdk.DynamicTool{Spec: spec, Run: func(ctx context.Context, c *sdk.Call, args json.RawMessage) (sdk.Result, error) {
			return l.call(ctx, c, t.Name, args, again)
		}})
	}
	distinct(tools)
	for i := range tools {
		if s := &tools[i].Spec; s.Confirm.When != sdk.ConfirmNever {
			s.Confirm.Text = l.questions(s.Name)
		}
	}
	return tools
}

// state is the session of now, or why there is none, and what says that this
// has changed.
func (l *link) state() (*mcp.ClientSession, <-chan struct{}, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.session, l.moved, l.err
}

func (l *link) move(s *mcp.ClientSession, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.session, l.err = s, err
	close(l.moved)
	l.moved = make(chan struct{})
}
