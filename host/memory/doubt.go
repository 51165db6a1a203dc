package memory

import (
	"cmp"
	"context"
	"slices"
)

// Doubt is a contradiction that nobody has settled: both facts are kept, though
// only one of them can hold. A person who corrects themselves leaves none, for the
// newer value then takes the older one's place.
type Doubt struct{ Older, Newer Fact }

// unsure is how confident a fact stays that a person was asked about and did not
// confirm. One below surely is in no doubt any more: it is asked about once.
const (
	unsure = 0.45
	surely = 0.5
)

// clearly says whether a new fact may take the place of a known one without anybody
// being asked: what a model read between the lines does not stand against what was
// said outright, nor anything but the person's own words against what they pinned.
func clearly(k, old *entry) bool {
	switch {
	case old.Pinned:
		return k.Origin == OriginExplicit
	case k.Origin == OriginModel:
		return old.Origin == OriginModel
	default:
		return true
	}
}

// Doubts lists what is not settled, the latest first.
func (m *Memory) Doubts(ctx context.Context, o Owner) ([]Doubt, error) {
	facts, err := m.store.Facts(ctx, o, FactFilter{})
	if err != nil {
		return nil, err
	}
	facts = slices.DeleteFunc(facts, func(k Fact) bool { return k.Confidence < surely || !k.holds() })
	var out []Doubt
	for _, kin := range newLedger(facts).known {
		for i, newer := range kin {
			for _, older := range kin[i+1:] {
				if newer.From.Before(older.From) {
					newer, older = older, newer
				}
				if contradict(newer, older) {
					out = append(out, Doubt{*older.Fact, *newer.Fact})
				}
			}
		}
	}
	slices.SortFunc(out, func(a, b Doubt) int {
		return cmp.Or(b.Newer.From.Compare(a.Newer.From), cmp.Compare(a.Newer.ID, b.Newer.ID), cmp.Compare(a.Older.ID, b.Older.ID))
	})
	return out, nil
}

// contradict says whether only one of two facts of a family can hold.
func contradict(newer, older *entry) bool {
	return displaces(newer, older) && (newer.Predicate != older.Predicate || newer.object != older.object)
}

// Settle ends a doubt: keep is the id of the fact that holds, and the other becomes
// history; any other value keeps both, and they are asked about no more.
func (m *Memory) Settle(ctx context.Context, o Owner, d Doubt, keep string) error {
	defer m.alone(o)()
	facts, err := m.store.Facts(ctx, o, FactFilter{IDs: []string{d.Older.ID, d.Newer.ID}})
	if err != nil || len(facts) < 2 {
		return err // one of them is gone meanwhile: nothing is left to settle
	}
	now := m.now()
	kept, other := &facts[0], &facts[1]
	if other.ID == keep {
		kept, other = other, kept
	}
	if kept.ID == keep {
		kept.Confidence, other.To, other.SupersededBy, other.Pinned = 1, latest(now, other.From), kept.ID, false
	} else {
		for i := range facts {
			if facts[i].ID == d.Newer.ID {
				facts[i].Confidence = min(facts[i].Confidence, unsure)
			}
		}
	}
	return m.store.Write(ctx, o, Batch{At: now, Facts: facts})
}
