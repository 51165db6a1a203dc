package analysis_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/host/memory/analysis"
)

func TestTermsAreStemsWithoutAccentsAndStopWords(t *testing.T) {
	for text, want := range map[string][]string{
		"I went to the Museum with my children":        {"go", "museum", "child"},
		"Caroline's dogs aren't running":               {"carolin", "dog", "run"},
		"J'habite à l'hôpital depuis 2019":             {"habit", "hopital", "2019"},
		"Les chevaux mangent des pommes chez Éléonore": {"cheval", "mangent", "pomm", "eleonor"},
		"": {},
	} {
		if diff := cmp.Diff(want, analysis.Terms(text, "")); diff != "" {
			t.Errorf("%q: %s", text, diff)
		}
	}
}

func TestTokensPointIntoTheText(t *testing.T) {
	text := "Hier, l’été à Orléans : d'Artagnan, l'œuf"
	for _, k := range analysis.Analyze(text, "fr").Tokens {
		if analysis.Fold(text[k.Start:k.End]) != k.Folded {
			t.Errorf("%q is not %q", text[k.Start:k.End], k.Folded)
		}
	}
}

func TestANameIsSeenWhereNoSentenceBegins(t *testing.T) {
	var proper []string
	for _, k := range analysis.Analyze("Yesterday I met Ana in Lyon. Great city!", "en").Tokens {
		if k.Proper {
			proper = append(proper, k.Word)
		}
	}
	if diff := cmp.Diff([]string{"ana", "lyon"}, proper); diff != "" {
		t.Error(diff)
	}
}

func FuzzAnalyze(f *testing.F) {
	f.Add("L’ été d'Aujourd'hui\xff ’’' 12h30")
	f.Fuzz(func(t *testing.T, text string) {
		for _, k := range analysis.Analyze(text, "").Tokens {
			if k.Start < 0 || k.End > len(text) || k.Start > k.End {
				t.Fatalf("token %+v outside of %q", k, text)
			}
		}
	})
}
