package memory_test

import (
	"testing"
	"time"

	"github.com/jarvis-host/jarvis/host/memory"
)

// doubtful is a memory in which someone said where they live, and a model read
// something else between the lines later.
func doubtful(t *testing.T) (*bench, memory.Doubt) {
	t.Helper()
	b := newBench(t, memory.Limits{})
	b.say("J'habite à Paris.")
	b.clock = b.clock.Add(24 * time.Hour)
	b.say("After the move my place in Nantes is smaller.")
	model := &scripted{answer: func(ids []string) string {
		return proposed(ids[len(ids)-1], "my place in Nantes", "self", "lives_in", "Nantes")
	}}
	if _, err := b.Absorb(t.Context(), b.o, model); err != nil {
		t.Fatal(err)
	}
	doubts, err := b.Doubts(t.Context(), b.o)
	if err != nil || len(doubts) != 1 || doubts[0].Older.Object != "Paris" || doubts[0].Newer.Object != "Nantes" {
		t.Fatalf("doubts %+v, %v", doubts, err)
	}
	return b, doubts[0]
}

func (b *bench) known(t *testing.T) (objects []string) {
	t.Helper()
	facts, err := b.Facts(t.Context(), b.o, memory.FactFilter{})
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range facts {
		objects = append(objects, k.Object)
	}
	return objects
}

// What is ambiguous is kept twice until it is settled, and asked about once.
func TestAContradictionThatIsNotClearIsKeptTwiceAndAskedAboutOnce(t *testing.T) {
	for name, c := range map[string]struct {
		keep func(d memory.Doubt) string
		left int
	}{
		"the newer": {func(d memory.Doubt) string { return d.Newer.ID }, 1},
		"the older": {func(d memory.Doubt) string { return d.Older.ID }, 1},
		"both":      {func(memory.Doubt) string { return "both" }, 2},
		"no answer": {func(memory.Doubt) string { return "" }, 2},
	} {
		b, d := doubtful(t)
		if got := b.known(t); len(got) != 2 {
			t.Errorf("%s: known before: %v", name, got)
		}
		if err := b.Settle(t.Context(), b.o, d, c.keep(d)); err != nil {
			t.Fatal(err)
		}
		if got := b.known(t); len(got) != c.left {
			t.Errorf("%s: known after: %v", name, got)
		}
		if doubts, err := b.Doubts(t.Context(), b.o); err != nil || len(doubts) != 0 {
			t.Errorf("%s: asked again about %+v, %v", name, doubts, err)
		}
	}
}

// A person's own newer words leave no doubt.
func TestOnesOwnNewerWordsAreClear(t *testing.T) {
	b, _ := doubtful(t)
	b.clock = b.clock.Add(24 * time.Hour)
	b.say("J'habite à Brest.")
	if got := b.known(t); len(got) != 1 || got[0] != "Brest" {
		t.Errorf("known: %v", got)
	}
}

// What someone pinned gives way to their own wish alone.
func TestWhatIsPinnedGivesWayToAnExplicitWishAlone(t *testing.T) {
	b := newBench(t, memory.Limits{})
	b.say("J'habite à Paris.")
	facts, err := b.Facts(t.Context(), b.o, memory.FactFilter{})
	if err != nil || len(facts) != 1 {
		t.Fatalf("%+v %v", facts, err)
	}
	pinned := true
	if _, err := b.EditFact(t.Context(), b.o, facts[0].ID, memory.Edit{Pinned: &pinned}); err != nil {
		t.Fatal(err)
	}
	b.clock = b.clock.Add(24 * time.Hour)
	b.say("J'habite à Nantes.")
	if got := b.known(t); len(got) != 2 {
		t.Errorf("known: %v", got)
	}
	b.clock = b.clock.Add(24 * time.Hour)
	b.say("Souviens-toi que j'habite à Brest.")
	if got := b.known(t); len(got) != 1 || got[0] != "Brest" {
		t.Errorf("known after the wish: %v", got)
	}
}
