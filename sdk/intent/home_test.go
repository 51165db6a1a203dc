package intent

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// aHome is sentences and names as a home has them, in French.
const aHome = `
language: fr
expansion_rules:
  le: "(le |la |les |l')"
  dans: "(dans|du|de|des|à|au|aux|sur) [<le>]"
  allume: "(allume|allumer|allumez)"
  eteins: "(éteins|éteindre|éteignez)"
lists:
  brightness: {range: {from: 0, to: 100, type: percentage}}
  name:
    values:
      - {in: lampe de chevet, out: light.bedside, context: {domain: light}}
      - {in: "(plafonnier|lustre)", out: light.ceiling, context: {domain: light}}
      - {in: "guirlande[s]", out: light.garland, context: {domain: light}}
      - {in: "volet[s] roulant[s]", out: cover.shutter, context: {domain: cover}}
  area: {values: [{in: salon, out: living_room}, {in: "chambre[ des enfants]", out: kids}, {in: entrée, out: hall}]}
intents:
  on:
    data:
      - sentences: ["<allume> [<le>]{name}", "<allume> [<le>]{name} <dans>{area}"]
        requires_context: {domain: light}
      - sentences: ["<allume> [toutes ]<le>lumière[s] <dans>{area}"]
        slots: {domain: light}
  off:
    data:
      - sentences: ["<eteins> [<le>]{name}"]
        requires_context: {domain: light}
      - sentences: ["<eteins> <le>lumière[s] <dans>{area}", "<eteins> tout <dans>{area}"]
        slots: {domain: light}
  set:
    data:
      - sentences: ["(mets|règle) [<le>]{name} à {brightness}[ ][%| pour cent]", "<le>lumière[s] <dans>{area} à {brightness}[ ][%| pour cent]"]
        requires_context: {}
`

// E22, V04: a lamp is found by its name, its room or another name, in singular
// and plural, with per cent in words and signs, with commas, without accents,
// with elisions, and through what speech recognition makes of it.
func TestALampIsFoundHoweverPeopleSayIt(t *testing.T) {
	f, err := ParseYAML("home.yaml", []byte(aHome))
	if err != nil {
		t.Fatal(err)
	}
	b := NewBuilder()
	for _, s := range f.Sentences("home") {
		if err := b.Add(s); err != nil {
			t.Fatal(err)
		}
	}
	m, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	living, bedside := map[string]any{"area": "living_room", "domain": "light"}, map[string]any{"name": "light.bedside"}
	for text, want := range map[string]struct {
		intent string
		slots  map[string]any
	}{
		"Allume la lumière du salon":                        {"on", living},
		"allume les lumières du salon":                      {"on", living},
		"allume, s'il te plaît, la lumière, du salon":       {"on", living},
		"allume la lumiere de l'entree":                     {"on", map[string]any{"area": "hall", "domain": "light"}},
		"allume la lumière de l’entrée":                     {"on", map[string]any{"area": "hall", "domain": "light"}},
		"allumer la lampe de chevet":                        {"on", bedside},
		"allume lampe de chevet":                            {"on", bedside},
		"allume la lampe de chevets":                        {"on", bedside},
		"allume le lustre":                                  {"on", map[string]any{"name": "light.ceiling"}},
		"allume la guirlande":                               {"on", map[string]any{"name": "light.garland"}},
		"allume les guirlandes de la chambre des enfants":   {"on", map[string]any{"name": "light.garland", "area": "kids"}},
		"etein la lumière":                                  {"", nil}, // which room?
		"etein la lumière du salon":                         {"off", living},
		"éteint la lumière du salon":                        {"off", living},
		"état la lumière du salon":                          {"off", living},
		"et teins la lumière du salon":                      {"off", living},
		"mets la lampe de chevet à 40 %":                    {"set", map[string]any{"name": "light.bedside", "brightness": 40}},
		"mets la lampe de chevet à 40 pour cent":            {"set", map[string]any{"name": "light.bedside", "brightness": 40}},
		"mais la lampe de chevet à 40 pourcents":            {"set", map[string]any{"name": "light.bedside", "brightness": 40}},
		"règle la lampe de chevet à quarante-deux pourcent": {"set", map[string]any{"name": "light.bedside", "brightness": 42}},
		"la lumière du salon à vingt et un pour sang":       {"set", map[string]any{"area": "living_room", "brightness": 21}},
		"allume le volet roulant":                           {"", nil}, // a shutter is no lamp
		"j'ai éteint la lumière du salon":                   {"", nil},
	} {
		found := m.Match("fr", text)
		if want.intent == "" {
			if len(found) > 0 {
				t.Errorf("%q: got %s %v, want nothing", text, found[0].Intent, found[0].Slots)
			}
			continue
		}
		if len(found) == 0 || found[0].Intent != want.intent {
			t.Errorf("%q: got %+v, want %s", text, found, want.intent)
			continue
		}
		if diff := cmp.Diff(want.slots, found[0].Slots); diff != "" {
			t.Errorf("%q: slots (-want +got):\n%s", text, diff)
		}
	}
}

// V04: each row of the tables works, and none maps a word to itself.
func TestEveryMisheardWordIsHeard(t *testing.T) {
	for _, lang := range []string{"fr", "en"} {
		table := misheardOf(lang, languageOf(lang))
		if len(table) < 20 {
			t.Errorf("%s: the table has %d rows", lang, len(table))
		}
		for written, said := range table {
			for _, s := range said {
				b := NewBuilder()
				if err := b.Add(Sentence{Intent: "x", Lang: lang, Template: "zulu " + s + " zulu"}); err != nil {
					t.Fatal(err)
				}
				m, err := b.Build()
				if err != nil {
					t.Fatal(err)
				}
				found := m.Match(lang, "zulu "+written+" zulu")
				if len(found) != 1 || found[0].Misheard == "" && found[0].Exact {
					t.Errorf("%s: %q is not heard as %q: %+v", lang, written, s, found)
				}
			}
		}
	}
}
