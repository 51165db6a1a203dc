package talk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jarvis-host/jarvis/host/memory"
	"github.com/jarvis-host/jarvis/host/memory/embedded"
	"github.com/jarvis-host/jarvis/host/memory/qdrant"
	"github.com/jarvis-host/jarvis/host/memory/qdrant/qdranttest"
	"github.com/jarvis-host/jarvis/host/turn"
)

// household is a day of five people with one host, and what must be true of
// their memories at any moment of it.
type household struct {
	*testing.T
	*home
	server *qdranttest.Server // nil without an index
	index  *qdrant.Store
	dir    string
	random *rand.Rand
	people []*person
	words  int
}

type person struct {
	name, lang string
	owner      memory.Owner
	known      map[string]bool // words that memory must hold
	gone       map[string]bool // words that it must never hold again
	private    map[string]bool // words that were said in private
	town       string          // the one that holds
}

// 24 hours of five people, in two languages: what they tell, correct, keep
// private and forget, with restarts and consolidations in between. No word of
// one is ever heard by another, none that was forgotten comes back, and the
// counts are the same wherever they are told. M01 M04 M05 M07 M10.
func TestADayInAHousehold(t *testing.T) { newHousehold(t, nil).live(24) }

// The same with an index on a server that is lost, late with its promises, wiped
// and found again all day: it holds as many items as memory whenever it answers.
// M09.
func TestADayInAHouseholdWithAnIndexThatComesAndGoes(t *testing.T) {
	h := newHousehold(t, qdranttest.New(t))
	if raced {
		h.live(6)
		return
	}
	h.live(24)
	if h.server.Calls("QueryBatch") < 20 {
		t.Errorf("the index was asked %d times", h.server.Calls("QueryBatch"))
	}
}

func (h *household) live(hours int) {
	h.Helper()
	for h.now.Before(noon.Add(time.Duration(hours) * time.Hour)) {
		h.now = h.now.Add(time.Duration(1+h.random.IntN(12)) * time.Minute)
		h.flap()
		h.act(h.people[h.random.IntN(len(h.people))])
		if h.random.IntN(12) == 0 {
			h.check()
		}
	}
	h.check()
	h.noBytes()
}

// flap changes how the index's server fares, and lets it follow if it can.
func (h *household) flap() {
	h.Helper()
	if h.server == nil {
		return
	}
	trouble := []qdranttest.Trouble{{Down: true}, {Failing: 4}, {Promises: true}, {}, {}, {}}
	h.server.Make(trouble[h.random.IntN(len(trouble))])
	switch h.random.IntN(20) {
	case 0:
		h.server.Wipe()
	case 1:
		h.server.Lose(2)
	}
	_ = h.index.Settle(h.Context()) // it may be down
}

// even holds the index to as many items as memory has, once it answers.
func (h *household) even() {
	h.Helper()
	if h.server == nil {
		return
	}
	h.server.Make(qdranttest.Trouble{})
	if err := h.index.Settle(h.Context()); err != nil {
		h.Fatal(err)
	}
	all := 0
	for _, p := range h.people {
		if err := h.index.Audit(h.Context(), p.owner); err != nil {
			h.Fatal(err)
		}
		kept, points, err := h.index.Tally(h.Context(), p.owner)
		if err != nil || kept != points {
			h.Errorf("%s: %d items, %d of them in the index, %v", p.name, kept, points, err)
		}
		all += kept
	}
	if n := len(h.server.Points("household")); n != all {
		h.Errorf("%d items, %d points", all, n)
	}
}

func newHousehold(t *testing.T, server *qdranttest.Server) *household {
	t.Helper()
	h := &household{T: t, home: newHome(t), server: server, dir: t.TempDir(), random: rand.New(rand.NewPCG(1, 7))} //nolint:gosec // repeatable
	h.open()
	for i, name := range []string{"ana", "ben", "chloe", "david", "emma"} {
		o, err := memory.OwnerOf(name)
		if err != nil {
			t.Fatal(err)
		}
		h.people = append(h.people, &person{
			name: name, lang: []string{"fr", "en"}[i%2], owner: o,
			known: map[string]bool{}, gone: map[string]bool{}, private: map[string]bool{},
		})
	}
	return h
}

// open starts the memory, again where it ran before.
func (h *household) open() {
	h.Helper()
	h.close()
	store, err := embedded.Open(h.dir)
	if err != nil {
		h.Fatal(err)
	}
	h.Cleanup(func() { _ = store.Close() })
	h.store = store
	h.Talk.Memory = memory.New(memory.Options{Store: h.indexed(store), Now: func() time.Time { return h.now }})
}

func (h *household) close() {
	h.Helper()
	err := h.store.Close()
	if h.index != nil {
		err = errors.Join(err, h.index.Close())
	}
	if err != nil {
		h.Fatal(err)
	}
}

// indexed has the index find candidates in a store, where there is one.
func (h *household) indexed(store *embedded.Store) memory.Store {
	h.Helper()
	if h.server == nil {
		return store
	}
	var err error
	h.index, err = qdrant.New(qdrant.Options{
		Truth: store, Home: "home", Dial: h.server.Dial(), SearchWithin: 10 * time.Second,
		Server: qdrant.Server{URL: qdranttest.URL, Key: qdranttest.Key, Collection: "household"},
	})
	if err != nil {
		h.Fatal(err)
	}
	return h.index
}

// word is one that nobody else says.
func (h *household) word() string {
	h.words++
	letters := "bdfgklmnprtvz"
	var b strings.Builder
	for n := h.words; b.Len() < 12; n = n/len(letters) + 5*h.words {
		b.WriteByte(letters[n%len(letters)])
		b.WriteByte("aeiou"[(n+b.Len())%5])
	}
	return b.String() + fmt.Sprint(h.words)
}

func (p *person) in(fr, en string, args ...any) string {
	if p.lang == "fr" {
		return fmt.Sprintf(fr, args...)
	}
	return fmt.Sprintf(en, args...)
}

// act is one thing that a person does.
func (h *household) act(p *person) {
	h.Helper()
	switch n := h.random.IntN(20); {
	case n < 5:
		w := h.word()
		h.hear(p, h.tellAs(p, p.in("souviens-toi que le mot est %s", "remember that the word is %s", w), nil))
		p.known[w] = true
	case n < 8:
		w := h.word()
		h.hear(p, h.tellAs(p, p.in("je suis allergique au %s", "I'm allergic to %s", w), nil))
		p.known[w] = true
	case n < 10: // a correction
		w := "Ville" + h.word()
		h.hear(p, h.tellAs(p, p.in("en fait, j'habite à %s", "actually, I live in %s", w), nil))
		p.town = strings.ToLower(w)
	case n < 12: // private
		w := h.word()
		h.hear(p, h.tellAs(p, p.in("je suis allergique au %s", "I'm allergic to %s", w), func(t *turn.Turn) {
			t.Temporary, t.Remember = n == 10, false
		}))
		p.private[w] = true
	case n < 14:
		h.forgetOne(p)
	case n == 14:
		h.hear(p, h.tellAs(p, p.in("oublie ce que j'ai dit ce matin", "forget what I said this morning"), nil))
		h.settle(p)
	case n == 15:
		if _, err := h.Talk.Memory.Consolidate(h.Context(), p.owner, false); err != nil {
			h.Fatal(err)
		}
	case n == 16:
		h.open()
	case n == 17:
		if _, err := h.Talk.Memory.Reindex(h.Context(), p.owner); err != nil && !errors.Is(err, qdrant.ErrDown) {
			h.Fatal(err)
		}
	default:
		h.hear(p, h.tellAs(p, p.in("que sais-tu de moi ?", "what do you know about me?"), nil))
		h.hear(p, h.tellAs(p, p.in("pourquoi tu crois ça ?", "why do you think so?"), nil))
	}
}

func (h *household) tellAs(p *person, text string, change func(*turn.Turn)) string {
	h.Helper()
	tn := h.turn(p.name, p.lang, text)
	tn.Session = fmt.Sprintf("%s-%d", p.name, h.now.Hour())
	if change != nil {
		change(tn)
	}
	said, d := h.tell(h.T, tn)
	if d.State == turn.Failed {
		h.Errorf("%s said %q: %+v", p.name, text, d)
	}
	return said
}

// forgetOne forgets one thing that a person told.
func (h *household) forgetOne(p *person) {
	h.Helper()
	words := make([]string, 0, len(p.known))
	for w := range p.known {
		words = append(words, w)
	}
	if len(words) == 0 {
		return
	}
	slices.Sort(words)
	w := words[h.random.IntN(len(words))]
	said := h.tellAs(p, p.in("oublie tout ce que je t'ai dit sur %s", "forget everything I told you about %s", w), nil)
	if !strings.Contains(said, "memory.forgotten") {
		h.Errorf("%s could not forget %s: %q", p.name, w, said)
	}
	delete(p.known, w)
	p.gone[w] = true
}

// settle takes note of what is left after a time was forgotten.
func (h *household) settle(p *person) {
	h.Helper()
	left := h.all(p)
	for w := range p.known {
		if !strings.Contains(left, w) {
			delete(p.known, w)
			p.gone[w] = true
		}
	}
	if p.town != "" && !strings.Contains(left, p.town) {
		p.town = ""
	}
}

// all is everything that memory holds of a person.
func (h *household) all(p *person) string {
	h.Helper()
	var b bytes.Buffer
	if err := h.Talk.Memory.Export(h.Context(), p.owner, &b); err != nil {
		h.Fatal(err)
	}
	return strings.ToLower(b.String())
}

// hear checks that what a person hears is none of another's business.
func (h *household) hear(p *person, said string) {
	h.Helper()
	said = strings.ToLower(said)
	for _, other := range h.people {
		for _, words := range []map[string]bool{other.known, other.gone, other.private} {
			for w := range words {
				if (other != p || other.gone[w]) && strings.Contains(said, w) {
					h.Errorf("%s hears %s's %s in %q", p.name, other.name, w, said)
				}
			}
		}
	}
}

// check holds every memory to what must be true at any time.
func (h *household) check() {
	h.Helper()
	h.even()
	for _, p := range h.people {
		archive := h.all(p)
		for w := range p.known {
			if !strings.Contains(archive, w) {
				h.Errorf("%s's %s is lost", p.name, w)
			}
		}
		h.hear(p, archive)
		for w := range p.private {
			if strings.Contains(archive, w) {
				h.Errorf("%s's private %s is kept", p.name, w)
			}
		}
		h.counts(p, archive)
		if p.town != "" {
			all := strings.ToLower(h.tellAs(p, p.in("que sais-tu de moi ?", "what do you know about me?"), nil))
			if !strings.Contains(all, p.town) || strings.Count(all, "ville") != 1 {
				h.Errorf("%s lives in %s, and hears %q", p.name, p.town, all)
			}
		}
	}
}

// counts must be the same wherever they are told.
func (h *household) counts(p *person, archive string) {
	h.Helper()
	ctx := context.Background()
	c, err := h.Talk.Memory.Counts(ctx, p.owner)
	if err != nil {
		h.Fatal(err)
	}
	facts, err := h.Talk.Memory.Facts(ctx, p.owner, memory.FactFilter{})
	if err != nil {
		h.Fatal(err)
	}
	episodes, err := h.Talk.Memory.Episodes(ctx, p.owner, memory.EpisodeFilter{})
	if err != nil {
		h.Fatal(err)
	}
	_, d := h.tell(h.T, h.turn(p.name, p.lang, p.in("que sais-tu de moi ?", "what do you know about me?")))
	exported := strings.Count(archive, "\n{\"fact\":{")
	if c.Facts != len(facts) || len(d.Memory) != len(facts) || c.Facts+c.Past != exported || c.Episodes != len(episodes) || c.Episodes != strings.Count(archive, "\n{\"episode\":{") {
		h.Errorf("%s: counted %+v, listed %d facts and %d episodes, told %d, exported %d facts and %d episodes",
			p.name, c, len(facts), len(episodes), len(d.Memory), exported, strings.Count(archive, "\n{\"episode\":{"))
	}
}

// noBytes looks for what was forgotten or private in every file.
func (h *household) noBytes() {
	h.Helper()
	h.close()
	files, err := filepath.Glob(filepath.Join(h.dir, "*"))
	if err != nil || len(files) < len(h.people) {
		h.Fatal(files, err)
	}
	forgotten := 0
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			h.Fatal(err)
		}
		raw = bytes.ToLower(raw)
		for _, p := range h.people {
			for _, words := range []map[string]bool{p.gone, p.private} {
				for w := range words {
					forgotten++
					if bytes.Contains(raw, []byte(w)) {
						h.Errorf("%s's %s is still in %s", p.name, w, file)
					}
				}
			}
		}
	}
	if forgotten == 0 {
		h.Error("nothing was forgotten all day: the test proves nothing")
	}
}
