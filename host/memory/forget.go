package memory

import (
	"context"
	"slices"
	"time"

	"github.com/jarvis-host/jarvis/host/memory/analysis"
)

// Selection is what to forget. What is empty does not select.
type Selection struct {
	IDs      []string
	Session  string
	From, To time.Time // what was said from, until before
	About    string    // what is about this
}

// Selected is what a selection holds: what would be forgotten.
type Selected struct {
	Episodes []Episode
	Facts    []Fact
}

// IDs returns the ids of everything selected.
func (s *Selected) IDs() []string {
	var out []string
	for i := range s.Episodes {
		out = append(out, s.Episodes[i].ID)
	}
	for i := range s.Facts {
		out = append(out, s.Facts[i].ID)
	}
	return out
}

// Select returns what a selection holds, without changing anything. A fact
// brings the episodes that state it, which would tell it again, and an episode
// the facts that follow from nothing else.
func (m *Memory) Select(ctx context.Context, o Owner, s Selection) (*Selected, error) {
	out := &Selected{}
	var err error
	if s.Session != "" || !s.From.IsZero() || !s.To.IsZero() {
		filter := EpisodeFilter{Session: s.Session, From: s.From, To: s.To, Faded: true}
		if out.Episodes, err = m.store.Episodes(ctx, o, filter); err != nil {
			return nil, err
		}
	}
	ids := s.IDs
	if s.About != "" {
		about, err := m.about(ctx, o, s.About)
		if err != nil {
			return nil, err
		}
		if out.Episodes != nil || s.Session != "" || !s.From.IsZero() || !s.To.IsZero() { // both must hold
			out.Episodes = slices.DeleteFunc(out.Episodes, func(e Episode) bool { return !slices.Contains(about, e.ID) })
		} else {
			ids = append(slices.Clone(ids), about...)
		}
	}
	if len(ids) > 0 {
		if err := m.named(ctx, o, out, ids); err != nil {
			return nil, err
		}
	}
	return out, m.complete(ctx, o, out)
}

// named adds the items with ids.
func (m *Memory) named(ctx context.Context, o Owner, out *Selected, ids []string) error {
	facts, err := m.store.Facts(ctx, o, FactFilter{IDs: ids, Past: true, Faded: true})
	if err != nil {
		return err
	}
	out.Facts = append(out.Facts, facts...)
	wanted := slices.Clone(ids)
	for i := range facts {
		for _, s := range facts[i].Sources {
			wanted = append(wanted, s.Episode)
		}
	}
	episodes, err := m.store.Episodes(ctx, o, EpisodeFilter{IDs: wanted, Faded: true})
	if err != nil {
		return err
	}
	for _, e := range episodes {
		if !slices.ContainsFunc(out.Episodes, func(k Episode) bool { return k.ID == e.ID }) {
			out.Episodes = append(out.Episodes, e)
		}
	}
	return nil
}

// complete adds the facts that follow from nothing but what is selected.
func (m *Memory) complete(ctx context.Context, o Owner, out *Selected) error {
	if len(out.Episodes) == 0 {
		return nil
	}
	sources := make([]string, len(out.Episodes))
	for i := range out.Episodes {
		sources[i] = out.Episodes[i].ID
	}
	facts, err := m.store.Facts(ctx, o, FactFilter{Sources: sources, Past: true, Faded: true})
	if err != nil {
		return err
	}
	for _, k := range facts {
		elsewhere := slices.ContainsFunc(k.Sources, func(s Span) bool { return !slices.Contains(sources, s.Episode) })
		if !elsewhere && !slices.ContainsFunc(out.Facts, func(f Fact) bool { return f.ID == k.ID }) {
			out.Facts = append(out.Facts, k)
		}
	}
	return nil
}

// about returns the ids of what holds every word of a text that says something,
// in one language or the other.
func (m *Memory) about(ctx context.Context, o Owner, text string) ([]string, error) {
	_, groups := analysis.Groups(text, "")
	if len(groups) == 0 {
		return nil, nil
	}
	holds := func(terms []string) bool {
		for _, g := range groups {
			if !slices.ContainsFunc(g.Stems, func(s string) bool { return slices.Contains(terms, s) }) {
				return false
			}
		}
		return true
	}
	var ids []string
	facts, err := m.store.Facts(ctx, o, FactFilter{Past: true, Faded: true})
	if err != nil {
		return nil, err
	}
	for i := range facts {
		if holds(facts[i].Terms) {
			ids = append(ids, facts[i].ID)
		}
	}
	found, err := m.store.Search(ctx, o, Search{Terms: groups[0].Stems, Limit: maxAbout, Faded: true})
	if err != nil {
		return nil, err
	}
	for _, h := range found.Episodes {
		if holds(h.Terms) {
			ids = append(ids, h.ID)
		}
	}
	return ids, nil
}

// maxAbout is how many candidates a selection by words looks at.
const maxAbout = 5000

// Forget deletes items for good, with the episodes that state a fact and the
// facts that follow from an episode alone, and returns what went. No byte of
// them is left in the store.
func (m *Memory) Forget(ctx context.Context, o Owner, ids ...string) ([]string, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	defer m.alone(o)()
	s, err := m.Select(ctx, o, Selection{IDs: ids})
	if err != nil {
		return nil, err
	}
	return m.store.Delete(ctx, o, s.IDs()...)
}

// Erase deletes everything of an owner.
func (m *Memory) Erase(ctx context.Context, o Owner) error {
	defer m.alone(o)()
	return m.store.Erase(ctx, o)
}
