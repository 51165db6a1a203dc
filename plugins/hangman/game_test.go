package hangman

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func play(t *testing.T, word string, letters string) (*Game, []Outcome) {
	t.Helper()
	g := NewGame(Word{Text: word, Category: "animaux"}, "fr", Normal)
	var out []Outcome
	for i := range len(letters) {
		out = append(out, g.GuessLetter(letters[i]))
	}
	return g, out
}

// E20: an E finds É, È and Ê, and the word keeps its accents.
func TestALetterFindsItsAccentedForms(t *testing.T) {
	g, out := play(t, "éléphant", "e")
	if out[0] != Hit || g.Mask() != "É _ É _ _ _ _ _" {
		t.Errorf("got %v, %s", out, g.Mask())
	}
}

// E20: six errors lose, and not one fewer.
func TestSixErrorsLose(t *testing.T) {
	g, out := play(t, "chat", "ezwkjq")
	want := []Outcome{Miss, Miss, Miss, Miss, Miss, Lost}
	if diff := cmp.Diff(want, out); diff != "" || !g.Over || g.Won || g.Left() != 0 {
		t.Errorf("%+v (-want +got):\n%s", g, diff)
	}
}

// E20: what was tried before costs nothing, a letter or a word, right or wrong.
func TestARepeatedGuessCostsNothing(t *testing.T) {
	g, out := play(t, "chat", "azaz")
	if diff := cmp.Diff([]Outcome{Hit, Miss, Repeated, Repeated}, out); diff != "" || g.Misses != 1 {
		t.Errorf("misses %d (-want +got):\n%s", g.Misses, diff)
	}
	if first, again := g.GuessWord("loup"), g.GuessWord("loup"); first != Miss || again != Repeated || g.Misses != 2 {
		t.Errorf("words: %s, %s, %d misses", first, again, g.Misses)
	}
}

func TestTheLastLetterAndTheWholeWordWin(t *testing.T) {
	g, out := play(t, "âne", "ane")
	if out[2] != Won || !g.Won || g.Mask() != "Â N E" {
		t.Errorf("got %v, %s", out, g.Mask())
	}
	g, _ = play(t, "éléphant", "e")
	if o := g.GuessWord("elephant"); o != Won || g.Secret() != "ÉLÉPHANT" {
		t.Errorf("got %s, %s", o, g.Secret())
	}
}

func TestAHintRevealsALetterOnceAndNeverTheLast(t *testing.T) {
	g, _ := play(t, "chat", "c")
	if letter, ok := g.Hint(); !ok || letter != 'h' || g.Mask() != "C H _ _" || g.Misses != 0 {
		t.Errorf("got %c %v, %s", letter, ok, g.Mask())
	}
	if _, ok := g.Hint(); ok {
		t.Error("there was a second hint")
	}
	if g, _ := play(t, "chat", "cha"); g.Left() != MaxMisses {
		t.Error("letters that are right cost something")
	} else if _, ok := g.Hint(); ok {
		t.Error("a hint gave the last letter away")
	}
}

func TestTheDrawingGrowsWithEachMiss(t *testing.T) {
	seen := map[string]bool{}
	g := NewGame(Word{Text: "chat"}, "fr", Normal)
	for range MaxMisses + 1 {
		seen[g.Drawing()] = true
		g.Misses++
	}
	if len(seen) != MaxMisses+1 {
		t.Errorf("%d different drawings, want %d", len(seen), MaxMisses+1)
	}
}

func TestWhatAnUtteranceMeansInAGame(t *testing.T) {
	for text, want := range map[string]guess{
		"e":                        {action: actLetter, text: "e", folded: "e"},
		"É !":                      {action: actLetter, text: "e", folded: "e"},
		"la lettre R":              {action: actLetter, text: "r", folded: "r"},
		"the letter z":             {action: actLetter, text: "z", folded: "z"},
		"Éléphant":                 {action: actWord, text: "elephant", folded: "elephant"},
		"c'est chat":               {action: actWord, text: "chat", folded: "chat"},
		"is it horse?":             {action: actWord, text: "horse", folded: "horse"},
		"indice":                   {action: actHint},
		"Statut":                   {action: actStatus},
		"j'abandonne":              {action: actGiveUp},
		"Give up.":                 {action: actGiveUp},
		"nouvelle partie":          {action: actRestart},
		"quel temps fait-il":       {text: "quel temps fait il"},
		"what time is it":          {text: "what time is it"},
		"7":                        {text: "7"},
		"a e i":                    {text: "a e i"},
		strings.Repeat("a b ", 99): {text: strings.TrimSpace(strings.Repeat("a b ", 99))},
	} {
		if diff := cmp.Diff(want, read(text), cmp.AllowUnexported(guess{})); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
	if !spelledOut("a, e, i") || spelledOut("e") || spelledOut("a cat") {
		t.Error("spelled-out letters are not told from words")
	}
}

func TestTheWordListsAreLargeCleanAndOfEveryDifficulty(t *testing.T) {
	all, err := LoadWords()
	if err != nil {
		t.Fatal(err)
	}
	for lang, w := range all {
		seen, kinds := map[string]bool{}, map[Difficulty]int{}
		for _, x := range w.all {
			if seen[x.Category+x.Text] {
				t.Errorf("%s: %q stands twice in %s", lang, x.Text, x.Category)
			}
			seen[x.Category+x.Text] = true
			kinds[difficultyOf(x.Text)]++
		}
		if len(w.all) < 400 || len(w.Categories()) < 5 {
			t.Errorf("%s: %d words in %d categories", lang, len(w.all), len(w.Categories()))
		}
		for _, d := range []Difficulty{Easy, Normal, Hard} {
			if kinds[d] < 50 {
				t.Errorf("%s: %d %s words", lang, kinds[d], d)
			}
			for n := range 20 {
				if x := w.Pick(d, "", func(n int) int { return n / 2 }); difficultyOf(x.Text) != d {
					t.Fatalf("%s: draw %d for %s is %q", lang, n, d, x.Text)
				}
			}
		}
	}
}

func TestABrokenWordListIsNamedByItsLine(t *testing.T) {
	for raw, want := range map[string]string{
		"chat chien":                 "line 1",
		"# x\nanimaux: chat cœur":    `line 2: "cœur"`,
		"animaux: chat abat-jour":    `"abat-jour"`,
		"animaux: chat\n\nfruits: a": "line 3",
	} {
		if _, err := parseWords(raw); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", raw, err, want)
		}
	}
}
