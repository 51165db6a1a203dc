package intent

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const lightsYAML = `
language: fr
intents:
  TurnOn:
    data:
      - sentences:
          - "allume [<le>]{name} [à {brightness}[ ]%]"
          - "<le>{name} <on>"
        slots: {domain: light, level: 2}
        response: done
        metadata: {origin: here}
        requires_context: {domain: [light, switch]}
        excludes_context: {locked: true}
        lists:
          name:
            values:
              - in: "lampe[s]"
                out: light.salon
                context: {domain: light}
                metadata: {n: 1}
        expansion_rules: {on: "allumée"}
  Note:
    data:
      - sentences: ["note {text}"]
lists:
  name: {values: [radio]}
  text: {wildcard: true}
  brightness:
    range: {from: 0, to: 100, type: percentage, words: false}
expansion_rules:
  le: "(le |la |l')"
skip_words: ["mon brave"]
`

func TestAFileOfSentencesMatches(t *testing.T) {
	f, err := ParseYAML("lights.yaml", []byte(lightsYAML))
	must(t, err)
	b := NewBuilder()
	for _, s := range f.Sentences("home") {
		must(t, b.Add(s))
	}
	b.SetSkipWords(f.Lang, f.SkipWords...)
	m, err := b.Build()
	must(t, err)
	got := best(t, m, "fr", "allume la lampe à 50 % mon brave")
	if diff := cmp.Diff(map[string]any{"domain": "light", "level": 2, "name": "light.salon", "brightness": 50}, got.Slots); diff != "" {
		t.Error(diff)
	}
	if got.Intent != "TurnOn" || got.Source != "home" || got.Response != "done" || got.Metadata["origin"] != "here" {
		t.Errorf("%+v", got)
	}
	if diff := cmp.Diff("lampe[s]", got.Chosen["name"].In); diff != "" {
		t.Error(diff)
	}
	if m.MatchContext("fr", "allume la lampe", map[string]any{"locked": true}) != nil {
		t.Error("an excluded context matches")
	}
	if m.Match("fr", "allume la lampe à cinquante pour cent") != nil {
		t.Error("a range without words takes words")
	}
	if got := best(t, m, "fr", "note Radio Paris"); got.Slots["text"] != "Radio Paris" {
		t.Errorf("%+v", got)
	}
}

func TestAFilesFaultsNameTheirLines(t *testing.T) {
	tests := []struct{ name, yaml, want string }{
		{"unknown top key", "language: fr\nintent: {}\n", `f.yaml:2: unknown key "intent" in the file; did you mean "intents"?`},
		{"unknown group key", "language: fr\nintents:\n  A:\n    data:\n      - sentence: [a]\n        sentences: [b]\n", `f.yaml:5: unknown key "sentence" in an entry of A; did you mean "sentences"?`},
		{"unknown list key", "language: fr\nlists:\n  a:\n    valeus: [x]\n", `f.yaml:4: unknown key "valeus" in list {a}; did you mean "values"?`},
		{"unknown range key", "language: fr\nlists:\n  a:\n    range: {from: 1, too: 2}\n", `f.yaml:4: unknown key "too" in range; did you mean "to"?`},
		{"range without end", "language: fr\nlists:\n  a:\n    range: {from: 1}\n", `range has no "to"`},
		{"far from anything", "language: fr\nzzzzzz: 1\n", "f.yaml:2: unknown key \"zzzzzz\" in the file\n"},
		{"no language", "intents: {}\n", "f.yaml:1: language is missing"},
		{"empty", "", "the file is empty"},
		{"not YAML", "a: [", "read sentences f.yaml"},
		{"template", "language: fr\nintents:\n  A:\n    data:\n      - sentences:\n          - ok\n          - '(a'\n", `f.yaml:7: a sentence "(a": column 3`},
		{"rule", "language: fr\nexpansion_rules:\n  r: '[a'\n", `f.yaml:3: rule <r> "[a": column 3`},
		{"wrong shape", "language: fr\nintents: [a]\n", "f.yaml:2: intents is a list, expected keys and values"},
		{"wrong type", "language: fr\nlists:\n  a: {range: {from: x, to: 2}}\n", `f.yaml:3: from is the value "x", expected a whole number`},
		{"two kinds", "language: fr\nlists:\n  a: {wildcard: true, values: [x]}\n", "f.yaml:3: list {a}: a list has exactly one of"},
		{"twice", "language: fr\nlanguage: en\n", `stands twice in the file`},
		{"no sentences", "language: fr\nintents:\n  A:\n    data:\n      - slots: {a: 1}\n", "f.yaml:5: an entry of A has no sentences"},
		{"alias", "language: fr\nlists:\n  a: &a {wildcard: true}\n  b: *a\n", "f.yaml:4: list {b} is an alias"},
		{"slots", "language: fr\nintents:\n  A:\n    data:\n      - sentences: [a]\n        slots: [1]\n", "f.yaml:6: slots is a list, expected keys and values"},
		{"too large", strings.Repeat("#", maxFile+1), "expected at most"},
	}
	for _, tt := range tests {
		_, err := ParseYAML("f.yaml", []byte(tt.yaml))
		if err == nil || !strings.Contains(err.Error()+"\n", tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

func TestAFilesFaultsAreReportedTogether(t *testing.T) {
	_, err := ParseYAML("f.yaml", []byte("languag: fr\nlists:\n  a: {}\n  b: {wildcard: 3}\n"))
	if got := strings.Count(err.Error(), "f.yaml:"); got != 4 {
		t.Errorf("%d faults, want 4:\n%v", got, err)
	}
}
