package intent

import (
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestATemplateMatchesWhatItStandsForAndNothingElse(t *testing.T) {
	lists := map[string]List{
		"city": wild(), "item": wild(), "person": wild(),
		"name":  values("lampe[s] du salon", "cuisine", "aspirateur", "table (basse|haute)"),
		"color": values("red", "green", "dark blue"),
	}
	tests := []struct {
		lang, template string
		yes, no        []string
	}{
		{"fr", "allume", []string{"allume", "Allume !", "  allume "}, []string{"", "allumer", "allum", "allume tout", "rallume"}},
		{"en", "turn(s|ed|) [it] on", []string{"turn on", "turns on", "turned it on"}, []string{"turn it", "turning on", "turnson"}},
		{"fr", "<le>enjeu", []string{"l'enjeu", "L’ENJEU", "l enjeu", "le enjeu"}, []string{"enjeu", "lenjeu", "jeu"}},
		{"fr", "allume [<le>]{name}", []string{"allume l'aspirateur", "allume aspirateur", "allume les lampes du salon", "allume la table basse"}, []string{"allume", "allume table", "allume lasse"}},
		{"fr", "quel temps fait-il [à {city}]", []string{"quel temps fait-il", "quel temps fait il ?", "quel temps fait-il à Lyon"}, []string{"quel temps fait-il à", "quel temps fait-il Lyon"}},
		{"fr", "[s'il fait ][beau|froid] demain", []string{"demain", "beau demain", "s'il fait froid demain"}, []string{"beau froid demain"}},
		{"en", "(set;the light;to {color})", []string{"set the light to red", "to red set the light", "the light to dark blue set"}, []string{"set the light", "set set the light to red"}},
		{"en", "{color}ish", []string{"redish", "dark-blueish"}, []string{"red ish", "red"}},
		{"en", "the {color}(s|)", []string{"the reds", "the green"}, []string{"the reda"}},
		{"en", "{person}'s birthday", []string{"Anna's birthday", "anna maria’s birthday"}, []string{"s birthday", "birthday"}},
		{"en", "add {item} to [my|the] list", []string{"add milk to list", "add bread to toast to my list"}, []string{"add to my list", "add milk to my lists"}},
		{"en", "from {city} to {person}", []string{"from a to b", "from a b to c to d"}, []string{"from to b", "from a to"}},
		{"fr", "à {0..100:n}[ ]%", []string{"à 50 %", "à 50%", "à cinquante pour cent", "à 50 pourcent"}, []string{"à 101 %", "à 50"}},
		{"en", "run at {1..20:n}[ ]km", []string{"run at 10km", "run at 10 km"}, []string{"run at 10 k m"}},
		{"fr", `\(test\)`, []string{"test", "(test)"}, []string{"tests"}},
		{"fr", "a  b", []string{"a b", "a-b", "a'b"}, []string{"ab"}},
	}
	for _, tt := range tests {
		m := buildWith(t, tt.lang, lists, tt.template)
		for _, text := range tt.yes {
			if found := m.Match(tt.lang, text); len(found) == 0 || !found[0].Exact {
				t.Errorf("%q does not match %q exactly", text, tt.template)
			}
		}
		for _, text := range tt.no {
			if found := m.Match(tt.lang, text); len(found) > 0 {
				t.Errorf("%q matches %q with %v", text, tt.template, found[0].SlotText)
			}
		}
	}
}

func TestAWildcardKeepsTheOriginalSpelling(t *testing.T) {
	m := buildWith(t, "fr", map[string]List{"city": wild(), "song": wild(), "artist": wild()},
		"météo (à|de |d'){city}", "joue {song} de {artist}")
	tests := []struct {
		text string
		want map[string]string
	}{
		{"météo à São Paulo", map[string]string{"city": "São Paulo"}},
		{"METEO A São Paulo ?", map[string]string{"city": "São Paulo"}},
		{"météo à  L’Haÿ-les-Roses !", map[string]string{"city": "L’Haÿ-les-Roses"}},
		{"météo d'Annecy", map[string]string{"city": "Annecy"}},
		{"météo à Sa\u0303o Paulo", map[string]string{"city": "Sa\u0303o Paulo"}},
		{"météo à Lyon, s'il te plaît", map[string]string{"city": "Lyon"}},
		{"joue « La vie en rose » de É. Piaf.", map[string]string{"song": "La vie en rose", "artist": "É. Piaf"}},
		{"joue 50 % de nous deux de Moi", map[string]string{"song": "50 %", "artist": "nous deux de Moi"}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, best(t, m, "fr", tt.text).SlotText); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.text, diff)
		}
	}
}

// E19: words of everyday sentences contain the words that start plugins.
func TestNoPartOfAWordStartsAPlugin(t *testing.T) {
	m := buildWith(t, "fr", map[string]List{"city": wild(), "letter": wild()},
		"[on] (joue|jouons|jouer) [au] pendu", "[un|le] jeu [du pendu]", "pendu", "[lance] [un|le] jeu", "je joue", "lettre {letter}",
		"[quel] temps [fait-il] [à {city}]", "[<le>]météo [de|à|pour] [{city}]", "il pleut [à {city}]")
	for _, text := range []string{
		"rappelle-moi jeudi", "quel est l'enjeu", "je suis jeune", "combien de temps", "longtemps", "printemps",
		"Rappelle-moi, jeudi !", "quel est l’enjeu ?", "combien de temps ?", "au printemps",
	} {
		if found := m.Match("fr", text); found != nil {
			t.Errorf("%q starts %q", text, found[0].Template)
		}
	}
	for _, text := range []string{"un jeu", "jouons au pendu", "quel temps fait-il à Lyon", "la meteo"} {
		best(t, m, "fr", text)
	}
}

func TestTheBestMatchComesFirst(t *testing.T) {
	lists := map[string]List{"x": wild(), "y": wild(), "genre": values("jazz", "du jazz", "classique")}
	tests := []struct {
		name, text string
		templates  []string
		want       []string
	}{
		{"fewest wildcards", "play a by b", []string{"play {x} by {y}", "play {x}", "play a by {x}"}, []string{"play a by {x}", "play {x}", "play {x} by {y}"}},
		{"literal before list before wildcard", "joue jazz", []string{"joue {x}", "joue {genre}", "joue jazz"}, []string{"joue jazz", "joue {genre}", "joue {x}"}},
		{"most literal letters", "météo demain à Lyon", []string{"météo {x}", "météo demain à {x}"}, []string{"météo demain à {x}", "météo {x}"}},
		{"least wildcard text", "dis bonjour à Paul", []string{"dis {x} à [{y} ]aul", "dis {x}"}, []string{"dis {x}"}},
		{"order of adding", "stop", []string{"stop", "(stop|halte)", "[on] stop"}, []string{"stop", "(stop|halte)", "[on] stop"}},
	}
	for _, tt := range tests {
		var got []string
		for _, match := range buildWith(t, "fr", lists, tt.templates...).Match("fr", tt.text) {
			got = append(got, match.Template)
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s: %q (-want +got):\n%s", tt.name, tt.text, diff)
		}
	}
}

func TestAMatchTellsHowItCameAbout(t *testing.T) {
	m := buildWith(t, "fr", map[string]List{"city": wild(), "name": values("aspirateur")}, "météo à {city}", "allume l'{name}")
	got := best(t, m, "fr", "Météo à São Paulo")
	if !got.Exact || got.Wildcards != 1 || got.Literal != 6 || got.WildcardChars != 9 || got.Edits != 0 {
		t.Errorf("exact %v, wildcards %d, literal %d, wildcard characters %d, edits %d", got.Exact, got.Wildcards, got.Literal, got.WildcardChars, got.Edits)
	}
	got = best(t, m, "fr", "allume l'asiprateur")
	if got.Exact || got.Wildcards != 0 || got.Literal != 7 || got.Edits != 1 {
		t.Errorf("exact %v, wildcards %d, literal %d, edits %d", got.Exact, got.Wildcards, got.Literal, got.Edits)
	}
}

func TestOnlyValuesOfListsMayBeNearMisses(t *testing.T) {
	m := buildWith(t, "fr", map[string]List{
		"name": values("aspirateur", "lampe 1 du salon", "lampe 2 du salon", "radio", "chambre des enfants"), "text": wild(),
	}, "allume [<le>]{name}", "note {text}")
	tests := map[string]any{
		"allume l'aspirateru":           "aspirateur", // swapped
		"allume l'asprateur":            "aspirateur", // one less
		"allume l'aspirrateur":          "aspirateur", // one more
		"allume l'aspirotour":           nil,          // two in ten letters
		"allume l'ispirateur":           nil,          // the first letter
		"allume la lampe 1 du sallon":   "lampe 1 du salon",
		"allume la lampe 3 du salon":    nil,
		"allume la lampe du salon":      nil,
		"allume la radoi":               nil, // too short for a guess
		"allune la radio":               nil, // literal text
		"allume la chambre d'enfants":   "chambre des enfants",
		"allume la chambre dse enfantz": "chambre des enfants",
		"Allume la RADIO":               "radio",
	}
	for text, want := range tests {
		var got any
		if found := m.Match("fr", text); len(found) > 0 {
			got = found[0].Slots["name"]
		}
		if got != want {
			t.Errorf("%q: name = %v, want %v", text, got, want)
		}
	}
}

func TestPoliteWordsMayStandBetweenWords(t *testing.T) {
	m := buildWith(t, "fr", map[string]List{"city": wild(), "song": wild()}, "allume la lampe", "météo à {city}", "joue {song}", "merci jarvis")
	for _, text := range []string{
		"jarvis allume la lampe", "allume la lampe s'il te plaît", "dis Jarvis, allume s'il te plait la lampe STP !",
	} {
		if got := best(t, m, "fr", text); got.Template != "allume la lampe" {
			t.Errorf("%q matches %q", text, got.Template)
		}
	}
	wildcards := map[string]string{
		"jarvis météo à Lyon s'il te plaît": "Lyon", "météo à s'il te plaît Lyon": "Lyon", "joue please": "please",
		"joue please please me stp": "me", "joue Hey Jarvis de Bob": "de Bob",
	}
	for text, want := range wildcards {
		for _, got := range best(t, m, "fr", text).SlotText {
			if got != want {
				t.Errorf("%q: %q, want %q", text, got, want)
			}
		}
	}
	if got := best(t, m, "fr", "merci Jarvis"); got.Literal != 11 {
		t.Errorf("a sentence with a polite word of its own matched with %d letters", got.Literal)
	}
	if found := m.Match("fr", "s'il te plaît"); found != nil {
		t.Errorf("polite words alone match %q", found[0].Template)
	}
}

func TestPoliteWordsAreSetPerLanguage(t *testing.T) {
	b := NewBuilder()
	b.SetSkipWords("fr", "mon brave")
	must(t, b.Add(Sentence{Source: "a", Lang: "fr", Template: "allume"}))
	must(t, b.Add(Sentence{Source: "a", Lang: "en", Template: "lights"}))
	m, err := b.Build()
	must(t, err)
	for text, want := range map[string]int{"allume mon brave": 1, "allume stp": 0} {
		if got := len(m.Match("fr", text)); got != want {
			t.Errorf("%q: %d matches, want %d", text, got, want)
		}
	}
	best(t, m, "en", "lights please")
}

func TestSomeWordsMayOnlyOpenAnUtterance(t *testing.T) {
	b := NewBuilder()
	must(t, b.Add(Sentence{Source: "a", Lang: "fr", Template: "allume [la] lampe"}))
	must(t, b.Add(Sentence{Source: "a", Lang: "fr", Template: "note {text}", Lists: map[string]List{"text": {Wildcard: true}}}))
	m, err := b.Build()
	must(t, err)
	for text, want := range map[string]int{
		"bonjour, allume la lampe": 1, "euh dis donc allume lampe s'il te plaît": 1, "hé Jarvis, bonjour, allume la lampe": 1,
		"allume bonjour la lampe": 0, "allume la lampe bonjour": 0, "bonjour": 0, "bonjour dis": 0,
	} {
		if got := len(m.Match("fr", text)); got != want {
			t.Errorf("%q: %d matches, want %d", text, got, want)
		}
	}
	if got := best(t, m, "fr", "note bonjour tout le monde").Slots["text"]; got != "bonjour tout le monde" {
		t.Errorf("the words of a wildcard lost their first: %q", got)
	}
}

func TestSlotsHoldWhatTheListSays(t *testing.T) {
	b := NewBuilder()
	must(t, b.AddList("en", "room", List{Values: []Value{
		{In: "living[ ]room", Out: "area.living", Context: map[string]any{"floor": 0}}, {In: "bed[ ]room"}, {In: "kitchen"},
	}}))
	must(t, b.Add(Sentence{
		Source: "home", Intent: "on", Lang: "en", Template: "lights in {room} [{room:@said}]", Response: "done",
		Slots: map[string]any{"domain": "light", "room": "nowhere"}, Metadata: map[string]any{"k": "v"},
	}))
	m, err := b.Build()
	must(t, err)
	got := best(t, m, "en", "Lights in LivingRoom kitchen")
	if diff := cmp.Diff(map[string]any{"domain": "light", "room": "area.living"}, got.Slots); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"room": "LivingRoom", "said": "kitchen"}, got.SlotText); diff != "" {
		t.Error(diff)
	}
	if got.Asides["said"] != "kitchen" || got.Context["floor"] != 0 || got.Response != "done" || got.Metadata["k"] != "v" || got.Intent != "on" {
		t.Errorf("asides %v, context %v, response %q, metadata %v", got.Asides, got.Context, got.Response, got.Metadata)
	}
	if got := best(t, m, "en", "lights in Bed room").Slots["room"]; got != "Bed room" {
		t.Errorf("a value with several spellings and no Out gives %v", got)
	}
}

func TestValuesSaidAlikeGiveOneMatchEach(t *testing.T) {
	m := buildWith(t, "fr", map[string]List{"name": {Values: []Value{
		{In: "lampe", Out: "salon"}, {In: "Lampe", Out: "cuisine"}, {In: "radio", Out: "r"},
	}}}, "allume la {name}")
	var got []any
	for _, match := range m.Match("fr", "allume la lampe") {
		got = append(got, match.Slots["name"])
	}
	if diff := cmp.Diff([]any{"salon", "cuisine"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestListsAreSwappedWithoutTouchingTheOldMatcher(t *testing.T) {
	b := NewBuilder()
	must(t, b.AddList("fr", "name", List{Values: []Value{}}))
	own := map[string]List{"name": values("grille-pain")}
	must(t, b.Add(Sentence{Source: "a", Lang: "fr", Template: "allume {name}"}))
	must(t, b.Add(Sentence{Source: "b", Lang: "fr", Template: "éteins {name}", Lists: own}))
	old, err := b.Build()
	must(t, err)
	m := old.WithLists("fr", map[string]List{
		"name": values("Lampe (salon) [1]", "…"), "b/name": values("four"), "unknown": wild(),
	})
	for text, want := range map[string]int{
		"allume lampe salon 1": 1, "allume lampe": 0, "allume four": 0, "éteins four": 1, "éteins grille-pain": 0,
	} {
		if got := len(m.Match("fr", text)); got != want {
			t.Errorf("%q: %d matches, want %d", text, got, want)
		}
	}
	if old.Match("fr", "éteins grille-pain") == nil || old.Match("fr", "allume lampe salon 1") != nil {
		t.Error("the old matcher changed")
	}
	if got := best(t, m, "fr", "allume Lampe salon 1").Slots["name"]; got != "Lampe (salon) [1]" {
		t.Errorf("name = %v", got)
	}
}

func TestAListThatBecomesAWildcardTakesNoWholeCommand(t *testing.T) {
	m := buildWith(t, "fr", map[string]List{"name": values("a")}, "{name}", "allume {name}")
	m = m.WithLists("fr", map[string]List{"name": wild()})
	if found := m.Match("fr", "allume tout"); len(found) != 1 || found[0].Template != "allume {name}" {
		t.Errorf("found %v", found)
	}
}

func TestTheContextChoosesSentencesAndValues(t *testing.T) {
	b := NewBuilder()
	must(t, b.AddList("en", "name", List{Values: []Value{
		{In: "tv", Out: "media.tv", Context: map[string]any{"domain": "media"}},
		{In: "tv", Out: "switch.tv", Context: map[string]any{"domain": "switch"}},
	}}))
	add := func(intent, template string, requires, excludes map[string]any) {
		must(t, b.Add(Sentence{Source: "home", Intent: intent, Lang: "en", Template: template, Requires: requires, Excludes: excludes}))
	}
	add("switch", "turn on {name}", map[string]any{"domain": []any{"switch", "light"}}, nil)
	add("media", "turn on {name}", nil, map[string]any{"domain": "switch"})
	add("here", "lights", map[string]any{"area": map[string]any{"value": nil, "slot": true}}, nil)
	m, err := b.Build()
	must(t, err)
	var got []any
	for _, match := range m.Match("en", "turn on tv") {
		got = append(got, match.Intent, match.Slots["name"])
	}
	if diff := cmp.Diff([]any{"switch", "switch.tv", "media", "media.tv"}, got); diff != "" {
		t.Error(diff)
	}
	if found := m.Match("en", "lights"); found != nil {
		t.Errorf("a sentence matched without the context it requires: %v", found)
	}
	found := m.MatchContext("en", "lights", map[string]any{"area": "kitchen"})
	if len(found) != 1 || found[0].Slots["area"] != "kitchen" {
		t.Errorf("with an area: %v", found)
	}
}

func TestAMatcherServesManyAtOnce(t *testing.T) {
	m := buildWith(t, "fr", map[string]List{"city": wild()}, "météo à {city}", "allume {0..100:n} lampes")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				best(t, m, "fr", "meteo a lyon")
				best(t, m, "fr", "allume vingt lampes")
				m.Clashes(3)
				m.WithLists("fr", map[string]List{"city": {Range: &Range{From: 1, To: 2, WordsLang: "en"}}})
			}
		})
	}
	wg.Wait()
}

func TestWhatIsTooLongOrUnknownMatchesNothing(t *testing.T) {
	m := buildWith(t, "fr", map[string]List{"x": wild()}, "note {x}")
	for lang, text := range map[string]string{
		"fr": "note " + strings.Repeat("a", MaxUtterance), "de": "note a",
	} {
		if m.Match(lang, text) != nil {
			t.Errorf("a text of %d bytes in %s matches", len(text), lang)
		}
	}
	if got := best(t, m, "FR_fr", "note "+strings.Repeat("a ", 2000)); got.WildcardChars != 3999 {
		t.Errorf("a long wildcard has %d characters", got.WildcardChars)
	}
}
