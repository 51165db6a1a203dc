package sdk_test

import (
	"context"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/intent"
)

const french = `language: fr
intents:
  run:
    data:
      - sentences: ["lance <le> {what}"]
        slots: {speed: 2}
      - sentences: ["arrête"]
        requires_context: {area: {slot: true}}
        expansion_rules: {le: "l'"}
lists:
  what: {values: [{in: moteur, out: engine}]}
expansion_rules: {le: "(le|la)"}
`

func TestSentencesMayStandInFilesThatTranslatorsEdit(t *testing.T) {
	p := plain(says(""), sdk.Say("en", "run")).SentencesFS(fstest.MapFS{"s/fr.yaml": {Data: []byte(french)}}, "s/*.yaml")
	m, err := p.Describe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []sdk.Sentences{
		{Lang: "en", Patterns: []string{"run"}},
		{Lang: "fr", Patterns: []string{"lance <le> {what}"}, Slots: map[string]any{"speed": 2}},
		{Lang: "fr", Patterns: []string{"arrête"}, Rules: map[string]string{"le": "l'"}, Requires: map[string]any{"area": map[string]any{"slot": true}}},
	}
	if diff := cmp.Diff(want, m.Tools[0].Sentences); diff != "" {
		t.Errorf("sentences (-want +got):\n%s", diff)
	}
	vocabulary := []sdk.Vocabulary{{
		Lang: "fr", Rules: map[string]string{"le": "(le|la)"},
		Lists: map[string]intent.List{"what": {Values: []intent.Value{{In: "moteur", Out: "engine"}}}},
	}}
	if diff := cmp.Diff(vocabulary, m.Vocabulary); diff != "" {
		t.Errorf("vocabulary (-want +got):\n%s", diff)
	}
	all, err := sdk.Grammar(m)
	if err != nil || len(all) != 3 || all[1].Rules["le"] != "(le|la)" || all[2].Rules["le"] != "l'" || all[2].Requires == nil {
		t.Errorf("grammar is %+v, %v", all, err)
	}
}

func TestAToolThatIsRefusedIsNotMissedInItsSentences(t *testing.T) {
	p := sdk.New("x", "1.0.0", "X")
	sdk.Tool(p, "run", "Runs", func(context.Context, *sdk.Call, struct {
		N int `json:"n" maximum:"9"`
	},
	) (string, error) {
		return "", nil
	})
	p.SentencesFS(fstest.MapFS{"s/fr.yaml": {Data: []byte(french)}}, "s/*.yaml")
	if err := p.Err(); err == nil || strings.Contains(err.Error(), "sentences") || !strings.Contains(err.Error(), "did you mean max?") {
		t.Errorf("error is %v, want the tag alone", err)
	}
}

func TestFilesOfSentencesThatDoNotFitAreRefused(t *testing.T) {
	for want, file := range map[string]string{
		"intent fly: expected the name of a tool": "language: fr\nintents: {fly: {data: [{sentences: [vole]}]}}\n",
		"skip words concern":                      "language: fr\nskip_words: [stp]\nintents: {}\n",
		"s/fr.yaml:2":                             "language: fr\nintense: {}\n",
	} {
		err := plain(says("")).SentencesFS(fstest.MapFS{"s/fr.yaml": {Data: []byte(file)}}, "s/*.yaml").Err()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want %q", err, want)
		}
	}
}
