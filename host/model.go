package host

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/jarvis-host/jarvis/host/config"
	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/llm/ollama"
	"github.com/jarvis-host/jarvis/host/telemetry"
)

// newRouter makes the way to models that the configuration names.
func newRouter(c *config.Config) (*llm.Router, error) {
	o := c.LLM.Ollama
	p, err := ollama.New(ollama.Config{URL: o.URL, NumCtx: o.NumCtx, KeepAlive: o.KeepAlive})
	if err != nil {
		return nil, fmt.Errorf("%w: llm.ollama: %w", ErrConfig, err)
	}
	limits := llm.DefaultLimits()
	limits.FirstToken, limits.BetweenTokens, limits.Answer = o.FirstToken, o.BetweenTokens, o.Total
	return llm.NewRouter([]llm.Route{{Provider: llm.NewGuard(p, limits), Model: o.Model}}, llm.RouterOptions{}), nil
}

// model is the router with its figures.
type model struct {
	*llm.Router
	metrics *telemetry.Metrics
}

// Stream implements agent.Model.
func (m *model) Stream(ctx context.Context, r llm.Request) iter.Seq2[llm.Event, error] {
	return func(yield func(llm.Event, error) bool) {
		began := time.Now()
		defer func() { m.metrics.Generated(time.Since(began)) }()
		m.Router.Stream(ctx, r)(yield)
	}
}

// name is the model that answers now, or nothing.
func (m *model) name() string {
	h, ok := m.Ready()
	if !ok {
		return ""
	}
	return h.Model
}
