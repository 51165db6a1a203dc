package memory

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jarvis-host/jarvis/host/memory/analysis"
	"github.com/jarvis-host/jarvis/host/memory/salience"
)

// Edit is what to change of a fact; nil leaves a thing as it is.
type Edit struct {
	Text    *string
	Pinned  *bool
	Expires *time.Time // the zero time is never
}

// Fact returns one fact of an owner, past ones too.
func (m *Memory) Fact(ctx context.Context, o Owner, id string) (*Fact, error) {
	facts, err := m.store.Facts(ctx, o, FactFilter{IDs: []string{id}, Past: true, Faded: true})
	if err != nil {
		return nil, err
	}
	if len(facts) == 0 {
		return nil, fmt.Errorf("%s: %w", id, ErrNotFound)
	}
	return &facts[0], nil
}

// Facts lists facts, the newest first.
func (m *Memory) Facts(ctx context.Context, o Owner, f FactFilter) ([]Fact, error) {
	return m.store.Facts(ctx, o, f)
}

// Episodes lists episodes in their order.
func (m *Memory) Episodes(ctx context.Context, o Owner, f EpisodeFilter) ([]Episode, error) {
	return m.store.Episodes(ctx, o, f)
}

// Owners lists who has a memory.
func (m *Memory) Owners(ctx context.Context) ([]Owner, error) { return m.store.Owners(ctx) }

// Counts says how much an owner's memory holds.
func (m *Memory) Counts(ctx context.Context, o Owner) (Counts, error) { return m.store.Counts(ctx, o) }

// Changes returns the newest entries of the log of changes.
func (m *Memory) Changes(ctx context.Context, o Owner, limit int) ([]Change, error) {
	return m.store.Changes(ctx, o, limit)
}

// Restore brings back what was forgotten softly.
func (m *Memory) Restore(ctx context.Context, o Owner, ids ...string) error {
	return m.store.Write(ctx, o, Batch{At: m.now(), Restore: ids})
}

// EditFact changes a fact and returns it.
func (m *Memory) EditFact(ctx context.Context, o Owner, id string, e Edit) (*Fact, error) {
	defer m.alone(o)()
	k, err := m.Fact(ctx, o, id)
	if err != nil {
		return nil, err
	}
	if e.Text != nil {
		text, err := m.clean(*e.Text)
		if err != nil {
			return nil, err
		}
		// What it came from said something else.
		k.Text, k.Object, k.Origin, k.Confidence, k.Sources = text, text, OriginExplicit, 1, nil
		k.Lang = analysis.Analyze(text, "").Lang
		k.Terms = factTerms(k)
	}
	if e.Pinned != nil {
		k.Pinned = *e.Pinned
	}
	if e.Expires != nil {
		k.Expires = *e.Expires
	}
	return k, m.store.Write(ctx, o, Batch{At: m.now(), Facts: []Fact{*k}})
}

// Statement is a fact that is given as a sentence.
type Statement struct {
	ID      string // made when empty
	Text    string
	Kind    Kind // KindFact when empty
	Origin  Origin
	Pinned  bool
	Expires time.Time // the zero time is never
}

// State keeps a fact that is given as a sentence, as a person or a plugin
// writes it outside of a conversation. One with an id that is there already and
// says the same is kept once; ErrExists where it says something else.
func (m *Memory) State(ctx context.Context, o Owner, s Statement) (*Fact, error) {
	text, err := m.clean(s.Text)
	if err != nil {
		return nil, err
	}
	defer m.alone(o)()
	if s.ID != "" {
		if k, err := m.Fact(ctx, o, s.ID); !errors.Is(err, ErrNotFound) {
			if err == nil && k.Text != text {
				err = fmt.Errorf("%s: %w", s.ID, ErrExists)
			}
			return k, err
		}
	}
	t := analysis.Analyze(text, "")
	feeling := salience.Feel(t)
	k := Fact{
		ID: cmp.Or(s.ID, newID("f")), Kind: cmp.Or(s.Kind, KindFact), Subject: Self, Predicate: "said", Object: text, Text: text,
		Lang: t.Lang, Terms: t.Terms(), Confidence: 1, Origin: s.Origin, From: m.now(), Expires: s.Expires, Pinned: s.Pinned,
		Importance: 1, Arousal: feeling.Arousal, Valence: feeling.Valence,
	}
	if s.Origin == OriginPlugin { // not said by the person
		k.Confidence, k.Importance = 0.7, salience.Importance(t)
	}
	k.Stability = salience.Stability(k.Importance, k.Arousal)
	return &k, m.store.Write(ctx, o, Batch{At: k.From, Facts: []Fact{k}})
}

// clean checks a text and takes secrets out of it.
func (m *Memory) clean(text string) (string, error) {
	if err := checkText(text); err != nil {
		return "", err
	}
	return m.scrub(strings.TrimSpace(text)), nil
}
