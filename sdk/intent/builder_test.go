package intent

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestABuildReportsEveryWrongSentence(t *testing.T) {
	tests := []struct{ template, want string }{
		{"allume {nam}", `column 8: unknown list {nam}; did you mean "name"?`},
		{"allume {quantity}", `column 8: unknown list {quantity}`},
		{"allume <lee>", `column 8: unknown rule <lee>; did you mean "le"?`},
		{"allume <loop>", "rule <loop> is part of itself"},
		{"allume <ping>", "rule <ping> is part of itself"},
		{"{x}", "match every utterance"},
		{"[s'il te plaît] {x} [!]", "match every utterance"},
		{"({x}|allume)", "match every utterance"},
		{"?!", "never match"},
		{"", "never match"},
		{"per(cent|cent)", `never match, not even "percent"`},
		{"<huge>", "grows past"},
	}
	b := NewBuilder()
	must(t, b.AddRule("fr", "le", "le "))
	must(t, b.AddRule("fr", "loop", "a [<loop>]"))
	must(t, b.AddRule("fr", "ping", "<pong>"))
	must(t, b.AddRule("fr", "pong", "<ping>"))
	must(t, b.AddRule("fr", "big0", "(a|b|c|d)"))
	for i := range 40 {
		must(t, b.AddRule("fr", fmt.Sprintf("big%d", i+1), fmt.Sprintf("<big%d><big%d>", i, i)))
	}
	must(t, b.AddRule("fr", "huge", "<big40>"))
	must(t, b.AddList("fr", "name", values("a")))
	must(t, b.AddList("fr", "x", wild()))
	for _, tt := range tests {
		single := *b
		single.drafts = map[string]*draft{"fr": {rules: b.drafts["fr"].rules, lists: b.drafts["fr"].lists}}
		must(t, single.Add(Sentence{Source: "plug", Intent: "I", Lang: "fr", Template: tt.template}))
		_, err := single.Build()
		var se *SentenceError
		if !errors.As(err, &se) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%q: %v, want a SentenceError with %q", tt.template, err, tt.want)
			continue
		}
		if se.Source != "plug" || se.Template != tt.template {
			t.Errorf("%q is blamed on %q of %s", tt.template, se.Template, se.Source)
		}
		must(t, b.Add(se.sentence()))
	}
	_, err := b.Build()
	joined, ok := errors.AsType[interface {
		error
		Unwrap() []error
	}](err)
	if !ok || strings.Count(joined.Error(), "\n") < 5 {
		t.Errorf("the faults are not reported together: %v", err)
	}
}

// sentence is the sentence that the error is about.
func (e *SentenceError) sentence() Sentence {
	return Sentence{Source: e.Source, Intent: e.Intent, Lang: e.Lang, Template: e.Template}
}

func TestAddingNamesWhatIsWrong(t *testing.T) {
	b := NewBuilder()
	must(t, b.AddRule("fr", "a", "b"))
	must(t, b.AddList("fr", "a", wild()))
	tests := []struct {
		err  error
		want string
	}{
		{b.AddRule("fr", "a", "c"), "added before"},
		{b.AddRule("fr", "b", "(c"), "column 3"},
		{b.AddList("fr", "a", wild()), "added before"},
		{b.AddList("fr", "b", List{}), "exactly one of"},
		{b.AddList("fr", "b", List{Wildcard: true, Values: []Value{}}), "exactly one of"},
		{b.AddList("fr", "b", List{Range: &Range{From: 2, To: 1}}), "holds no number"},
		{b.AddList("fr", "b", List{Range: &Range{To: 1 << 40}}), "leaves"},
		{b.AddList("fr", "b", List{Range: &Range{Step: -1}}), "negative"},
		{b.AddList("fr", "b", List{Range: &Range{Fractions: "thirds"}}), "neither halves nor tenths"},
		{b.AddList("fr", "b", List{Range: &Range{NoDigits: true, NoWords: true}}), "neither digits nor words"},
		{b.Add(Sentence{Source: "s", Intent: "i", Lang: "fr", Template: "(a"}), `s: sentence "(a" (fr) of i: column 3`},
	}
	for _, tt := range tests {
		if tt.err == nil || !strings.Contains(tt.err.Error(), tt.want) {
			t.Errorf("%v, want %q", tt.err, tt.want)
		}
	}
}

func TestAListsValuesAreChecked(t *testing.T) {
	for in, want := range map[string]string{
		"(a":                       "column 3",
		"?":                        "no word",
		"{x}":                      "a list inside a list's value",
		"<who>":                    "unknown rule <who>",
		strings.Repeat("(a|b)", 9): "more than 256",
		strings.Repeat("a", 300):   "longer than 256",
	} {
		b := NewBuilder()
		must(t, b.AddList("fr", "x", values(in)))
		must(t, b.Add(Sentence{Lang: "fr", Template: "allume {x}"}))
		if _, err := b.Build(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("value %.20q: %v, want %q", in, err, want)
		}
	}
}

func TestASentencesOwnListsAndRulesComeFirst(t *testing.T) {
	b := NewBuilder()
	must(t, b.AddList("fr", "x", values("commun")))
	must(t, b.AddRule("fr", "r", "commune {x}"))
	must(t, b.Add(Sentence{Source: "a", Lang: "fr", Template: "a <r>"}))
	must(t, b.Add(Sentence{
		Source: "b", Lang: "fr", Template: "b <r>",
		Lists: map[string]List{"x": values("propre")},
	}))
	must(t, b.Add(Sentence{
		Source: "c", Lang: "fr", Template: "c <r>", Rules: map[string]string{"r": "à soi"},
	}))
	m, err := b.Build()
	must(t, err)
	for text, want := range map[string]int{
		"a commune commun": 1, "a commune propre": 0, "b commune propre": 1, "b commune commun": 0, "c à soi": 1,
	} {
		if got := len(m.Match("fr", text)); got != want {
			t.Errorf("%q: %d matches, want %d", text, got, want)
		}
	}
}

func TestABuilderGoesOnAfterABuild(t *testing.T) {
	b := NewBuilder()
	must(t, b.Add(Sentence{Lang: "fr", Template: "a"}))
	first, err := b.Build()
	must(t, err)
	must(t, b.Add(Sentence{Lang: "fr", Template: "b"}))
	second, err := b.Build()
	must(t, err)
	if first.Match("fr", "b") != nil || second.Match("fr", "b") == nil || second.Match("fr", "a") == nil {
		t.Error("builds are not independent")
	}
}
