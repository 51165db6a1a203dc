package intent

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSamplesAreAllUtterancesOfASmallTemplate(t *testing.T) {
	v := Vocabulary{
		Lang:  "fr",
		Lists: map[string]List{"x": wild(), "c": values("bleu[e]", "vert"), "none": values(), "w": {Range: &Range{To: 2, NoDigits: true}}},
		Rules: map[string]string{"le": "(le |l')", "loop": "<loop>"},
	}
	tests := map[string][]string{
		"a[ b]":            {"a", "a b"},
		"<le>on":           {"l'on", "le on"},
		"(a;b)":            {"a b", "b a"},
		"dis {x:what}":     {"dis what"},
		"{c}":              {"bleue", "vert"},
		"{0..10,5:n} km":   {"0 km", "10 km", "5 km"},
		"{w}":              {"deux", "un", "zéro"},
		"a {none}":         nil,
		"a (b|{none}|<x>)": {"a b"},
		"<loop>":           nil,
		`\[a\]`:            {"[a]"},
	}
	for template, want := range tests {
		n, err := Parse(template)
		must(t, err)
		got := Sample(n, v, 100)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", template, diff)
		}
	}
}

func TestSamplesOfALargeTemplateAreFewDifferentAndSpread(t *testing.T) {
	n, err := Parse("(a|b|c|d)(a|b|c|d)(a|b|c|d)(a|b|c|d)(a|b|c|d)(a|b|c|d)[x][y](1;2;3;4;5)")
	must(t, err)
	got := Sample(n, Vocabulary{}, 20)
	firsts := map[byte]bool{}
	for _, s := range got {
		firsts[s[0]] = true
	}
	if len(got) != 20 || len(firsts) != 4 || len(slices.Compact(slices.Sorted(slices.Values(got)))) != 20 {
		t.Errorf("%d samples begin with %d letters: %q", len(got), len(firsts), got)
	}
	if diff := cmp.Diff(got, Sample(n, Vocabulary{}, 20)); diff != "" {
		t.Errorf("a second time is different:\n%s", diff)
	}
}
