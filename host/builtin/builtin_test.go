package builtin

import (
	"errors"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the test does not depend on the machine's

	"go.yaml.in/yaml/v3"

	"github.com/jarvis-host/jarvis/host/texts"
	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/intent"
)

func tools1() *sdk.Plugin {
	return New(Options{
		ID: "jarvis", Version: "1.0.0", Words: texts.Get, FormatTime: texts.FormatTime, FormatDate: texts.FormatDate,
		Now:       func() time.Time { return time.Date(2026, 11, 24, 23, 30, 0, 0, time.UTC) },
		Remembers: true, Manifests: func() []*sdk.Manifest {
			return []*sdk.Manifest{{ID: "game", Tools: []sdk.ToolSpec{{Name: "start", Sentences: []sdk.Sentences{
				{Lang: "fr", Examples: []sdk.Example{{Text: "jouons"}}}, {Lang: "en", Examples: []sdk.Example{{Text: "let's play"}}},
			}}}}}
		},
	})
}

func matcher(t *testing.T) *intent.Matcher {
	t.Helper()
	m, err := tools1().Describe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sentences, err := sdk.Grammar(m)
	if err != nil {
		t.Fatal(err)
	}
	b := intent.NewBuilder()
	for _, s := range sentences {
		if err := b.Add(s); err != nil {
			t.Fatal(err)
		}
	}
	built, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return built
}

// E16: time, date and help are understood without a model.
func TestWhatIsSaidReachesTheTools(t *testing.T) {
	m := matcher(t)
	for lang, said := range map[string]map[string]string{
		"fr": {
			"quelle heure est-il ?": "time", "Il est quelle heure": "time", "tu as l’heure s'il te plaît ?": "time", "quelle heure il est": "time",
			"quel jour sommes-nous ?": "date", "on est quel jour": "date", "quelle est la date d'aujourd'hui": "date", "on est le combien": "date",
			"que sais-tu faire ?": "help", "qu'est-ce que tu sais faire": "help", "aide": "help", "comment ça marche ?": "help", "comment ca marche": "help",
		},
		"en": {
			"what time is it?": "time", "What's the time please": "time", "tell me the time": "time",
			"what's the date?": "date", "what day is it today": "date", "today's date": "date",
			"what can you do?": "help", "help": "help", "help me please": "help", "how does this work?": "help",
		},
	} {
		for text, want := range said {
			got := m.Match(lang, text)
			if len(got) == 0 || got[0].Intent != want {
				t.Errorf("%s %q: %+v, want %s", lang, text, got, want)
			}
		}
	}
	for _, text := range []string{"combien de temps", "longtemps", "le temps passe", "jeudi", "il était une heure", "help me write a poem", "what time does the train leave", "a date with destiny", "aide-moi à écrire"} {
		for _, lang := range []string{"fr", "en"} {
			if got := m.Match(lang, text); len(got) > 0 {
				t.Errorf("%s %q calls %s", lang, text, got[0].Intent)
			}
		}
	}
}

func answer(t *testing.T, name, lang, zone, args string) string {
	t.Helper()
	return said(t, tools1(), &sdk.Invocation{Tool: name, Args: []byte(args), Info: sdk.CallInfo{Locale: lang, TimeZone: zone}})
}

func said(t *testing.T, p *sdk.Plugin, in *sdk.Invocation) string {
	t.Helper()
	for ev, err := range p.Invoke(t.Context(), in) {
		if err != nil {
			t.Fatal(err)
		}
		if r, ok := ev.(sdk.Result); ok {
			return r.Text
		}
	}
	t.Fatalf("%s has no result", in.Tool)
	return ""
}

func TestTheToolsAnswerInThePersonsLanguageAndZone(t *testing.T) {
	for _, tc := range []struct{ name, lang, zone, args, want string }{
		{"time", "fr", "Europe/Paris", "", "0 h 30"},
		{"time", "en", "America/New_York", "", "6:30"},
		{"time", "fr", "Europe/Paris", `{"place":"corée du sud"}`, "corée du sud : il est 8 h 30, mercredi 25 novembre 2026."},
		{"time", "en", "Europe/Paris", `{"place":"Los Angeles"}`, "Los Angeles: it's 3:30"},
		{"date", "fr", "Europe/Paris", "", "mercredi 25 novembre 2026"},
		{"date", "en", "UTC", "", "Tuesday 24 November 2026"},
		{"date", "fr", "Europe/Paris", `{"day":"tomorrow"}`, "Demain, nous serons le jeudi 26 novembre 2026."},
		{"date", "en", "UTC", `{"day":"yesterday"}`, "Yesterday was Monday 23 November 2026."},
		{"week", "fr", "UTC", "", "semaine 48"},
		{"help", "fr", "UTC", "", "« jouons »\n- « quelle heure est-il »"},
		{"help", "en", "UTC", "", "“let's play”\n- “what time is it” · “what's the date” · “what did you just do?”\n- “remember that I like tea”"},
	} {
		if got := strings.ReplaceAll(answer(t, tc.name, tc.lang, tc.zone, tc.args), "\u00a0", " "); !strings.Contains(got, tc.want) {
			t.Errorf("%s %s %s: %q, want %q in it", tc.name, tc.lang, tc.zone, got, tc.want)
		}
	}
}

func TestAnUnknownPlaceIsNamed(t *testing.T) {
	for _, err := range tools1().Invoke(t.Context(), &sdk.Invocation{Tool: "time", Args: []byte(`{"place":"Atlantis"}`), Info: sdk.CallInfo{Locale: "fr"}}) {
		if e, ok := errors.AsType[*sdk.Error](err); err != nil && (!ok || e.Code != sdk.CodeNotFound || !strings.Contains(e.Message, "« Atlantis »")) {
			t.Errorf("%v", err)
		}
	}
}

// Every place that the sentences know has a zone.
func TestEveryPlaceHasAZone(t *testing.T) {
	zones := loadZones()
	for _, name := range []string{"sentences/fr.yaml", "sentences/en.yaml"} {
		data, err := sentenceFiles.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var file struct {
			Lists struct {
				Place struct {
					Values []string `yaml:"values"`
				} `yaml:"place"`
			} `yaml:"lists"`
		}
		if err := yaml.Unmarshal(data, &file); err != nil {
			t.Fatal(err)
		}
		if len(file.Lists.Place.Values) < 100 {
			t.Errorf("%s has %d places", name, len(file.Lists.Place.Values))
		}
		for _, place := range file.Lists.Place.Values {
			if zones[texts.Fold(place)] == nil {
				t.Errorf("%s: %s has no zone", name, place)
			}
		}
	}
}
