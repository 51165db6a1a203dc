package host

import (
	"context"
	"strings"
	"time"

	"github.com/jarvis-host/jarvis/host/memory"
	"github.com/jarvis-host/jarvis/host/protocol"
)

// describeFacts puts facts in the shape of the protocol, with the turns that
// they come from.
func describeFacts(ctx context.Context, m *memory.Memory, o memory.Owner, facts []memory.Fact) ([]protocol.Memory, error) {
	var ids []string
	for i := range facts {
		for _, s := range facts[i].Sources {
			ids = append(ids, s.Episode)
		}
	}
	said := map[string]*memory.Episode{}
	if len(ids) > 0 {
		episodes, err := m.Episodes(ctx, o, memory.EpisodeFilter{IDs: ids, Faded: true})
		if err != nil {
			return nil, err
		}
		for i := range episodes {
			said[episodes[i].ID] = &episodes[i]
		}
	}
	items := make([]protocol.Memory, len(facts))
	for i := range facts {
		items[i] = factItem(&facts[i], said)
	}
	return items, nil
}

func factItem(k *memory.Fact, said map[string]*memory.Episode) protocol.Memory {
	item := protocol.Memory{
		ID: k.ID, Type: "fact", Text: k.Text, Lang: k.Lang, At: instant(k.From), Kind: string(k.Kind), Subject: k.Subject,
		Predicate: k.Predicate, Object: k.Object, Origin: string(k.Origin), Sensitivity: k.Sensitivity,
		Until: instant(k.To), SupersededBy: k.SupersededBy, Expires: instant(k.Expires), Pinned: k.Pinned,
		Confidence: k.Confidence, Importance: k.Importance, Arousal: k.Arousal, Valence: k.Valence,
		Stability: k.Stability, Recalls: k.Recalls,
	}
	for _, s := range k.Sources {
		source := protocol.MemorySource{Episode: s.Episode, Quote: s.Quote, At: instant(s.At)}
		if e := said[s.Episode]; e != nil {
			source.Session, source.Turn = e.Session, e.Turn
		}
		item.Sources = append(item.Sources, source)
	}
	return item
}

func episodeItem(e *memory.Episode) protocol.Memory {
	return protocol.Memory{
		ID: e.ID, Type: "episode", Text: e.Text, Lang: e.Lang, At: instant(e.At), Confidence: 1, Importance: e.Importance,
		Arousal: e.Arousal, Valence: e.Valence, Stability: e.Stability, Recalls: e.Recalls,
		Session: e.Session, Turn: e.Turn, Role: string(e.Role), Speaker: e.Speaker,
	}
}

func hitOf(r *memory.Result) protocol.MemoryHit {
	hit := protocol.MemoryHit{
		ID: r.ID, Type: "episode", Text: r.Text, Score: r.Score, At: instant(r.At), Session: r.Session, Speaker: r.Speaker,
		Parts: []protocol.MemoryPart{},
	}
	if r.Fact != nil {
		hit.Type = "fact"
	}
	for _, p := range r.Parts {
		hit.Parts = append(hit.Parts, protocol.MemoryPart(p))
	}
	return hit
}

// instant is a time as the protocol writes it; empty where there is none.
func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func joined(kinds []memory.Kind) string {
	words := make([]string, len(kinds))
	for i, k := range kinds {
		words[i] = string(k)
	}
	return strings.Join(words, ", ")
}
