package host

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/jarvis-host/jarvis/host/agent"
	"github.com/jarvis-host/jarvis/host/config"
	"github.com/jarvis-host/jarvis/host/gateway"
	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/memory"
	"github.com/jarvis-host/jarvis/host/memory/embedded"
	"github.com/jarvis-host/jarvis/host/memory/talk"
	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/session"
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

// remembered implements gateway.Memories.
type remembered struct{ h *Host }

// memories is what the gateway offers; nil where nothing is remembered.
func (h *Host) memories() gateway.Memories {
	if h.memory == nil {
		return nil
	}
	return &remembered{h}
}

// with runs do on the memory of who asks, counts it, and turns its errors into
// those of the edge.
func (r *remembered) with(operation string, who session.Identity, do func(*memory.Memory, memory.Owner) error) error {
	o, err := memory.OwnerOf(who.User)
	if err == nil {
		err = do(r.h.memory, o)
	}
	var counted error
	code := protocol.Code("")
	if err != nil {
		code = memoryCode(err)
		if code == protocol.Unavailable {
			counted = err
		}
	}
	r.h.metrics.MemoryOperation(operation, counted)
	if err == nil || errors.As(err, new(*protocol.Problem)) {
		return err
	}
	return &protocol.Problem{Code: code, Err: err}
}

func memoryCode(err error) protocol.Code {
	switch {
	case errors.Is(err, memory.ErrNotFound):
		return protocol.NotFound
	case errors.Is(err, memory.ErrExists):
		return protocol.Conflict
	case errors.Is(err, memory.ErrInvalid), errors.Is(err, memory.ErrArchive):
		return protocol.Invalid
	default:
		return protocol.Unavailable
	}
}

// Memories implements gateway.Memories.
func (r *remembered) Memories(ctx context.Context, who session.Identity, q gateway.MemoryQuery) (items []protocol.Memory, next string, err error) {
	err = r.with("list", who, func(m *memory.Memory, o memory.Owner) error {
		if q.Episodes {
			items, next, err = episodesAfter(ctx, m, o, q)
			return err
		}
		facts, err := m.Facts(ctx, o, memory.FactFilter{Past: q.Past})
		if err != nil {
			return err
		}
		if facts, next, err = factsAfter(facts, q); err != nil {
			return err
		}
		items, err = describeFacts(ctx, m, o, facts)
		return err
	})
	return items, next, err
}

// factsAfter is a page of facts: those behind the one that the cursor names.
func factsAfter(facts []memory.Fact, q gateway.MemoryQuery) ([]memory.Fact, string, error) {
	if q.After != "" {
		i := slices.IndexFunc(facts, func(k memory.Fact) bool { return k.ID == q.After })
		if i < 0 {
			return nil, "", protocol.BadValue("after", q.After, "next")
		}
		facts = facts[i+1:]
	}
	if len(facts) <= q.Limit {
		return facts, "", nil
	}
	return facts[:q.Limit], facts[q.Limit-1].ID, nil
}

func episodesAfter(ctx context.Context, m *memory.Memory, o memory.Owner, q gateway.MemoryQuery) (items []protocol.Memory, next string, err error) {
	var after int64
	if q.After != "" {
		if after, err = strconv.ParseInt(q.After, 10, 64); err != nil {
			return nil, "", protocol.BadValue("after", q.After, "next")
		}
	}
	episodes, err := m.Episodes(ctx, o, memory.EpisodeFilter{After: after, Limit: q.Limit + 1})
	if err != nil {
		return nil, "", err
	}
	if len(episodes) > q.Limit {
		episodes = episodes[:q.Limit]
		next = strconv.FormatInt(episodes[q.Limit-1].Seq, 10)
	}
	for i := range episodes {
		items = append(items, episodeItem(&episodes[i]))
	}
	return items, next, nil
}

// Memory implements gateway.Memories.
func (r *remembered) Memory(ctx context.Context, who session.Identity, id string) (item protocol.Memory, err error) {
	err = r.with("list", who, func(m *memory.Memory, o memory.Owner) error {
		item, err = describe(ctx, m, o, id)
		return err
	})
	return item, err
}

// describe finds a fact or an episode by its id.
func describe(ctx context.Context, m *memory.Memory, o memory.Owner, id string) (protocol.Memory, error) {
	k, err := m.Fact(ctx, o, id)
	if err == nil {
		items, err := describeFacts(ctx, m, o, []memory.Fact{*k})
		if err != nil {
			return protocol.Memory{}, err
		}
		return items[0], nil
	}
	if !errors.Is(err, memory.ErrNotFound) {
		return protocol.Memory{}, err
	}
	episodes, err := m.Episodes(ctx, o, memory.EpisodeFilter{IDs: []string{id}})
	if err != nil {
		return protocol.Memory{}, err
	}
	if len(episodes) == 0 {
		return protocol.Memory{}, memory.ErrNotFound
	}
	return episodeItem(&episodes[0]), nil
}

// AddMemory implements gateway.Memories.
func (r *remembered) AddMemory(ctx context.Context, who session.Identity, id string, n protocol.NewMemory) (item protocol.Memory, err error) {
	expires, err := expiry(n.Expires)
	if err != nil {
		return item, err
	}
	kind := memory.Kind(n.Kind)
	if n.Kind != "" && !slices.Contains(memory.Kinds(), kind) {
		return item, protocol.BadValue("kind", n.Kind, joined(memory.Kinds()))
	}
	err = r.with("remember", who, func(m *memory.Memory, o memory.Owner) error {
		k, err := m.State(ctx, o, memory.Statement{
			ID: id, Text: n.Text, Kind: kind, Origin: memory.OriginExplicit, Pinned: n.Pinned, Expires: expires,
		})
		if err == nil {
			item = factItem(k, nil)
		}
		return err
	})
	return item, err
}

// ChangeMemory implements gateway.Memories.
func (r *remembered) ChangeMemory(ctx context.Context, who session.Identity, id string, c protocol.MemoryChange) (item protocol.Memory, err error) {
	e := memory.Edit{Text: c.Text, Pinned: c.Pinned}
	if c.Expires != nil {
		at, err := expiry(*c.Expires)
		if err != nil {
			return item, err
		}
		e.Expires = &at
	}
	err = r.with("edit", who, func(m *memory.Memory, o memory.Owner) error {
		k, err := m.EditFact(ctx, o, id, e)
		if err != nil {
			return err
		}
		item, err = describe(ctx, m, o, k.ID)
		return err
	})
	return item, err
}

// expiry reads a time that is not there, or RFC 3339.
func expiry(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}, protocol.BadValue("expires", text, "RFC 3339")
	}
	return at, nil
}

// ForgetMemory implements gateway.Memories.
func (r *remembered) ForgetMemory(ctx context.Context, who session.Identity, id string) (gone []string, err error) {
	err = r.with("forget", who, func(m *memory.Memory, o memory.Owner) error {
		chosen, err := m.Select(ctx, o, memory.Selection{IDs: []string{id}})
		if err != nil {
			return err
		}
		if len(chosen.IDs()) == 0 {
			return memory.ErrNotFound
		}
		// Whoever asked may leave: half a forgetting helps nobody.
		gone, err = talk.Forget(context.WithoutCancel(ctx), m, o, chosen, r.h.redact)
		return err
	})
	return gone, err
}

// SearchMemories implements gateway.Memories.
func (r *remembered) SearchMemories(ctx context.Context, who session.Identity, q protocol.MemorySearch) (found protocol.MemoryFound, err error) {
	found.Items = []protocol.MemoryHit{}
	err = r.with("search", who, func(m *memory.Memory, o memory.Owner) error {
		answer, err := m.Find(ctx, o, memory.Question{Text: q.Query, Limit: q.Limit, Facts: q.Facts})
		if err != nil {
			return err
		}
		found.Coverage, found.Degraded = answer.Coverage, answer.Degraded
		for i := range answer.Results {
			found.Items = append(found.Items, hitOf(&answer.Results[i]))
		}
		return nil
	})
	return found, err
}

// ExportMemories implements gateway.Memories.
func (r *remembered) ExportMemories(ctx context.Context, who session.Identity, w io.Writer) error {
	return r.with("export", who, func(m *memory.Memory, o memory.Owner) error { return m.Export(ctx, o, w) })
}

// ImportMemories implements gateway.Memories.
func (r *remembered) ImportMemories(ctx context.Context, who session.Identity, in io.Reader, dry bool) (out protocol.MemoryImport, err error) {
	err = r.with("import", who, func(m *memory.Memory, o memory.Owner) error {
		got, err := m.Import(ctx, o, in, dry)
		if err != nil {
			return err
		}
		out = protocol.MemoryImport{DryRun: dry, Added: slices.Concat(got.Episodes, got.Facts), Present: got.Present}
		if out.Added == nil {
			out.Added = []string{}
		}
		return nil
	})
	return out, err
}
