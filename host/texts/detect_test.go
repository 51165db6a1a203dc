package texts

import (
	"os"
	"strings"
	"testing"
)

// utterances reads one file of test data.
func utterances(t *testing.T, name string) []string {
	t.Helper()
	raw, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(raw)), "\n")
}

// other is the language that an utterance is not in, so that a fallback can't
// be right by chance.
func other(lang string) string {
	if lang == French {
		return English
	}
	return French
}

// E18
func TestShortUtterancesTellTheirLanguage(t *testing.T) {
	const least, right = 120, 0.97
	for _, lang := range []string{French, English} {
		all := utterances(t, "detect_"+lang+".txt")
		if len(all) < least {
			t.Errorf("%d utterances in %s, want at least %d", len(all), lang, least)
		}
		var missed []string
		for _, u := range all {
			if Detect(u, other(lang)) != lang {
				missed = append(missed, u)
			}
		}
		share := 1 - float64(len(missed))/float64(len(all))
		t.Logf("%s: %.1f %% of %d; missed %q", lang, 100*share, len(all), missed)
		if share < right {
			t.Errorf("%s: only %.1f %% right", lang, 100*share)
		}
	}
}

func TestWhatTellsNoLanguageGetsTheFallback(t *testing.T) {
	for _, u := range []string{
		"", "a", "e", "é", "A", " z ", "?", "!!!", "12", "12:30", "stop", "Stop !", "ok", "OK", "menu", "radio", "film",
		"taxi", "Paris", "Marie", "Jarvis", "orange", "table", "train", "pause", "six", "volume", "😀", "🎲 6",
	} {
		for _, fallback := range []string{French, English} {
			if got := Detect(u, fallback); got != fallback {
				t.Errorf("Detect(%q, %s) = %s", u, fallback, got)
			}
		}
	}
}

func TestNoWordIsTheSureSignOfBothLanguages(t *testing.T) {
	for w, n := range telling()[French].words {
		if m := telling()[English].words[w]; m == n && n == weightFunction && w != "as" && w != "dont" && w != "me" {
			t.Errorf("%q counts %d for each language", w, n)
		}
	}
}

func FuzzDetectAnswersFrenchOrEnglish(f *testing.F) {
	for _, u := range []string{"l'", "'", "-", "rendez-vous", "\xff\xfe", strings.Repeat("a-", 300)} {
		f.Add(u)
	}
	f.Fuzz(func(t *testing.T, u string) {
		if got := Detect(u, English); got != French && got != English {
			t.Errorf("Detect(%q) = %q", u, got)
		}
	})
}
