package rank_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jarvis-host/jarvis/host/memory/analysis"
	"github.com/jarvis-host/jarvis/host/memory/rank"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// talk makes passages of one session, with their neighbours and statistics.
func talk(texts ...string) ([]rank.Passage, *rank.Corpus) {
	c := &rank.Corpus{Passages: len(texts), Having: map[string]int{}, Speakers: []string{"Ana", "Bob"}}
	turns := make([]rank.Turn, len(texts))
	for i, text := range texts {
		turns[i] = rank.Turn{ID: fmt.Sprint(i), Speaker: c.Speakers[i%2], User: true, Text: text, Lang: "en", Terms: analysis.Terms(text, "en")}
		c.Length += float64(len(turns[i].Terms)) / float64(len(texts))
		for _, term := range slices.Compact(slices.Sorted(slices.Values(turns[i].Terms))) {
			c.Having[term]++
		}
	}
	var out []rank.Passage
	for i := range turns {
		p := rank.Passage{Turn: turns[i], Session: "s", At: noon}
		if i > 0 {
			p.Before = turns[i-1 : i]
		}
		if i+1 < len(turns) {
			p.After = turns[i+1 : i+2]
		}
		out = append(out, p)
	}
	return out, c
}

func first(t *testing.T, question string, texts ...string) string {
	t.Helper()
	passages, c := talk(texts...)
	q := rank.Ask(question, "en", noon)
	best, at := -1e9, 0
	for i, row := range rank.Rows(&q, c, passages) {
		if len(row) != len(rank.Names) {
			t.Fatalf("a row of %d, not %d", len(row), len(rank.Names))
		}
		if s := rank.Default().Score(row); s > best {
			best, at = s, i
		}
	}
	return texts[at]
}

func TestTheAnswerComesFirst(t *testing.T) {
	for question, texts := range map[string][]string{
		"Where did Ana buy the piano?": {"I bought an old piano at the flea market in Lille", "Nice, a piano!", "It rained all day", "My piano teacher was here"},
		"When did Bob go hiking?":      {"Let's go hiking some day", "I went hiking last Saturday with Tom", "Hiking is fun", "Indeed it is"},
	} {
		want := map[bool]string{true: texts[0], false: texts[1]}[question[0:5] == "Where"]
		if got := first(t, question, texts...); got != want {
			t.Errorf("%q: %q comes first", question, got)
		}
	}
}

func TestTheSameInputRanksTheSame(t *testing.T) {
	passages, c := talk("I bought an old piano", "Which one?", "The brown piano of my aunt", "It snows")
	q := rank.Ask("What did Ana buy?", "en", noon)
	want := fmt.Sprint(rank.Rows(&q, c, passages))
	for range 20 {
		if got := fmt.Sprint(rank.Rows(&q, c, passages)); got != want {
			t.Fatal("two rankings differ")
		}
	}
}

func TestNamesOfSpeakersAreNotLookedUpButAlone(t *testing.T) {
	_, c := talk("I like Bob's piano", "Me too")
	q := rank.Ask("Does Bob like the piano?", "en", noon)
	if terms, _ := q.Useful(c); slices.Contains(terms, "bob") || !slices.Contains(terms, "piano") {
		t.Errorf("looks up %q", terms)
	}
	q = rank.Ask("Bob?", "en", noon)
	if terms, _ := q.Useful(c); !slices.Contains(terms, "bob") {
		t.Errorf("looks up %q", terms)
	}
}

func TestAModelIsReadStrictly(t *testing.T) {
	m, err := rank.ReadModel([]byte(`{"linear":{"bm_own":2},"tree_weight":3,"trees":[["length",4,-1,["asks",0.5,1,2]]]}`))
	if err != nil {
		t.Fatal(err)
	}
	row := make([]float64, len(rank.Names))
	row[slices.Index(rank.Names, "bm_own")], row[slices.Index(rank.Names, "length")], row[slices.Index(rank.Names, "asks")] = 1, 5, 1
	if s := m.Score(row); s != 2+3*2 {
		t.Errorf("score %f", s)
	}
	if p := m.Parts(row, 5); len(p) != 1 || p[0].Feature != "bm_own" || p[0].Adds != 2 {
		t.Errorf("parts %+v", p)
	}
	for _, bad := range []string{`{`, `{"linear":{"nothing":1}}`, `{"trees":[["length",1,2]]}`, `{"trees":[["nothing",1,2,3]]}`, `{"trees":["x"]}`} {
		if _, err := rank.ReadModel([]byte(bad)); err == nil {
			t.Errorf("%s was read", bad)
		}
	}
}
