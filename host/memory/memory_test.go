package memory_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/jarvis-host/jarvis/host/memory"
	"github.com/jarvis-host/jarvis/host/memory/embedded"
	"github.com/jarvis-host/jarvis/host/memory/memorytest"
)

var noon = memorytest.Noon

// bench is a memory on a clock of its own.
type bench struct {
	*memory.Memory
	dir   string
	clock time.Time
	o     memory.Owner
	t     *testing.T
}

func newBench(t *testing.T, limits memory.Limits) *bench {
	t.Helper()
	b := &bench{dir: t.TempDir(), clock: noon, o: memorytest.Owner(t, "ana"), t: t}
	s, err := embedded.Open(b.dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	scrub := func(s string) string { return strings.ReplaceAll(s, "hunter2", "[redacted]") }
	b.Memory = memory.New(memory.Options{Store: s, Scrub: scrub, Limits: limits, Now: func() time.Time { return b.clock }})
	return b
}

// say remembers texts, a minute apart and each in a session of its own.
func (b *bench) say(texts ...string) *memory.Kept {
	b.t.Helper()
	var said []memory.Said
	for _, text := range texts {
		b.clock = b.clock.Add(time.Minute)
		said = append(said, memory.Said{Text: text, At: b.clock, Session: b.clock.String()})
	}
	kept, err := b.Remember(b.t.Context(), b.o, said...)
	if err != nil {
		b.t.Fatal(err)
	}
	return kept
}

func (b *bench) recall(text string) string {
	b.t.Helper()
	r, err := b.Recall(b.t.Context(), b.o, memory.Prompt{Text: text, Asked: true})
	if err != nil {
		b.t.Fatal(err)
	}
	return r.Text
}

func (b *bench) facts(past bool) (texts []string) {
	b.t.Helper()
	facts, err := b.Facts(b.t.Context(), b.o, memory.FactFilter{Past: past})
	if err != nil {
		b.t.Fatal(err)
	}
	for _, k := range facts {
		texts = append(texts, k.Text)
	}
	slices.Sort(texts)
	return texts
}

func (b *bench) holds(words ...string) (files []string) {
	b.t.Helper()
	err := filepath.WalkDir(b.dir, func(p string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(p)
		for _, w := range words {
			if bytes.Contains(text, []byte(w)) {
				files = append(files, filepath.Base(p)+" holds "+w)
			}
		}
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return files
}

func TestWhatWasAskedToBeRememberedIsRecalledInAnotherSession(t *testing.T) { // M01
	for _, c := range [][3]string{
		{"Souviens-toi que le code du portail est 4512", "Quel est le code du portail ?", "4512"},
		{"Remember that my blood type is O negative", "What's my blood type?", "O negative"},
	} {
		b := newBench(t, memory.Limits{})
		kept := b.say(c[0], "Il fait beau", "How are you?")
		if len(kept.Facts) != 1 || kept.Facts[0].Origin != memory.OriginExplicit || kept.Episodes[0].Importance != 1 {
			t.Errorf("%q: kept %+v", c[0], kept.Facts)
		}
		if got := b.recall(c[1]); !strings.Contains(got, c[2]) {
			t.Errorf("%q recalls %q, not %q", c[1], got, c[2])
		}
	}
}

func TestACorrectionTakesThePlaceOfWhatWasSaid(t *testing.T) { // M04
	for _, c := range [][4]string{
		{"J'habite à Lyon", "En fait, j'habite à Nantes", "Où est-ce que j'habite ?", "Lyon"},
		{"I work for Airbus", "Actually, I work for Dassault now", "Who do I work for?", "Airbus"},
		{"J'aime le café", "Je n'aime plus le café", "Est-ce que j'aime le café ?", "tu aimes le café"},
		{"I love mushrooms", "I hate mushrooms", "Do I like mushrooms?", "you like mushrooms"},
	} {
		b := newBench(t, memory.Limits{})
		b.say(c[0])
		b.clock = b.clock.AddDate(0, 0, 20)
		b.say(c[1])
		if got := b.recall(c[2]); strings.Contains(got, c[3]) {
			t.Errorf("after %q, %q still recalls %q", c[1], c[2], got)
		}
		if past := b.facts(true); !slices.ContainsFunc(past, func(s string) bool { return strings.Contains(s, c[3]) }) {
			t.Errorf("after %q, history does not keep %q: %q", c[1], c[3], past)
		}
	}
}

func TestWhatIsToldLateIsHistory(t *testing.T) {
	b := newBench(t, memory.Limits{})
	b.say("I live in Nantes")
	_, err := b.Remember(t.Context(), b.o, memory.Said{Text: "I live in Lyon", At: noon.AddDate(-3, 0, 0)})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"you live in Nantes"}, b.facts(false)); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsSaidAgainIsKeptOnceWithAllItsSources(t *testing.T) {
	b := newBench(t, memory.Limits{})
	b.say("J'adore les échecs", "Oui, j'adore les échecs !", "j'adore les echecs")
	facts, err := b.Facts(t.Context(), b.o, memory.FactFilter{})
	if err != nil || len(facts) != 1 || len(facts[0].Sources) != 3 || facts[0].Confidence < .99 {
		t.Errorf("%+v %v", facts, err)
	}
	for _, s := range facts[0].Sources {
		if !strings.Contains(strings.ToLower(s.Quote), "adore les") {
			t.Errorf("the source says %q", s.Quote)
		}
	}
}

func TestOnlyPeopleTeach(t *testing.T) {
	b := newBench(t, memory.Limits{})
	_, err := b.Remember(t.Context(), b.o,
		memory.Said{Text: "I live in Paris", Role: memory.RoleAssistant},
		memory.Said{Text: "I live in Rome", Flags: memory.FlagTool},
		memory.Said{Text: "I live in Oslo", Flags: memory.FlagPlugin})
	if err != nil {
		t.Fatal(err)
	}
	if got := b.facts(true); got != nil {
		t.Errorf("learned %q", got)
	}
}

func TestAnAnswerThatRepeatsWhatWasRecalledIsNotKept(t *testing.T) {
	b := newBench(t, memory.Limits{})
	kept, err := b.Remember(t.Context(), b.o,
		memory.Said{Text: "You live in Lyon with your two cats.", Role: memory.RoleAssistant, Recalled: []string{"I live in Lyon with two cats"}},
		memory.Said{Text: "The museum opens at nine.", Role: memory.RoleAssistant, Recalled: []string{"I live in Lyon with two cats"}})
	if err != nil || len(kept.Episodes) != 1 || !strings.Contains(kept.Episodes[0].Text, "museum") {
		t.Errorf("%+v %v", kept, err)
	}
}

func TestSecretsAreNotStored(t *testing.T) {
	b := newBench(t, memory.Limits{})
	kept := b.say("Remember that my password is hunter2")
	if left := b.holds("hunter2"); left != nil || kept.Episodes[0].Flags&memory.FlagRedacted == 0 {
		t.Error(left)
	}
}

func TestWhatIsForgottenIsGone(t *testing.T) { // M05
	b := newBench(t, memory.Limits{})
	b.say("I live in Canaryville", "The weather is fine", "Remember that Canaryville has a bakery", "I live in Nantes")
	s, err := b.Select(t.Context(), b.o, memory.Selection{About: "canaryville"})
	if err != nil || len(s.Episodes) != 2 || len(s.Facts) != 2 {
		t.Fatalf("would forget %+v %v", s, err)
	}
	if len(b.holds("Canaryville", "canaryvill")) == 0 {
		t.Fatal("it was not there to begin with")
	}
	if _, err := b.Forget(t.Context(), b.o, s.IDs()...); err != nil {
		t.Fatal(err)
	}
	if left := b.holds("Canaryville", "canaryvill"); left != nil {
		t.Error(left)
	}
	if got := b.recall("Which bakery?"); strings.Contains(got, "anaryv") {
		t.Errorf("recalled %q", got)
	}
	p, err := b.Consolidate(t.Context(), b.o, false)
	if err != nil || !p.Empty() {
		t.Errorf("consolidation found %s %v", p, err)
	}
}

func TestForgettingAFactForgetsWhereItWasSaid(t *testing.T) {
	b := newBench(t, memory.Limits{})
	kept := b.say("I live in Canaryville")
	if _, err := b.Forget(t.Context(), b.o, kept.Facts[0].ID); err != nil {
		t.Fatal(err)
	}
	if left := b.holds("Canaryville", "canaryvill"); left != nil {
		t.Error(left)
	}
}

func TestATimeIsForgotten(t *testing.T) { // M05
	b := newBench(t, memory.Limits{})
	b.say("one", "two", "three")
	s, err := b.Select(t.Context(), b.o, memory.Selection{From: noon.Add(2 * time.Minute), To: noon.Add(3 * time.Minute)})
	if err != nil || len(s.Episodes) != 1 || s.Episodes[0].Text != "two" {
		t.Fatalf("%+v %v", s, err)
	}
}

func TestForgettingBeginsWithWhatIsOldAndMattersLeast(t *testing.T) { // M08
	b := newBench(t, memory.Limits{Episodes: 3})
	b.say("Nice weather today", "Haha ok") // old and unimportant
	b.clock = b.clock.AddDate(1, 0, 0)
	b.say("I have an urgent medical appointment on Monday at 9", "I'm allergic to peanuts", "My sister Claire was born in 1984")
	p, err := b.Consolidate(t.Context(), b.o, true)
	if err != nil || len(p.Faded) != 2 {
		t.Fatalf("%+v %v", p, err)
	}
	if c, err := b.Counts(t.Context(), b.o); err != nil || c.Faded != 0 {
		t.Error("a dry run changed something", c, err)
	}
	if _, err := b.Consolidate(t.Context(), b.o, false); err != nil {
		t.Fatal(err)
	}
	left, err := b.Episodes(t.Context(), b.o, memory.EpisodeFilter{})
	if err != nil || len(left) != 3 || strings.Contains(left[0].Text, "weather") {
		t.Errorf("%+v %v", left, err)
	}
	if err := b.Restore(t.Context(), b.o, p.Faded[0]); err != nil {
		t.Error(err)
	}
	b.clock = b.clock.AddDate(0, 0, 31)
	p, err = b.Consolidate(t.Context(), b.o, false)
	if err != nil || len(p.Purged) != 1 {
		t.Errorf("after a month, purged %v %v", p, err)
	}
	if left := b.holds("Haha ok"); left != nil && len(b.holds("Nice weather")) != 0 {
		t.Error("both are left", left)
	}
}

func TestConsolidationMergesSupersedesAndSeesPatterns(t *testing.T) {
	b := newBench(t, memory.Limits{Retention: 100 * 24 * time.Hour})
	b.say("small talk of long ago")
	b.clock = b.clock.AddDate(1, 0, 0)
	for range 3 {
		b.say("I love hiking")
		b.clock = b.clock.AddDate(0, 0, 1)
	}
	expires := b.clock.Add(time.Hour)
	if _, err := b.State(t.Context(), b.o, memory.Statement{Text: "the plumber comes at ten", Kind: memory.KindEvent, Origin: memory.OriginExplicit, Expires: expires}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := b.State(t.Context(), b.o, memory.Statement{Text: "the bin is green", Origin: memory.OriginExplicit}); err != nil {
			t.Fatal(err)
		}
	}
	b.clock = b.clock.AddDate(0, 0, 1)
	dry, err := b.Consolidate(t.Context(), b.o, true)
	if err != nil {
		t.Fatal(err)
	}
	p, err := b.Consolidate(t.Context(), b.o, false)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(dry, p); diff != "" {
		t.Errorf("a dry run tells another plan: %s", diff)
	}
	if len(p.Merged) != 1 || len(p.Patterns) != 1 || len(p.Expired) != 1 || len(p.Purged) != 1 {
		t.Errorf("plan:\n%s", p)
	}
	if again, err := b.Consolidate(t.Context(), b.o, false); err != nil || !again.Empty() {
		t.Errorf("a second run finds %s %v", again, err)
	}
	if diff := cmp.Diff([]string{"the bin is green", "you like hiking"}, b.facts(false)); diff != "" {
		t.Error(diff)
	}
}

func TestAThousandItemsAreConsolidatedInOneGo(t *testing.T) { // M09; make bench-memory tells how fast
	b := newBench(t, memory.Limits{Episodes: 500})
	texts := make([]string, 1000)
	for i := range texts {
		texts[i] = fmt.Sprintf("I love thing%d", i%700)
	}
	b.say(texts...)
	p, err := b.Consolidate(t.Context(), b.o, false)
	if err != nil || len(p.Faded) != 500 {
		t.Errorf("%d faded, %v", len(p.Faded), err)
	}
}

func TestUseStrengthens(t *testing.T) {
	b := newBench(t, memory.Limits{})
	kept := b.say("The bakery opens at seven")
	b.clock = b.clock.AddDate(0, 0, 30)
	if err := b.Used(t.Context(), b.o, kept.Episodes[0].ID, "nothing"); err != nil {
		t.Fatal(err)
	}
	e, err := b.Episodes(t.Context(), b.o, memory.EpisodeFilter{})
	if err != nil || e[0].Recalls != 1 || !e[0].Recalled.Equal(b.clock) || e[0].Stability <= kept.Episodes[0].Stability {
		t.Errorf("%+v %v", e, err)
	}
}

func TestAnArchiveMakesTheSameMemory(t *testing.T) { // M12
	b := newBench(t, memory.Limits{})
	b.say("My name is Anna", "I live in Lyon", "I live in Nantes", "J'adore la tarte aux pommes !")
	var archive bytes.Buffer
	if err := b.Export(t.Context(), b.o, &archive); err != nil {
		t.Fatal(err)
	}
	fresh := newBench(t, memory.Limits{})
	fresh.clock = b.clock
	for _, dry := range []bool{true, false, false} {
		got, err := fresh.Import(t.Context(), fresh.o, bytes.NewReader(archive.Bytes()), dry)
		if err != nil {
			t.Fatal(err)
		}
		if n := len(got.Episodes) + len(got.Facts) + got.Present; n != 8 {
			t.Errorf("%d items", n)
		}
	}
	facts := func(b *bench) []memory.Fact {
		k, err := b.Facts(t.Context(), b.o, memory.FactFilter{Past: true})
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	if diff := cmp.Diff(facts(b), facts(fresh), cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	for _, q := range []string{"where do I live?", "what do I like to eat?", "quel est mon nom ?"} {
		if a, c := b.recall(q), fresh.recall(q); a != c {
			t.Errorf("%q: %q and %q", q, a, c)
		}
	}
	damaged := archive.String()[:archive.Len()-20]
	other := newBench(t, memory.Limits{})
	if _, err := other.Import(t.Context(), other.o, strings.NewReader(damaged), false); err == nil || len(other.facts(true)) != 0 {
		t.Error("a damaged archive was taken in part", err)
	}
}

func TestNothingOfOneOwnerReachesAnother(t *testing.T) { // M10, fault-D3, fault-D7
	b := newBench(t, memory.Limits{})
	random := rand.New(rand.NewPCG(3, 4))
	words := []string{"bakery", "cat", "garden", "Lyon", "piano", "rent", "doctor", "bike"}
	owners := []memory.Owner{memorytest.Owner(t, "ana"), memorytest.Owner(t, "bob"), memorytest.Owner(t, "ana2"), memorytest.Owner(t, "../ana")}
	var ids [4][]string
	for range 40 {
		i := random.IntN(4)
		text := fmt.Sprintf("Remember that my %s is canary%d in the %s", words[random.IntN(8)], i, words[random.IntN(8)])
		kept, err := b.Remember(t.Context(), owners[i], memory.Said{Text: text, Session: "s"})
		if err != nil {
			t.Fatal(err)
		}
		ids[i] = append(ids[i], kept.Episodes[0].ID, kept.Facts[0].ID)
	}
	for i, o := range owners {
		var seen strings.Builder
		if err := b.Export(t.Context(), o, &seen); err != nil {
			t.Fatal(err)
		}
		for _, w := range words {
			r, err := b.Recall(t.Context(), o, memory.Prompt{Text: "what about my " + w, Asked: true})
			if err != nil {
				t.Fatal(err)
			}
			seen.WriteString(r.Text)
		}
		for j := range owners {
			if i == j {
				continue
			}
			if strings.Contains(seen.String(), fmt.Sprint("canary", j)) {
				t.Errorf("%q sees what %q said", o.User(), owners[j].User())
			}
			if gone, err := b.Forget(t.Context(), o, ids[j]...); err != nil || len(gone) != 0 {
				t.Errorf("%q forgot %v of %q", o.User(), gone, owners[j].User())
			}
			if _, err := b.Fact(t.Context(), o, ids[j][1]); err == nil {
				t.Errorf("%q reads a fact of %q by its id", o.User(), owners[j].User())
			}
		}
	}
}

// fault-D5: the type makes a question without an owner impossible, and the zero
// owner is refused.
func TestNothingIsReadOrWrittenWithoutAnOwner(t *testing.T) {
	b := newBench(t, memory.Limits{})
	b.say("I live in Canaryville")
	for _, user := range []string{"", strings.Repeat("x", 257), "\xff"} {
		if o, err := memory.OwnerOf(user); err == nil {
			t.Errorf("%q owns a memory: %+v", user, o)
		}
	}
	var nobody memory.Owner
	if r, err := b.Find(t.Context(), nobody, memory.Question{Text: "where do I live?"}); err == nil {
		t.Errorf("nobody found %+v", r)
	}
	if _, err := b.Remember(t.Context(), nobody, memory.Said{Text: "hello"}); err == nil {
		t.Error("nobody remembers")
	}
	if facts, err := b.Facts(t.Context(), nobody, memory.FactFilter{}); err == nil {
		t.Errorf("nobody has facts: %+v", facts)
	}
}

// fault-D11: whatever one owner exports, imports, forgets or erases, the counts of
// another are the same before and after.
func TestWhatOneOwnerDoesLeavesAnothersCounts(t *testing.T) {
	b := newBench(t, memory.Limits{})
	other := memorytest.Owner(t, "bob")
	said := memory.Said{Text: "Remember that my bike is red", Session: "s"}
	for _, o := range []memory.Owner{b.o, other} {
		if _, err := b.Remember(t.Context(), o, said); err != nil {
			t.Fatal(err)
		}
	}
	before, err := b.Counts(t.Context(), other)
	if err != nil {
		t.Fatal(err)
	}
	var archive bytes.Buffer
	if err := b.Export(t.Context(), b.o, &archive); err != nil {
		t.Fatal(err)
	}
	all, err := b.Select(t.Context(), b.o, memory.Selection{About: "bike"})
	if err != nil {
		t.Fatal(err)
	}
	if gone, err := b.Forget(t.Context(), b.o, all.IDs()...); err != nil || len(gone) == 0 {
		t.Fatalf("forgot %v, %v", gone, err)
	}
	if _, err := b.Import(t.Context(), b.o, &archive, false); err != nil {
		t.Fatal(err)
	}
	if err := b.Erase(t.Context(), b.o); err != nil {
		t.Fatal(err)
	}
	after, err := b.Counts(t.Context(), other)
	if err != nil || after != before {
		t.Errorf("before %+v, after %+v, %v", before, after, err)
	}
}

func TestErasingAPersonLeavesNothing(t *testing.T) { // X09
	b := newBench(t, memory.Limits{})
	b.say("I live in Canaryville")
	if err := b.Erase(t.Context(), b.o); err != nil {
		t.Fatal(err)
	}
	if left := b.holds("Canaryville", "canaryvill"); left != nil || b.facts(true) != nil {
		t.Error(left)
	}
}

func TestWhatIsNotRememberedLeavesNoFile(t *testing.T) { // M07
	b := newBench(t, memory.Limits{})
	if _, err := b.Remember(t.Context(), b.o); err != nil {
		t.Fatal(err)
	}
	b.recall("anything at all")
	if entries, err := os.ReadDir(b.dir); err != nil || len(entries) != 0 {
		t.Error(entries, err)
	}
}

func TestAPromptHoldsNoMoreThanItsBudget(t *testing.T) {
	b := newBench(t, memory.Limits{})
	for i := range 50 {
		b.say(fmt.Sprintf("I love the bakery number %d in the old town of Lyon, near the river", i))
	}
	for _, budget := range []int{50, 200, 600} {
		r, err := b.Recall(t.Context(), b.o, memory.Prompt{Text: "which bakery do I love in Lyon?", Budget: budget})
		if err != nil || len(r.Text) > 4*budget || len(r.Items) != len(strings.Split(r.Text, "\n")) {
			t.Errorf("budget %d: %d bytes, %d items, %v", budget, len(r.Text), len(r.Items), err)
		}
	}
	if r, err := b.Recall(t.Context(), b.o, memory.Prompt{Text: "quantum chromodynamics"}); err != nil || r.Coverage >= memory.GateChat {
		t.Errorf("what was never spoken of is covered by %f, %v", r.Coverage, err)
	}
}

func TestAFactIsEditedAndPinned(t *testing.T) {
	b := newBench(t, memory.Limits{})
	kept := b.say("I live in Lyon")
	text, pinned := "lives in the old town", true
	k, err := b.EditFact(t.Context(), b.o, kept.Facts[0].ID, memory.Edit{Text: &text, Pinned: &pinned})
	if err != nil || k.Text != text || !k.Pinned || k.Sources != nil {
		t.Errorf("%+v %v", k, err)
	}
	if got := b.recall("what is there to know?"); !strings.Contains(got, text) {
		t.Errorf("what is pinned is not in the profile: %q", got)
	}
	empty := " "
	if _, err := b.EditFact(t.Context(), b.o, k.ID, memory.Edit{Text: &empty}); err == nil {
		t.Error("a fact was made empty")
	}
}

func TestTheNewestValueIsFoundFirst(t *testing.T) { // M04
	b := newBench(t, memory.Limits{})
	b.say("J'habite à Lyon avec ma fille Zoé", "En fait, j'habite à Nantes maintenant", "Il pleut")
	a, err := b.Find(t.Context(), b.o, memory.Question{Text: "Où est-ce que j'habite ?", Facts: true})
	if err != nil || len(a.Results) < 3 {
		t.Fatalf("%+v %v", a, err)
	}
	for _, r := range a.Results[:2] {
		if !strings.Contains(r.Text, "Nantes") {
			t.Errorf("%q is found before", r.Text)
		}
	}
	a, err = b.Find(t.Context(), b.o, memory.Question{Text: "Où est-ce que j'habitais avant ?"})
	if err != nil || !strings.Contains(a.Results[0].Text, "Lyon") {
		t.Errorf("asked for the past, %+v comes first, %v", a.Results[0], err)
	}
}

// Whatever an archive holds, an import takes it whole, or says what is wrong with it.
func FuzzAnArchiveIsTakenWholeOrRefused(f *testing.F) {
	store, err := embedded.Open(f.TempDir())
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = store.Close() })
	m := memory.New(memory.Options{Store: store, Now: func() time.Time { return noon }})
	o, err := memory.OwnerOf("ana")
	if err != nil {
		f.Fatal(err)
	}
	head := `{"format":"jarvis-memory","version":1,"exported":"2026-01-01T00:00:00Z"}`
	for _, seed := range []string{
		head, head + "\n" + `{"episode":{"id":"e1","text":"hello","at":"2026-01-01T00:00:00Z","role":"user"}}`,
		head + "\n" + `{"fact":{"id":"f1","text":"you like tea"}}`, head + "\n{}", head + "\nnull", `{"format":"other"}`, "", "\x00",
		head + "\n" + `{"episode":{"id":"../x","text":"\ud800","at":"9999-99-99"}}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, archive []byte) {
		before, err := m.Counts(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.Import(t.Context(), o, bytes.NewReader(archive), true); err != nil && err.Error() == "" {
			t.Error("an archive was refused without a word")
		}
		if after, err := m.Counts(t.Context(), o); err != nil || after != before {
			t.Errorf("a dry run changed %+v into %+v, %v", before, after, err)
		}
	})
}
