package memory

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jarvis-host/jarvis/host/memory/analysis"
	"github.com/jarvis-host/jarvis/host/memory/extract"
	"github.com/jarvis-host/jarvis/host/memory/salience"
)

// learn returns the facts that episodes add or change. Only what a person said
// teaches: not what a model, a tool or a plugin did.
func (m *Memory) learn(ctx context.Context, o Owner, episodes []Episode) ([]Fact, error) {
	var l *ledger
	for i := range episodes {
		e := &episodes[i]
		if e.Role != RoleUser || e.Flags&(FlagTool|FlagRecalled|FlagPlugin) != 0 {
			continue
		}
		for _, f := range extract.Facts(e.Text, e.Lang) {
			if l == nil {
				known, err := m.store.Facts(ctx, o, FactFilter{})
				if err != nil {
					return nil, err
				}
				l = newLedger(known)
			}
			if f.Explicit {
				e.Importance = 1
			}
			if f.Ends {
				l.end(f, e)
			} else {
				l.add(factFrom(f, e))
			}
		}
	}
	if l == nil {
		return nil, nil
	}
	return l.changes(), nil
}

// factFrom makes a fact of what a rule found in an episode.
func factFrom(f extract.Found, e *Episode) Fact {
	p := extract.Predicates()[f.Predicate]
	k := Fact{
		ID: newID("f"), Kind: Kind(p.Kind), Subject: subject(e), Predicate: predicate(f), Object: f.Object, Text: f.Text, Lang: e.Lang,
		Confidence: f.Confidence, Origin: OriginRule, Sensitivity: p.Sensitivity, From: e.At,
		Importance: p.Importance, Arousal: e.Arousal, Valence: e.Valence,
		Sources: []Span{{Episode: e.ID, Start: f.Start, End: f.End, Quote: e.Text[f.Start:f.End], At: e.At}},
	}
	if f.Explicit {
		k.Origin, k.Importance = OriginExplicit, 1
	}
	k.Stability = salience.Stability(k.Importance, k.Arousal)
	k.Terms = factTerms(&k)
	return k
}

// subject is whom an episode's speaker speaks of as "I".
func subject(e *Episode) string {
	if e.Speaker == "" {
		return Self
	}
	return e.Speaker
}

// predicate names what is known, with what qualifies it.
func predicate(f extract.Found) string {
	if f.Qualifier == "" {
		return f.Predicate
	}
	return f.Predicate + ":" + analysis.Fold(f.Qualifier)
}

// factTerms are the stems that find a fact: of its sentence, and of the words
// that it was said with.
func factTerms(k *Fact) []string {
	terms := analysis.Terms(k.Text, k.Lang)
	for _, s := range k.Sources {
		for _, t := range analysis.Terms(s.Quote, k.Lang) {
			if !slices.Contains(terms, t) {
				terms = append(terms, t)
			}
		}
	}
	return terms
}

// ledger is what is known, with what a run of episodes changes in it.
type ledger struct {
	known map[string][]*entry // by subject and family of predicates
	dirty []*Fact
	seen  map[*Fact]bool // among dirty
}

// entry is a known fact with what it is compared by.
type entry struct {
	*Fact
	object string
}

// family is what facts have in common that may stand in each other's way.
func family(subject, predicate string) string {
	if predicate == "dislikes" {
		predicate = "likes"
	}
	return subject + "\x00" + predicate
}

func newLedger(known []Fact) *ledger {
	l := &ledger{known: map[string][]*entry{}, seen: map[*Fact]bool{}}
	for i := range known {
		l.enter(&known[i])
	}
	return l
}

func (l *ledger) enter(k *Fact) {
	f := family(k.Subject, k.Predicate)
	l.known[f] = append(l.known[f], &entry{k, objectKey(k)})
}

func (l *ledger) touch(k *Fact) {
	if !l.seen[k] {
		l.seen[k] = true
		l.dirty = append(l.dirty, k)
	}
}

func (l *ledger) changes() []Fact {
	out := make([]Fact, len(l.dirty))
	for i, k := range l.dirty {
		out[i] = *k
	}
	return out
}

// add takes a new fact in: it confirms one that is known, takes the place of
// another value of what has one only, and closes its opposite, where that is clear.
func (l *ledger) add(k Fact) {
	added := &entry{&k, objectKey(&k)}
	kin := l.known[family(k.Subject, k.Predicate)]
	for _, old := range kin {
		if old.holds() && old.Predicate == k.Predicate && old.object == added.object {
			confirm(old.Fact, &k)
			l.touch(old.Fact)
			return
		}
	}
	for _, old := range kin {
		if !old.holds() || !displaces(added, old) || !clearly(added, old) {
			continue // both are kept, and the person is asked: see Doubts
		}
		if old.From.After(k.From) {
			added.To, added.SupersededBy = old.From, old.ID // told late: it is history already
			continue
		}
		old.To, old.SupersededBy = k.From, k.ID
		l.touch(old.Fact)
	}
	l.enter(added.Fact)
	l.touch(added.Fact)
}

// end closes what holds no longer.
func (l *ledger) end(f extract.Found, e *Episode) {
	gone := objectKey(&Fact{Object: f.Object, Lang: e.Lang})
	for _, old := range l.known[family(subject(e), f.Predicate)] {
		if old.holds() && old.Predicate == f.Predicate && !old.From.After(e.At) && (f.Object == "" || old.object == gone) {
			old.To = e.At
			l.touch(old.Fact)
		}
	}
}

// displaces says whether a new fact takes the place of a known one.
func displaces(k, old *entry) bool {
	if old.Predicate == k.Predicate {
		return isSingle(k.Predicate)
	}
	return old.object == k.object // likes and dislikes
}

func isSingle(predicate string) bool {
	name, _, _ := strings.Cut(predicate, ":")
	return extract.Predicates()[name].Single
}

// objectKey is the same for facts about the same thing.
func objectKey(k *Fact) string {
	terms := analysis.Terms(k.Object, k.Lang)
	if len(terms) == 0 {
		return analysis.Fold(k.Object)
	}
	slices.Sort(terms)
	return strings.Join(slices.Compact(terms), " ")
}

// confirm adds to a known fact that it was stated again.
func confirm(old, again *Fact) {
	old.Confidence = 1 - (1-old.Confidence)*(1-again.Confidence)
	old.Importance = max(old.Importance, again.Importance)
	if again.Origin == OriginExplicit {
		old.Origin = OriginExplicit
	}
	for _, s := range again.Sources {
		if !slices.ContainsFunc(old.Sources, func(p Span) bool { return p.Episode == s.Episode && p.Start == s.Start }) {
			old.Sources = append(old.Sources, s)
		}
	}
	old.Terms = factTerms(old)
}

// patternSessions is in how many sessions a preference makes a pattern.
const patternSessions = 3

// latestSource is when a fact was stated last.
func latestSource(k *Fact) time.Time {
	at := k.From
	for _, s := range k.Sources {
		at = latest(at, s.At)
	}
	return at
}
