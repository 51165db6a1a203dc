package supervisor

import (
	"context"
	"errors"
	"sync"

	"github.com/jarvis-host/jarvis/sdk"
)

// How many calls of one plugin run and wait at a time.
const (
	maxParallel = 16
	maxQueued   = 64
)

var errBusy = errors.New("too many calls are waiting for the plugin")

// gate admits calls to one plugin: so many at a time, so many waiting, and no
// more. Safe for concurrent use.
type gate struct {
	places chan struct{} // running and waiting calls
	slots  chan struct{} // running calls

	mu    sync.Mutex
	tools map[string]chan struct{} // running calls of tools with a limit of their own
}

func newGate() *gate {
	return &gate{
		places: make(chan struct{}, maxParallel+maxQueued), slots: make(chan struct{}, maxParallel),
		tools: map[string]chan struct{}{},
	}
}

// running is how many calls have been let through and are not over.
func (g *gate) running() int { return len(g.slots) }

// enter waits for a turn. The caller must call leave once.
func (g *gate) enter(ctx context.Context, tool sdk.ToolSpec) (leave func(), err error) {
	select {
	case g.places <- struct{}{}:
	default:
		return nil, failure(sdk.CodeBusy, errBusy)
	}
	own := g.limit(tool)
	if own != nil && !take(ctx, own) {
		<-g.places
		return nil, stillWaiting(ctx)
	}
	if !take(ctx, g.slots) {
		if own != nil {
			<-own
		}
		<-g.places
		return nil, stillWaiting(ctx)
	}
	return func() {
		<-g.slots
		if own != nil {
			<-own
		}
		<-g.places
	}, nil
}

func take(ctx context.Context, slots chan struct{}) bool {
	select {
	case slots <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func stillWaiting(ctx context.Context) error {
	return failure(sdk.CodeBusy, errors.Join(errBusy, ctx.Err()))
}

// limit is the semaphore of a tool that allows fewer calls at a time than its
// plugin, or nil.
func (g *gate) limit(tool sdk.ToolSpec) chan struct{} {
	if tool.MaxParallel <= 0 || tool.MaxParallel >= maxParallel {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	c := g.tools[tool.Name]
	if cap(c) != tool.MaxParallel { // new, or the plugin changed its mind
		c = make(chan struct{}, tool.MaxParallel)
		g.tools[tool.Name] = c
	}
	return c
}
