package memory

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jarvis-host/jarvis/host/memory/salience"
)

// Plan is what a consolidation does, or would do.
type Plan struct {
	Merged     []Merge  // facts that say the same
	Superseded []Change // facts whose place a newer one takes
	Patterns   []Fact   // preferences stated in three sessions or more
	Expired    []string // facts whose time is over: deleted
	Faded      []string // forgotten softly, for there is no room
	Purged     []string // deleted: faded long ago, or older than the retention
}

// Merge is one fact that takes in others.
type Merge struct {
	Kept  Fact
	Taken []Fact
}

// Empty says whether there is nothing to do.
func (p *Plan) Empty() bool {
	return len(p.Merged)+len(p.Superseded)+len(p.Patterns)+len(p.Expired)+len(p.Faded)+len(p.Purged) == 0
}

// String prints the plan, a line for each thing done.
func (p *Plan) String() string {
	var b strings.Builder
	for _, m := range p.Merged {
		for _, k := range m.Taken {
			fmt.Fprintf(&b, "merge      %s %q into %s %q\n", k.ID, k.Text, m.Kept.ID, m.Kept.Text)
		}
	}
	for _, c := range p.Superseded {
		fmt.Fprintf(&b, "supersede  %s %q\n", c.Item, c.Text)
	}
	for _, k := range p.Patterns {
		fmt.Fprintf(&b, "pattern    %s %q, stated %d times\n", k.ID, k.Text, len(k.Sources))
	}
	for _, id := range p.Expired {
		fmt.Fprintf(&b, "expire     %s\n", id)
	}
	for _, id := range p.Faded {
		fmt.Fprintf(&b, "fade       %s\n", id)
	}
	for _, id := range p.Purged {
		fmt.Fprintf(&b, "purge      %s\n", id)
	}
	return b.String()
}

// Consolidate merges what says the same, lets newer values take the place of
// older ones, sees patterns, and forgets what has no room or whose time is over.
// With dry, it only says what it would do. It can be cut short at any time and
// run again: each step is one transaction, and the rest is found anew.
func (m *Memory) Consolidate(ctx context.Context, o Owner, dry bool) (*Plan, error) {
	defer m.alone(o)()
	p, now := &Plan{}, m.now()
	facts, err := m.store.Facts(ctx, o, FactFilter{})
	if err != nil {
		return nil, err
	}
	facts = m.expire(p, facts, now)
	batch := Batch{At: now}
	batch.Facts = tidy(p, facts)
	if err := m.outdated(ctx, o, p, now); err != nil {
		return nil, err
	}
	if err := m.shrink(ctx, o, p, now); err != nil {
		return nil, err
	}
	batch.Fade = p.Faded
	if dry || p.Empty() {
		return p, nil
	}
	if err := m.store.Write(ctx, o, batch); err != nil {
		return nil, err
	}
	gone := slices.Concat(p.Expired, p.Purged)
	for _, g := range p.Merged {
		for i := range g.Taken {
			gone = append(gone, g.Taken[i].ID)
		}
	}
	if len(gone) > 0 {
		_, err = m.store.Delete(ctx, o, gone...)
	}
	return p, err
}

// expire takes out the facts whose time is over.
func (m *Memory) expire(p *Plan, facts []Fact, now time.Time) []Fact {
	return slices.DeleteFunc(facts, func(k Fact) bool {
		over := !k.Expires.IsZero() && !k.Expires.After(now)
		if over {
			p.Expired = append(p.Expired, k.ID)
		}
		return over
	})
}

// tidy merges, supersedes and sees patterns among current facts, and returns
// those that changed.
func tidy(p *Plan, facts []Fact) []Fact {
	groups := map[string][]*Fact{}
	var keys []string
	for i := range facts {
		key := facts[i].Subject + "\x00" + facts[i].Predicate
		if groups[key] == nil {
			keys = append(keys, key)
		}
		groups[key] = append(groups[key], &facts[i])
	}
	slices.Sort(keys)
	var changed []Fact
	for _, key := range keys {
		list := groups[key]
		slices.SortStableFunc(list, func(a, b *Fact) int { return a.From.Compare(b.From) }) // the oldest is kept
		list, touched := merge(p, list)
		for _, k := range supersede(p, list) {
			touched[k] = true
		}
		for _, k := range list {
			if k.Kind == KindPreference && k.SupersededBy == "" && k.Origin == OriginRule && sessions(k) >= patternSessions {
				k.Origin, k.Importance = OriginPattern, min(1, k.Importance+0.1)
				p.Patterns = append(p.Patterns, *k)
				touched[k] = true
			}
		}
		for _, k := range list {
			if touched[k] {
				changed = append(changed, *k)
			}
		}
	}
	return changed
}

// sessions counts on how many days a fact was stated: a day's talk is a session.
func sessions(k *Fact) int {
	days := map[string]bool{}
	for _, s := range k.Sources {
		days[s.At.Format(time.DateOnly)] = true
	}
	return len(days)
}

func merge(p *Plan, list []*Fact) (left []*Fact, touched map[*Fact]bool) {
	touched = map[*Fact]bool{}
	seen := map[string]*Fact{}
	for _, k := range list {
		key := objectKey(k)
		old := seen[key]
		if old == nil {
			seen[key] = k
			left = append(left, k)
			continue
		}
		confirm(old, k)
		touched[old] = true
		i := slices.IndexFunc(p.Merged, func(m Merge) bool { return m.Kept.ID == old.ID })
		if i < 0 {
			p.Merged = append(p.Merged, Merge{})
			i = len(p.Merged) - 1
		}
		p.Merged[i].Kept, p.Merged[i].Taken = *old, append(p.Merged[i].Taken, *k)
	}
	return left, touched
}

// supersede lets the newest value of what has one only take the others' place.
func supersede(p *Plan, list []*Fact) (changed []*Fact) {
	if len(list) < 2 || !isSingle(list[0].Predicate) {
		return nil
	}
	newest := slices.MaxFunc(list, func(a, b *Fact) int { return latestSource(a).Compare(latestSource(b)) })
	for _, k := range list {
		if k != newest {
			k.To, k.SupersededBy = newest.From, newest.ID
			p.Superseded = append(p.Superseded, Change{Item: k.ID, Action: ActionSuperseded, Text: k.Text})
			changed = append(changed, k)
		}
	}
	return changed
}

// outdated finds what is older than the retention, and what faded long ago.
func (m *Memory) outdated(ctx context.Context, o Owner, p *Plan, now time.Time) error {
	episodes, err := m.store.Episodes(ctx, o, EpisodeFilter{Faded: true})
	if err != nil {
		return err
	}
	for i := range episodes {
		e := &episodes[i]
		old := m.limits.Retention > 0 && now.Sub(e.At) > m.limits.Retention
		if old || !e.Faded.IsZero() && now.Sub(e.Faded) > m.limits.Faded {
			p.Purged = append(p.Purged, e.ID)
		}
	}
	facts, err := m.store.Facts(ctx, o, FactFilter{Past: true, Faded: true})
	if err != nil {
		return err
	}
	for i := range facts {
		if k := &facts[i]; !k.Faded.IsZero() && now.Sub(k.Faded) > m.limits.Faded {
			p.Purged = append(p.Purged, k.ID)
		}
	}
	return nil
}

// shrink fades what is worth least where there are more episodes than may be.
// What a current fact comes from stays.
func (m *Memory) shrink(ctx context.Context, o Owner, p *Plan, now time.Time) error {
	if m.limits.Episodes <= 0 {
		return nil
	}
	episodes, err := m.store.Episodes(ctx, o, EpisodeFilter{})
	if err != nil {
		return err
	}
	episodes = slices.DeleteFunc(episodes, func(e Episode) bool { return slices.Contains(p.Purged, e.ID) })
	over := len(episodes) - m.limits.Episodes
	if over <= 0 {
		return nil
	}
	facts, err := m.store.Facts(ctx, o, FactFilter{})
	if err != nil {
		return err
	}
	holds := map[string]bool{}
	for i := range facts {
		for _, s := range facts[i].Sources {
			holds[s.Episode] = true
		}
	}
	worth := make(map[string]float64, len(episodes))
	for i := range episodes {
		e := &episodes[i]
		worth[e.ID] = salience.Worth(salience.Item{
			Importance: e.Importance, Arousal: e.Arousal, Stability: e.Stability, At: latest(e.At, e.Recalled), Pinned: holds[e.ID],
		}, now)
	}
	slices.SortStableFunc(episodes, func(a, b Episode) int { return cmp.Compare(worth[a.ID], worth[b.ID]) })
	for i := range episodes[:over] {
		p.Faded = append(p.Faded, episodes[i].ID)
	}
	return nil
}
