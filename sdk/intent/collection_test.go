package intent

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// home is a collection as people keep them: lists and rules in one file,
// sentences in others, another language beside them.
var home = fstest.MapFS{
	"de/common.yaml": {Data: []byte(`
language: de
settings: {filter_with_regex: false}
responses: {errors: {no_intent: "Wie bitte?"}}
skip_words: [bitte, mal]
lists:
  area: {values: [{in: "Küche", out: kitchen, context: {floor: ground}}, {in: "(Bad|Badezimmer)", out: bathroom}]}
  name: {values: [{in: Stehlampe, out: lamp, context: {domain: light}}, {in: Tor, out: gate, context: {domain: cover}}]}
  brightness: {range: {from: 0, to: 100, type: percentage}}
  song: {wildcard: true}
expansion_rules:
  the: "(der|die|das|den) "
`)},
	"de/light.yaml": {Data: []byte(`
language: de
intents:
  LightSet:
    data:
      - sentences: ["<the>{name} auf {brightness}[ ][%| Prozent]"]
        requires_context: {domain: light}
        metadata: {kind: one}
      - sentences: ["Licht [im] {area} auf {brightness}[%]"]
        slots: {domain: light}
  Here:
    data:
      - sentences: ["Licht an"]
        requires_context: {area: {slot: true}}
        excludes_context: {mode: night}
`)},
	"de/more/play.json": {Data: []byte(`{"language": "de", "intents": {"Play": {"data": [
		{"sentences": ["spiele {song}", "{song}wiedergabe"], "required_keywords": ["spiele", "Musikwiedergabe"]}]},
		"Guest": {"data": [{"sentences": ["{guest} kommt"], "name_domains": ["person"]}]}}}`)},
	"en/light.yaml": {Data: []byte("language: en\nintents: {On: {data: [{sentences: [light on]}]}}\n")},
	"README.md":     {Data: []byte("not a file of sentences")},
}

func germanHome(t *testing.T) *Matcher {
	t.Helper()
	c, err := ReadCollection(home, "de")
	if err != nil {
		t.Fatal(err)
	}
	b := NewBuilder()
	undeclared, err := c.AddTo(b, "home")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"guest"}, undeclared); diff != "" {
		t.Errorf("undeclared lists (-want +got):\n%s", diff)
	}
	m, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return m.WithLists("de", map[string]List{"guest": {Values: []Value{{In: "Tante Ida", Out: "ida"}}}})
}

func TestACollectionOfFilesIsOneGrammar(t *testing.T) {
	m := germanHome(t)
	for _, c := range []struct {
		text    string
		context map[string]any
		intent  string
		slots   map[string]any
	}{
		{"Die Stehlampe auf 40 %!", nil, "LightSet", map[string]any{"name": "lamp", "brightness": 40}},
		{"die Stehlampe bitte auf vierzig Prozent", nil, "LightSet", map[string]any{"name": "lamp", "brightness": 40}},
		{"das Tor auf 40%", nil, "", nil}, // a cover has no brightness
		{"Licht im Badezimmer auf einundzwanzig", nil, "LightSet", map[string]any{"area": "bathroom", "brightness": 21, "domain": "light"}},
		{"licht an", nil, "", nil},
		{"licht an", map[string]any{"area": "kitchen"}, "Here", map[string]any{"area": "kitchen"}},
		{"licht an", map[string]any{"area": "kitchen", "mode": "night"}, "", nil},
		{"spiele Für Elise", nil, "Play", map[string]any{"song": "Für Elise"}},
		{"Musikwiedergabe", nil, "Play", map[string]any{"song": "Musik"}},
		{"Filmwiedergabe", nil, "", nil}, // none of the keywords is said
		{"Tante Ida kommt", nil, "Guest", map[string]any{"guest": "ida"}},
		{"light on", nil, "", nil},
	} {
		found := m.MatchContext("de", c.text, c.context)
		if c.intent == "" {
			if len(found) > 0 {
				t.Errorf("%q %v: got %s, want nothing", c.text, c.context, found[0].Intent)
			}
			continue
		}
		if len(found) == 0 || found[0].Intent != c.intent {
			t.Errorf("%q %v: got %+v, want %s", c.text, c.context, found, c.intent)
			continue
		}
		if diff := cmp.Diff(c.slots, found[0].Slots); diff != "" {
			t.Errorf("%q: slots (-want +got):\n%s", c.text, diff)
		}
	}
}

// D04: what is wrong with a file is said with its place and what was meant.
func TestWhatIsWrongInACollectionIsSaidWithItsPlace(t *testing.T) {
	_, err := ReadCollection(fstest.MapFS{"x/a.yaml": {Data: []byte("language: fr\nintents:\n  A:\n    data:\n      - sentences: [a]\n        requires_contxt: {}\n")}}, "fr")
	if err == nil || !strings.Contains(err.Error(), "x/a.yaml:6") || !strings.Contains(err.Error(), `"requires_context"`) {
		t.Errorf("got %v, want the file, the line and the nearest key", err)
	}
}

func TestOneBadSentenceDoesNotCostACollection(t *testing.T) {
	b := NewBuilder()
	for _, template := range []string{"good [one]", "bad {nothing}", "[{all}]"} {
		if err := b.Add(Sentence{Intent: "x", Lang: "en", Template: template}); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.AddList("en", "all", List{Wildcard: true}); err != nil {
		t.Fatal(err)
	}
	m, wrong := b.BuildGood()
	if len(wrong) != 2 {
		t.Errorf("got %v, want the two that are wrong", wrong)
	}
	if len(m.Match("en", "good one")) != 1 {
		t.Error("what is right does not match")
	}
}

// In scripts without spaces a word begins with every character.
func TestSpacesDoNotMatterWhereAScriptHasNone(t *testing.T) {
	b := NewBuilder()
	b.Set("zh", Settings{IgnoreSpaces: true})
	for name, l := range map[string]List{
		"area": {Values: []Value{{In: "厨房"}, {In: "iPad"}}}, "name": {Wildcard: true}, "n": {Range: &Range{From: 0, To: 100}},
	} {
		if err := b.AddList("zh", name, l); err != nil {
			t.Fatal(err)
		}
	}
	for _, template := range []string{"打开{area}的灯", "{name}计时器{n}分钟"} {
		if err := b.Add(Sentence{Intent: template, Lang: "zh", Template: template}); err != nil {
			t.Fatal(err)
		}
	}
	m, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]map[string]any{
		"打开厨房的灯":      {"area": "厨房"},
		"打开 厨房 的灯。":   {"area": "厨房"},
		"打开iPad的灯":    {"area": "iPad"},
		"煮蛋计时器五分钟":    {"name": "煮蛋", "n": 5},
		"煮蛋计时器九十九分钟":  {"name": "煮蛋", "n": 99},
		"煮蛋 计时器 12分钟": {"name": "煮蛋", "n": 12},
	} {
		found := m.Match("zh", text)
		if len(found) == 0 {
			t.Errorf("%s: nothing matches", text)
			continue
		}
		if diff := cmp.Diff(want, found[0].Slots); diff != "" {
			t.Errorf("%s: slots (-want +got):\n%s", text, diff)
		}
	}
}

func TestAWildcardEndsInsideAWordOnlyWhereTheTemplateSaysSo(t *testing.T) {
	b := NewBuilder()
	if err := b.AddList("sv", "name", List{Wildcard: true}); err != nil {
		t.Fatal(err)
	}
	for _, template := range []string{"stoppa {name}klocka", "starta {name} klocka"} {
		if err := b.Add(Sentence{Intent: template, Lang: "sv", Template: template}); err != nil {
			t.Fatal(err)
		}
	}
	m, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	if found := m.Match("sv", "stoppa äggklocka"); len(found) != 1 || found[0].Slots["name"] != "ägg" {
		t.Errorf("glued: got %+v, want name ägg", found)
	}
	if found := m.Match("sv", "starta äggklocka"); len(found) != 0 {
		t.Errorf("not glued: got %+v, want nothing", found)
	}
}

func TestBestPutsANamedValueFirst(t *testing.T) {
	b := NewBuilder()
	for name, l := range map[string]List{"name": {Values: []Value{{In: "lamp"}, {In: "lamp two"}}}, "any": {Wildcard: true}} {
		if err := b.AddList("en", name, l); err != nil {
			t.Fatal(err)
		}
	}
	for _, s := range []struct{ intent, template string }{{"B", "turn on the {any:name}"}, {"C", "turn {@any} {name}"}, {"A", "turn on the (lamp|lamp two)"}} {
		if err := b.Add(Sentence{Intent: s.intent, Lang: "en", Template: s.template}); err != nil {
			t.Fatal(err)
		}
	}
	m, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range Best(m.Match("en", "turn on the lamp two"), "name") {
		got = append(got, f.Intent)
	}
	if diff := cmp.Diff([]string{"C", "A", "B"}, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}
