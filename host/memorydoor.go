package host

import (
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/jarvis-host/jarvis/host/gateway"
	"github.com/jarvis-host/jarvis/host/memory"
	"github.com/jarvis-host/jarvis/host/memory/talk"
	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/session"
)

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
