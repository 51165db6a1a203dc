package memorytest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/jarvis-host/jarvis/host/memory"
)

// Noon is the moment that the suite writes at.
var Noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// Run holds a store to its contract. open returns an empty one that ends with
// the test.
func Run(t *testing.T, open func(*testing.T) memory.Store) {
	for name, test := range map[string]func(*testing.T, memory.Store){
		"what is written is read back":                                   readsBack,
		"a taken id changes nothing":                                     takenID,
		"a search finds text and what stands next to it":                 findsContext,
		"neighbours stay within their session":                           neighbours,
		"deleting an episode takes it out of its neighbours":             deletes,
		"deleting an episode deletes what follows from nothing else":     deletesDerived,
		"what is forgotten softly is found no more, and can be restored": fades,
		"a profile is what always matters of the owner":                  profiles,
		"what only past facts come from is stale":                        marksStale,
		"superseded facts are past":                                      supersedes,
		"no owner sees another's":                                        isolates, // M10
		"an owner who never spoke has nothing":                           nothing,
		"the zero owner is refused":                                      zeroOwner,
		"many may use it at once":                                        concurrent,
		"what was erased is gone":                                        erases,
		"the log tells what was done":                                    logs,
	} {
		t.Run(name, func(t *testing.T) { test(t, open(t)) })
	}
}

// Owner returns the owner with an id.
func Owner(t testing.TB, user string) memory.Owner {
	t.Helper()
	o, err := memory.OwnerOf(user)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// Episode returns an episode whose terms are its words.
func Episode(id, session, text string) memory.Episode {
	return memory.Episode{
		ID: id, Session: session, Role: memory.RoleUser, Speaker: "Ana", Text: text, Lang: "en", At: Noon,
		Importance: .5, Arousal: .25, Valence: -.5, Flags: memory.FlagTool, Simhash: 1 << 63,
		Strength: memory.Strength{Stability: 3}, Terms: strings.Fields(strings.ToLower(text)),
	}
}

// Fact returns a fact that comes from episodes.
func Fact(id, text string, sources ...string) memory.Fact {
	k := memory.Fact{
		ID: id, Kind: memory.KindPreference, Subject: memory.Self, Predicate: "likes", Object: text, Text: text, Lang: "en",
		Confidence: .9, Origin: memory.OriginRule, From: Noon, Importance: .7, Terms: strings.Fields(strings.ToLower(text)),
	}
	for _, e := range sources {
		k.Sources = append(k.Sources, memory.Span{Episode: e, Start: 1, End: 4, Quote: text, At: Noon})
	}
	return k
}

func write(t testing.TB, s memory.Store, o memory.Owner, b memory.Batch) {
	t.Helper()
	b.At = Noon
	if err := s.Write(t.Context(), o, b); err != nil {
		t.Fatal(err)
	}
}

func found(t testing.TB, s memory.Store, o memory.Owner, q memory.Search) []string {
	t.Helper()
	f, err := s.Search(t.Context(), o, q)
	if err != nil {
		t.Fatal(err)
	}
	ids := []string{}
	for _, h := range f.Episodes {
		ids = append(ids, h.ID)
	}
	slices.Sort(ids)
	return ids
}

func same(t testing.TB, want, got any, opts ...cmp.Option) {
	t.Helper()
	if diff := cmp.Diff(want, got, append(opts, cmpopts.EquateEmpty())...); diff != "" {
		t.Error(diff)
	}
}

func readsBack(t *testing.T, s memory.Store) {
	o := Owner(t, "ana")
	episodes := []memory.Episode{Episode("e1", "s", "one"), Episode("e2", "s", "two"), Episode("e3", "r", "three")}
	facts := []memory.Fact{Fact("f1", "tea", "e1", "e2")}
	write(t, s, o, memory.Batch{Episodes: episodes, Facts: facts, Strengths: map[string]memory.Strength{"e2": {Stability: 9, Recalls: 2, Recalled: Noon}}})
	episodes[1].Strength = memory.Strength{Stability: 9, Recalls: 2, Recalled: Noon}
	got, err := s.Episodes(t.Context(), o, memory.EpisodeFilter{})
	if err != nil {
		t.Fatal(err)
	}
	same(t, episodes, got, cmpopts.IgnoreFields(memory.Episode{}, "Seq"))
	got, err = s.Episodes(t.Context(), o, memory.EpisodeFilter{Session: "s", Newest: true, Limit: 1, From: Noon, To: Noon.Add(time.Second)})
	if err != nil {
		t.Fatal(err)
	}
	same(t, episodes[1:2], got, cmpopts.IgnoreFields(memory.Episode{}, "Seq"))
	known, err := s.Facts(t.Context(), o, memory.FactFilter{Sources: []string{"e2"}})
	if err != nil {
		t.Fatal(err)
	}
	same(t, facts, known)
	write(t, s, o, memory.Batch{Absorbed: 2})
	c, err := s.Counts(t.Context(), o)
	if err != nil || c.Bytes == 0 {
		t.Error(c, err)
	}
	same(t, memory.Counts{Episodes: 3, Facts: 1, Absorbed: 2}, c, cmpopts.IgnoreFields(memory.Counts{}, "Bytes"))
}

func takenID(t *testing.T, s memory.Store) {
	o := Owner(t, "ana")
	write(t, s, o, memory.Batch{Episodes: []memory.Episode{Episode("e1", "s", "one")}})
	err := s.Write(t.Context(), o, memory.Batch{At: Noon, Episodes: []memory.Episode{Episode("e2", "s", "two"), Episode("e1", "s", "other")}})
	if !errors.Is(err, memory.ErrExists) {
		t.Fatalf("got %v", err)
	}
	same(t, []string{"e1"}, found(t, s, o, memory.Search{Terms: []string{"one", "two", "other"}}))
}

func findsContext(t *testing.T, s memory.Store) {
	o := Owner(t, "ana")
	write(t, s, o, memory.Batch{Episodes: []memory.Episode{Episode("e1", "s", "which city"), Episode("e2", "s", "lyon")}})
	write(t, s, o, memory.Batch{Episodes: []memory.Episode{Episode("e3", "s", "grand"), Episode("e4", "s", "far")}})
	for term, want := range map[string][]string{
		"city": {"e1", "e2"}, "lyon": {"e1", "e2", "e3"}, "grand": {"e2", "e3", "e4"}, "nowhere": {}, `"`: {}, "NEAR": {},
	} {
		same(t, want, found(t, s, o, memory.Search{Terms: []string{term}}))
	}
	f, err := s.Search(t.Context(), o, memory.Search{Terms: []string{"city", "lyon", "zebra"}, Limit: 1})
	if err != nil || len(f.Episodes) != 1 {
		t.Fatal(f, err)
	}
	same(t, []string{"e1", "e2", "e3", "e4"}, found(t, s, o, memory.Search{Terms: []string{"city"}, Kin: []string{"far", "lyon"}, KinMax: 10}))
	same(t, []string{"e1", "e2", "e3", "e4"}, found(t, s, o, memory.Search{Terms: []string{"city"}, From: Noon, To: Noon.Add(time.Second), DayMax: 10}))
	stats, err := s.Stats(t.Context(), o, []string{"city", "lyon", "zebra"})
	if err != nil {
		t.Fatal(err)
	}
	same(t, memory.Stats{Episodes: 4, Length: 1.25, Having: map[string]int{"city": 1, "lyon": 1, "zebra": 0}, Speakers: []string{"Ana"}}, stats)
	same(t, []string{}, found(t, s, o, memory.Search{Terms: []string{"lyon"}, Exclude: "s"}))
}

func neighbours(t *testing.T, s memory.Store) {
	o := Owner(t, "ana")
	write(t, s, o, memory.Batch{Episodes: []memory.Episode{
		Episode("a1", "a", "one"), Episode("b1", "b", "other"), Episode("a2", "a", "two"), Episode("b2", "b", "else"), Episode("a3", "a", "three"),
	}})
	f, err := s.Search(t.Context(), o, memory.Search{Terms: []string{"three"}, Window: 2})
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range f.Episodes {
		var ids []string
		for _, n := range slices.Concat(h.Before, h.After) {
			ids = append(ids, n.ID)
		}
		same(t, map[string][]string{"a3": {"a2", "a1"}, "a2": {"a1", "a3"}}[h.ID], ids)
	}
	if len(f.Episodes) != 2 {
		t.Error(len(f.Episodes))
	}
}

func deletes(t *testing.T, s memory.Store) {
	o := Owner(t, "ana")
	write(t, s, o, memory.Batch{Episodes: []memory.Episode{Episode("e1", "s", "one"), Episode("e2", "s", "two"), Episode("e3", "s", "three")}})
	gone, err := s.Delete(t.Context(), o, "e2", "nothing")
	if err != nil {
		t.Fatal(err)
	}
	same(t, []string{"e2"}, gone)
	same(t, []string{}, found(t, s, o, memory.Search{Terms: []string{"two"}}))
	same(t, []string{"e1", "e3"}, found(t, s, o, memory.Search{Terms: []string{"three"}}))
	write(t, s, o, memory.Batch{Episodes: []memory.Episode{Episode("e2", "s", "again")}})
	same(t, []string{"e2", "e3"}, found(t, s, o, memory.Search{Terms: []string{"again"}}))
	gone, err = s.Delete(t.Context(), o, "e1", "e2", "e3")
	if err != nil || len(gone) != 3 {
		t.Fatal(gone, err)
	}
}

func deletesDerived(t *testing.T, s memory.Store) {
	o := Owner(t, "ana")
	write(t, s, o, memory.Batch{
		Episodes: []memory.Episode{Episode("e1", "s", "one"), Episode("e2", "s", "two")},
		Facts:    []memory.Fact{Fact("only", "a", "e1"), Fact("both", "b", "e1", "e2"), Fact("free", "c")},
	})
	gone, err := s.Delete(t.Context(), o, "e1")
	if err != nil {
		t.Fatal(err)
	}
	same(t, []string{"e1", "only"}, gone)
	facts, err := s.Facts(t.Context(), o, memory.FactFilter{})
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range facts {
		if len(k.Sources) > 1 || k.ID == "only" {
			t.Errorf("left: %+v", k)
		}
	}
	if len(facts) != 2 {
		t.Error(len(facts))
	}
	changes, err := s.Changes(t.Context(), o, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range changes {
		if c.Item == "only" && c.Text != "" {
			t.Errorf("the log still tells %q", c.Text)
		}
	}
}

func fades(t *testing.T, s memory.Store) {
	o := Owner(t, "ana")
	write(t, s, o, memory.Batch{Episodes: []memory.Episode{Episode("e1", "s", "one")}, Facts: []memory.Fact{Fact("f1", "tea")}})
	write(t, s, o, memory.Batch{Fade: []string{"e1", "f1"}})
	same(t, []string{}, found(t, s, o, memory.Search{Terms: []string{"one"}}))
	same(t, []string{"e1"}, found(t, s, o, memory.Search{Terms: []string{"one"}, Faded: true}))
	c, err := s.Counts(t.Context(), o)
	if err != nil || c.Faded != 2 || c.Facts != 0 {
		t.Error(c, err)
	}
	write(t, s, o, memory.Batch{Restore: []string{"e1", "f1"}})
	same(t, []string{"e1"}, found(t, s, o, memory.Search{Terms: []string{"one"}}))
	if err := s.Write(t.Context(), o, memory.Batch{At: Noon, Fade: []string{"nothing"}}); !errors.Is(err, memory.ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

func profiles(t *testing.T, s memory.Store) {
	o := Owner(t, "ana")
	other, pinned, name, tea := Fact("other", "works at night"), Fact("pinned", "the code"), Fact("name", "Ana"), Fact("tea", "tea")
	other.Kind, pinned.Kind, name.Kind = memory.KindFact, memory.KindFact, memory.KindPerson
	pinned.Pinned, name.Predicate, name.Importance = true, "name", .9
	sister := Fact("sister", "tea")
	sister.Subject = "Claire"
	write(t, s, o, memory.Batch{Facts: []memory.Fact{other, tea, name, pinned, sister}})
	facts, err := s.Facts(t.Context(), o, memory.FactFilter{Profile: true, Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, k := range facts {
		ids = append(ids, k.ID)
	}
	same(t, []string{"pinned", "name", "tea"}, ids)
}

func marksStale(t *testing.T, s memory.Store) {
	o := Owner(t, "ana")
	past := Fact("f1", "tea", "e1", "e2")
	past.To = Noon
	write(t, s, o, memory.Batch{
		Episodes: []memory.Episode{Episode("e1", "s", "one"), Episode("e2", "s", "one"), Episode("e3", "s", "one")},
		Facts:    []memory.Fact{past, Fact("f2", "coffee", "e2")},
	})
	f, err := s.Search(t.Context(), o, memory.Search{Terms: []string{"one"}})
	if err != nil || len(f.Episodes) != 3 {
		t.Fatal(f, err)
	}
	for _, h := range f.Episodes {
		if h.Stale != (h.ID == "e1") {
			t.Errorf("%s: stale %t", h.ID, h.Stale)
		}
	}
}

func supersedes(t *testing.T, s memory.Store) {
	o := Owner(t, "ana")
	older, newer := Fact("f1", "tea"), Fact("f2", "coffee")
	write(t, s, o, memory.Batch{Facts: []memory.Fact{older}})
	older.SupersededBy, older.To = "f2", Noon
	write(t, s, o, memory.Batch{Facts: []memory.Fact{older, newer}})
	for past, want := range map[bool]int{false: 1, true: 2} {
		f, err := s.Search(t.Context(), o, memory.Search{Sides: true, Past: past, Terms: []string{"tea", "coffee"}})
		if err != nil || len(f.Facts) != want {
			t.Errorf("past %t: %d facts, %v", past, len(f.Facts), err)
		}
	}
}

func isolates(t *testing.T, s memory.Store) {
	ana, bob := Owner(t, "ana"), Owner(t, "bob")
	write(t, s, ana, memory.Batch{Episodes: []memory.Episode{Episode("e1", "s", "secret")}, Facts: []memory.Fact{Fact("f1", "secret", "e1")}})
	write(t, s, bob, memory.Batch{Episodes: []memory.Episode{Episode("e9", "s", "other")}})
	same(t, []string{}, found(t, s, bob, memory.Search{Terms: []string{"secret"}}))
	f, err := s.Search(t.Context(), bob, memory.Search{Terms: []string{"secret", "other"}, Sides: true, Past: true, Faded: true, Window: 2})
	if err != nil || len(f.Facts) != 0 {
		t.Error(f, err)
	}
	stats, err := s.Stats(t.Context(), bob, []string{"secret"})
	if err != nil || stats.Having["secret"] != 0 || stats.Episodes != 1 {
		t.Error(stats, err)
	}
	e, err := s.Episodes(t.Context(), bob, memory.EpisodeFilter{IDs: []string{"e1"}})
	if err != nil || len(e) != 0 {
		t.Error(e, err)
	}
	k, err := s.Facts(t.Context(), bob, memory.FactFilter{IDs: []string{"f1"}, Past: true, Faded: true})
	if err != nil || len(k) != 0 {
		t.Error(k, err)
	}
	gone, err := s.Delete(t.Context(), bob, "e1", "f1")
	if err != nil || len(gone) != 0 {
		t.Error(gone, err)
	}
	if err := s.Erase(t.Context(), bob); err != nil {
		t.Error(err)
	}
	same(t, []string{"e1"}, found(t, s, ana, memory.Search{Terms: []string{"secret"}}))
}

func nothing(t *testing.T, s memory.Store) {
	o := Owner(t, "nobody")
	same(t, []string{}, found(t, s, o, memory.Search{Terms: []string{"one"}, Sides: true}))
	if owners, err := s.Owners(t.Context()); err != nil || len(owners) != 0 {
		t.Error(owners, err)
	}
	if err := s.Erase(t.Context(), o); err != nil {
		t.Error(err)
	}
}

func zeroOwner(t *testing.T, s memory.Store) {
	if err := s.Write(t.Context(), memory.Owner{}, memory.Batch{Episodes: []memory.Episode{Episode("e", "s", "one")}}); !errors.Is(err, memory.ErrOwner) {
		t.Errorf("got %v", err)
	}
	if _, err := s.Search(t.Context(), memory.Owner{}, memory.Search{Terms: []string{"one"}}); !errors.Is(err, memory.ErrOwner) {
		t.Errorf("got %v", err)
	}
}

func concurrent(t *testing.T, s memory.Store) {
	const writers, each = 4, 10
	var wg sync.WaitGroup
	for w := range writers {
		o := Owner(t, fmt.Sprint("owner", w/2))
		wg.Go(func() {
			for i := range each {
				e := Episode(fmt.Sprintf("%d-%d", w, i), "s", "word")
				if err := s.Write(context.Background(), o, memory.Batch{At: Noon, Episodes: []memory.Episode{e}}); err != nil {
					t.Error(err)
				}
				if _, err := s.Search(context.Background(), o, memory.Search{Terms: []string{"word"}, Window: 1}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	for _, user := range []string{"owner0", "owner1"} {
		if c, err := s.Counts(t.Context(), Owner(t, user)); err != nil || c.Episodes != 2*each {
			t.Error(c, err)
		}
	}
}

func erases(t *testing.T, s memory.Store) {
	o := Owner(t, "ana")
	write(t, s, o, memory.Batch{Episodes: []memory.Episode{Episode("e1", "s", "one")}, Facts: []memory.Fact{Fact("f1", "tea", "e1")}})
	if err := s.Erase(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if owners, err := s.Owners(t.Context()); err != nil || len(owners) != 0 {
		t.Error(owners, err)
	}
	same(t, []string{}, found(t, s, o, memory.Search{Terms: []string{"one"}}))
	write(t, s, o, memory.Batch{Episodes: []memory.Episode{Episode("e1", "s", "one")}})
	same(t, []string{"e1"}, found(t, s, o, memory.Search{Terms: []string{"one"}}))
}

func logs(t *testing.T, s memory.Store) {
	o := Owner(t, "ana")
	write(t, s, o, memory.Batch{Facts: []memory.Fact{Fact("f1", "tea")}})
	edited := Fact("f1", "green tea")
	write(t, s, o, memory.Batch{Facts: []memory.Fact{edited}})
	got, err := s.Changes(t.Context(), o, 10)
	if err != nil {
		t.Fatal(err)
	}
	same(t, []memory.Change{
		{At: Noon, Item: "f1", Action: memory.ActionEdited, Text: "green tea"},
		{At: Noon, Item: "f1", Action: memory.ActionAdded, Text: "tea"},
	}, got)
}
