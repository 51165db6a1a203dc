package memory

import (
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
	var out []Doubt
	for i := range facts {
		for j := i + 1; j < len(facts); j++ {
			newer, older := &entry{&facts[i], objectKey(&facts[i])}, &entry{&facts[j], objectKey(&facts[j])}
			if newer.From.Before(older.From) {
				newer, older = older, newer
			}
			if contradict(newer, older) {
				out = append(out, Doubt{*older.Fact, *newer.Fact})
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Doubt) int { return b.Newer.From.Compare(a.Newer.From) })
	return out, nil
}

func contradict(a, b *entry) bool {
	return family(a.Subject, a.Predicate) == family(b.Subject, b.Predicate) && displaces(a, b) &&
		(a.Predicate != b.Predicate || a.object != b.object) && a.holds() && b.holds() && a.Confidence >= surely && b.Confidence >= surely
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
