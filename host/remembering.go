package host

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"github.com/jarvis-host/jarvis/host/agent"
	"github.com/jarvis-host/jarvis/host/config"
	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/memory"
	"github.com/jarvis-host/jarvis/host/memory/embedded"
	"github.com/jarvis-host/jarvis/host/memory/talk"
	"github.com/jarvis-host/jarvis/host/telemetry"
	"github.com/jarvis-host/jarvis/host/texts"
	"github.com/jarvis-host/jarvis/host/turn"
)

// openMemory opens what is remembered, if the configuration wants it.
func (h *Host) openMemory(c *config.Config, scrub func(string) string) error {
	if !c.Memory.Enabled {
		return nil
	}
	kept, err := embedded.Open(filepath.Join(c.DataDir, memoryDir))
	if err != nil {
		return err
	}
	h.health.Register("memory", false, kept.Check)
	store, err := h.indexed(c, kept)
	if err != nil {
		return errors.Join(err, kept.Close())
	}
	h.memory = memory.New(memoryOptions(c, store, scrub, h.embedder(c)))
	return nil
}

func memoryOptions(c *config.Config, store memory.Store, scrub func(string) string, e memory.Embedder) memory.Options {
	return memory.Options{
		Store: store, Scrub: scrub, Now: time.Now, Embedder: e,
		Limits: memory.Limits{Episodes: c.Memory.MaxEpisodes, Retention: c.Memory.Retention},
	}
}

// embedder makes vectors with the model that the configuration names; nil where
// it names none.
func (h *Host) embedder(c *config.Config) memory.Embedder {
	if name := embeddingName(c); name != "" {
		return embedder{h.model, name}
	}
	return nil
}

// embeddingName names the model that makes vectors; empty is none.
func embeddingName(c *config.Config) string {
	if c.LLM.Embedding.Model == "" {
		return ""
	}
	return c.LLM.Embedding.Provider + "/" + c.LLM.Embedding.Model
}

// embedder implements memory.Embedder.
type embedder struct {
	llm.Embedder
	name string
}

func (e embedder) Model() string { return e.name }

func (e embedder) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	q := llm.EmbedRequest{Texts: texts}
	if t, ok := ctx.Value(turnKey{}).(*turn.Turn); ok {
		q.RequestID, q.TraceParent = t.RequestID, t.TraceParent
	}
	got, err := e.Embedder.Embed(ctx, q)
	return got.Vectors, err
}

// note logs what only the operator can act on.
func (h *Host) note(_ context.Context, msg string, t *turn.Turn, detail string) {
	h.log.Warn(msg, telemetry.KeySession, t.Session, telemetry.KeyTurn, t.ID, telemetry.KeyRequestID, t.RequestID, telemetry.KeyError, detail)
}

// talk is what people say to their memory; nil where there is none.
func (h *Host) talk() *talk.Talk {
	return &talk.Talk{
		Memory: h.memory, Words: texts.Get, FormatDate: texts.FormatDate, FormatTime: texts.FormatTime, Now: time.Now,
		Log: h.note, Erase: h.redact, Counted: h.metrics.MemoryOperation,
	}
}

// redact takes what is forgotten out of the conversations too.
func (h *Host) redact(ctx context.Context, user string, turns, items []string) error {
	return h.sessions.Redact(ctx, user, turns, items)
}

// turnKey finds the turn for which something is looked up in its context.
type turnKey struct{}

// recaller implements agent.Memory.
type recaller struct{ h *Host }

func (r recaller) Recall(ctx context.Context, t *turn.Turn, budget int, own bool) (agent.Recalled, error) {
	got, err := talk.Recall(context.WithValue(ctx, turnKey{}, t), r.h.memory, t, budget, own)
	r.h.metrics.MemoryOperation("recall", err)
	return agent.Recalled(got), err
}

// keeping remembers what is said in the turns that next answers.
func (h *Host) keeping(next turn.Answerer) turn.Answerer {
	if h.memory == nil {
		return next
	}
	return &talk.Keeper{Next: next, Memory: h.memory, Log: h.note, Counted: h.metrics.MemoryOperation}
}

// quiet is how long nobody has talked when memories are worked on.
const quiet = time.Minute

// tidy works on memories while nobody talks: each is consolidated now and then,
// and what was said since is read and embedded where models do so.
func (h *Host) tidy(ctx context.Context) {
	if h.memory == nil {
		return
	}
	tick := time.NewTicker(quiet)
	defer tick.Stop()
	tidied := time.Now()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		every := h.cfg.Memory.Consolidate
		whole := every > 0 && time.Since(tidied) >= every
		if h.tidyAll(ctx, whole) && whole {
			tidied = time.Now()
		}
	}
}

// tidyAll works on every memory, and says whether it came to its end.
func (h *Host) tidyAll(ctx context.Context, whole bool) bool {
	ctx, done, ok := h.spare.take(ctx, quiet)
	if !ok {
		return false
	}
	defer done()
	owners, err := h.memory.Owners(ctx)
	if err != nil && ctx.Err() == nil {
		h.log.Warn("some memories not tidied up", telemetry.KeyError, err)
	}
	for _, o := range owners {
		if ctx.Err() != nil {
			return false // somebody talks: the rest is done later
		}
		h.tidyOne(ctx, o, whole)
	}
	return ctx.Err() == nil
}

func (h *Host) tidyOne(ctx context.Context, o memory.Owner, whole bool) {
	if whole {
		_, err := h.memory.Consolidate(ctx, o, false)
		h.metrics.MemoryOperation("consolidate", err)
		h.untidy(ctx, "memory not consolidated", o, err)
	}
	h.absorb(ctx, o)
	_, err := h.memory.Embed(ctx, o)
	h.untidy(ctx, "vectors of memories not made", o, err)
}

// untidy logs what went wrong, unless it was only put off.
func (h *Host) untidy(ctx context.Context, msg string, o memory.Owner, err error) {
	if err != nil && ctx.Err() == nil {
		h.log.Warn(msg, telemetry.KeyUser, o.User(), telemetry.KeyError, err)
	}
}
