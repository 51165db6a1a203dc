package sdk_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/intent"
)

func TestSlotsThatNoOneDeclaredComeFromTheArguments(t *testing.T) {
	p := sdk.New("home", "1.0.0", "Home").
		Vocabulary("en", map[string]string{"the": "[the]"}, map[string]intent.List{"room": {Values: []intent.Value{{In: "kitchen", Out: "k"}}}}).
		Vocabulary("fr", map[string]string{"le": "(le|la)"}, nil)
	sdk.Tool(p, "light", "Light", func(context.Context, *sdk.Call, struct {
		Name  string  `json:"name"`
		Room  string  `json:"room,omitempty"`
		Mode  string  `json:"mode,omitempty" enum:"on,off"`
		Level int     `json:"level,omitempty" min:"0" max:"100"`
		Steps int     `json:"steps,omitempty" min:"0"`
		Share float64 `json:"share,omitempty" min:"0" max:"1"`
	},
	) (string, error) {
		return "", nil
	}, sdk.Say("en", "turn <the> {name} {mode}", "{room}"), sdk.SayWith("fr", map[string]any{"mode": "on"}, "allume <le> {name}"))
	m, err := p.Describe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got, err := sdk.Grammar(m)
	if err != nil {
		t.Fatal(err)
	}
	derived := func(room intent.List) map[string]intent.List {
		return map[string]intent.List{
			"name": {Wildcard: true}, "room": room,
			"mode":  {Values: []intent.Value{{In: "on", Out: "on"}, {In: "off", Out: "off"}}},
			"level": {Range: &intent.Range{From: 0, To: 100, Step: 1}},
			"steps": {Unusable: "a number in a sentence needs a smallest and a largest value; give the argument min and max"},
			"share": {Unusable: "a number in a sentence is a whole one; make the argument an integer with min and max"},
		}
	}
	english := derived(intent.List{Values: []intent.Value{{In: "kitchen", Out: "k"}}})
	rules := map[string]string{"the": "[the]"}
	want := []intent.Sentence{
		{Source: "home", Intent: "light", Lang: "en", Template: "turn <the> {name} {mode}", Lists: english, Rules: rules},
		{Source: "home", Intent: "light", Lang: "en", Template: "{room}", Lists: english, Rules: rules},
		{
			Source: "home", Intent: "light", Lang: "fr", Template: "allume <le> {name}", Slots: map[string]any{"mode": "on"},
			Lists: derived(intent.List{Wildcard: true}), Rules: map[string]string{"le": "(le|la)"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("sentences (-want +got):\n%s", diff)
	}
}

func TestAnArgumentThatNoSentenceCanSayIsRefusedWithItsReason(t *testing.T) {
	type args struct {
		Degrees int     `json:"degrees,omitempty" min:"0"`
		Share   float64 `json:"share,omitempty"`
		Loud    bool    `json:"loud,omitempty"`
	}
	for template, want := range map[string]string{
		"wash at {degrees}": "{degrees}: a number in a sentence needs a smallest and a largest value; give the argument min and max",
		"wash {share}":      "{share}: a number in a sentence is a whole one",
		"wash {loud}":       "{loud}: an argument that is a boolean can't be said",
		"wash {louder}":     "unknown list {louder}",
	} {
		p := sdk.New("laundry", "1.0.0", "Washes")
		sdk.Tool(p, "wash", "Wash", func(context.Context, *sdk.Call, args) (string, error) { return "", nil }, sdk.Say("en", template))
		m, err := p.Describe(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := sdk.Matcher(m); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error is %v, want %q", template, err, want)
		}
	}
}

func TestTheGrammarOfABrokenManifestIsAnError(t *testing.T) {
	m := &sdk.Manifest{ID: "x", Tools: []sdk.ToolSpec{{Name: "y", InputSchema: []byte(`[`)}}}
	if got, err := sdk.Grammar(m); err == nil {
		t.Errorf("grammar is %v", got)
	}
	m.Tools[0].InputSchema = nil
	if got, err := sdk.Grammar(m); err != nil || len(got) != 0 {
		t.Errorf("grammar of a tool without sentences is %v, %v", got, err)
	}
}
