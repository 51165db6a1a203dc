package host

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/memory"
	"github.com/jarvis-host/jarvis/host/telemetry"
)

// Bounds of one slice of messages that a model reads for memory.
const (
	readTokens = 1500
	readTime   = 3 * time.Minute
)

// reader implements memory.Reader with the models of the configuration. Its
// owner pays.
type reader struct {
	model *model
	user  string
}

// Read implements memory.Reader.
func (r reader) Read(ctx context.Context, system, text string, schema json.RawMessage) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	var b strings.Builder
	cold := 0.0
	request := llm.Request{
		Messages:    []llm.Message{{Role: llm.System, Content: system}, {Role: llm.User, Content: text}},
		Format:      schema,
		Temperature: &cold, MaxTokens: readTokens, RequestID: telemetry.NewRequestID(), User: r.user,
	}
	for ev, err := range r.model.Stream(ctx, request) {
		if err != nil {
			return "", err
		}
		if d, ok := ev.(llm.Delta); ok {
			b.WriteString(d.Text)
		}
	}
	return b.String(), nil
}

// absorb lets a model, if one answers, read what an owner said since the last
// time.
func (h *Host) absorb(ctx context.Context, o memory.Owner) {
	if !h.cfg.Memory.ReadWithModel || h.model.name() == "" {
		return
	}
	_, err := h.memory.Absorb(ctx, o, reader{h.model, o.User()})
	if ctx.Err() != nil {
		return // somebody talks: the rest is read later
	}
	h.metrics.MemoryOperation("absorb", err)
	if err != nil {
		h.log.Warn("memory not read by a model", telemetry.KeyUser, o.User(), telemetry.KeyError, err)
	}
}
