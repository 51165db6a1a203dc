package llmtest

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"

	"github.com/jarvis-host/jarvis/host/llm"
)

// Provider is an llm.Provider that says what a function tells it to. It keeps
// every request. Safe for concurrent use if Answer and Found are; they are set
// before the first use.
type Provider struct {
	// ID is its name; "llmtest" when empty.
	ID string
	// Answer gives the events of an answer by calling yield, which returns false
	// when no more are wanted, and returns the error that ends it. It watches
	// ctx. When nil, the answer is what the end user said.
	Answer func(ctx context.Context, r llm.Request, yield func(llm.Event) bool) error
	// Found is what a probe finds; a nil one finds every model of [DefaultModels].
	Found func(context.Context) (llm.Info, error)

	mu       sync.Mutex
	requests []llm.Request
}

var _ llm.Provider = (*Provider)(nil)

// Name implements [llm.Provider].
func (p *Provider) Name() string {
	if p.ID == "" {
		return "llmtest"
	}
	return p.ID
}

// Requests returns the requests so far, the oldest first.
func (p *Provider) Requests() []llm.Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.requests)
}

// Stream implements [llm.Provider].
func (p *Provider) Stream(ctx context.Context, r llm.Request) iter.Seq2[llm.Event, error] {
	return func(yield func(llm.Event, error) bool) {
		p.mu.Lock()
		p.requests = append(p.requests, r)
		p.mu.Unlock()
		gone := false
		err := p.answer()(ctx, r, func(ev llm.Event) bool {
			gone = gone || !yield(ev, nil)
			return !gone
		})
		switch {
		case gone || err == nil:
		case ctx.Err() != nil:
			yield(nil, fmt.Errorf("ask %s: %w", p.Name(), context.Cause(ctx)))
		default:
			yield(nil, err)
		}
	}
}

func (p *Provider) answer() func(context.Context, llm.Request, func(llm.Event) bool) error {
	if p.Answer != nil {
		return p.Answer
	}
	return func(_ context.Context, r llm.Request, yield func(llm.Event) bool) error {
		for _, w := range Words((Request{Messages: r.Messages}).Text()) {
			if !yield(llm.Delta{Text: w}) {
				return nil
			}
		}
		yield(llm.Finish{Reason: llm.ReasonStop, Usage: llm.Usage{Model: r.Model}})
		return nil
	}
}

// Probe implements [llm.Provider].
func (p *Provider) Probe(ctx context.Context) (llm.Info, error) {
	if p.Found != nil {
		return p.Found(ctx)
	}
	var info llm.Info
	for _, m := range DefaultModels() {
		info.Models = append(info.Models, llm.ModelInfo{
			Name: m.Name, Capabilities: m.Capabilities, ContextLength: m.ContextLength,
		})
	}
	return info, nil
}
