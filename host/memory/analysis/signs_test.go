package analysis_test

import (
	"slices"
	"testing"
	"time"

	"github.com/jarvis-host/jarvis/host/memory/analysis"
)

func TestDatesAreRead(t *testing.T) {
	for text, want := range map[string]analysis.Date{
		"What did Ana do on 8 May, 2023?":        {Year: 2023, Month: 5, Day: 8},
		"in July 2022":                           {Year: 2022, Month: 7},
		"Qu'ai-je dit le 3 août ?":               {Month: 8, Day: 3},
		"le 1er mars 2026":                       {Year: 2026, Month: 3, Day: 1},
		"May I ask?":                             {},
		"I may go to the beach":                  {},
		"January 12th":                           {Month: 1, Day: 12},
		"The year 2019 was fine, code 123456789": {Year: 2019},
	} {
		if got := analysis.Look(text, "").Date(); got != want {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
	}
}

func TestQuestionsAskForSomething(t *testing.T) {
	for text, want := range map[string]analysis.Kind{
		"When did she leave?": analysis.KindWhen, "Quand pars-tu ?": analysis.KindWhen, "What year was it?": analysis.KindWhen,
		"Where do I live?": analysis.KindWhere, "Où est la clé ?": analysis.KindWhere, "Who called?": analysis.KindWho,
		"Combien ça coûte ?": analysis.KindCount, "How many kids?": analysis.KindCount, "Why not?": analysis.KindWhy,
		"Quel livre ?": analysis.KindWhat, "Does he sing?": analysis.KindWhether, "Tell me": analysis.KindOther, "": analysis.KindOther,
	} {
		if got := analysis.Look(text, "").Kind(); got != want {
			t.Errorf("%q: kind %d, want %d", text, got, want)
		}
	}
}

func TestTimesAreSeenFromNow(t *testing.T) {
	now := time.Date(2026, 3, 1, 22, 0, 0, 0, time.FixedZone("here", 3600))
	for text, day := range map[string]int{"What did I say yesterday?": 28, "Qu'ai-je dit hier à 22 h ?": 28, "Today?": 1, "aujourd'hui": 1, "avant-hier": 27} {
		from, to, ok := analysis.Look(text, "").Relative(now)
		if !ok || from.Day() != day || from.Hour() != 0 || to.Sub(from) != 24*time.Hour {
			t.Errorf("%q: from %s to %s", text, from, to)
		}
	}
	if _, _, ok := analysis.Look("What is my name?", "").Relative(now); ok {
		t.Error("a time is seen where none is named")
	}
}

func TestKinCrossesLanguagesAndKinds(t *testing.T) {
	for _, c := range []struct {
		word, lang, kin string
		bond            analysis.Bond
	}{
		{"children", "en", "enfants", analysis.Same},
		{"voiture", "fr", "car", analysis.Same},
		{"dessert", "en", "cobbler", analysis.Below},
		{"son", "en", "family", analysis.Above},
	} {
		_, groups := analysis.Groups("about "+c.word, c.lang)
		want := slices.Concat(analysis.Terms(c.kin, "en"), analysis.Terms(c.kin, "fr"))
		if !slices.ContainsFunc(groups[len(groups)-1].Kin(), func(r analysis.Relative) bool { return r.Bond == c.bond && slices.Contains(want, r.Stem) }) {
			t.Errorf("%q is not kin of %q: %v", c.kin, c.word, groups[len(groups)-1].Kin())
		}
	}
}
