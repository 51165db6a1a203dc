package texts

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBothLanguagesHaveTheSameKeysAndPlaceholders(t *testing.T) {
	fr, en := For(French), For(English)
	if d := cmp.Diff(fr.Keys(), en.Keys()); d != "" {
		t.Errorf("keys differ (-fr +en):\n%s", d)
	}
	for _, key := range fr.Keys() {
		f, e := fr.entries[key], en.entries[key]
		if d := cmp.Diff(placeholders(f), placeholders(e)); d != "" {
			t.Errorf("%s: placeholders differ (-fr +en):\n%s", key, d)
		}
		if (f.One == "") != (e.One == "") || (f.Bare == "") != (e.Bare == "") {
			t.Errorf("%s: forms differ: %+v, %+v", key, f, e)
		}
	}
}

// placeholders lists what an entry's main form is filled with.
func placeholders(e entry) []string {
	found := placeholder.FindAllString(e.Other, -1)
	slices.Sort(found)
	return slices.Compact(found)
}

func TestNoTextIsEmptyOrHasALooseBrace(t *testing.T) {
	for _, lang := range []string{French, English} {
		l := For(lang)
		for key, e := range l.entries {
			if strings.TrimSpace(e.Other) == "" {
				t.Errorf("%s %s is empty", lang, key)
			}
			for _, form := range []string{e.One, e.Other, e.Bare} {
				if rest := placeholder.ReplaceAllString(form, ""); strings.ContainsAny(rest, "{}") {
					t.Errorf("%s %s has a brace that is no placeholder: %q", lang, key, form)
				}
			}
			if placeholder.MatchString(e.Bare) {
				t.Errorf("%s %s: the bare form wants arguments", lang, key)
			}
		}
	}
}

func TestEveryCodeOfTheErrorTableHasASentenceThatNeedsNoArguments(t *testing.T) {
	codes := strings.Fields(`invalid unauthenticated forbidden not_found timeout conflict too_large
		unsupported rate_limited internal unavailable busy`)
	for _, lang := range []string{French, English} {
		for _, code := range codes {
			l := For(lang)
			if !l.Has("error." + code) {
				t.Errorf("%s has no sentence for %s", lang, code)
			}
			if got := l.Get("error." + code); strings.Contains(got, "  ") || !strings.HasSuffix(got, ".") {
				t.Errorf("%s %s without arguments is %q", lang, code, got)
			}
		}
	}
}

// E04
func TestTheOriginalsSixErrorsAreSaidInBothLanguages(t *testing.T) {
	want := map[string][2]string{
		"original.not_json":   {"Le message n'est pas du JSON valable.", "The message is not valid JSON."},
		"original.not_object": {"Le message doit être un objet JSON.", "The message must be a JSON object."},
		"original.missing":    {"Le champ « message » manque.", "The field “message” is missing."},
		"original.not_text":   {"Le champ « message » doit être du texte.", "The field “message” must be text."},
		"original.empty":      {"Le message est vide.", "The message is empty."},
		"original.too_long": {
			"Le message compte 4\u202f097 caractères ; le maximum est 4\u202f096.",
			"The message has 4,097 characters; the most is 4,096.",
		},
	}
	for key, w := range want {
		got := [2]string{Get(French, key, 4096, 4097), Get(English, key, 4096, 4097)}
		if d := cmp.Diff(w, got); d != "" {
			t.Errorf("%s: %s", key, d)
		}
	}
}

func TestFormsFollowTheNumberAndTheArguments(t *testing.T) {
	for _, c := range []struct {
		lang string
		args []any
		want string
	}{
		{French, []any{0}, "dans une seconde"},
		{French, []any{1}, "dans une seconde"},
		{French, []any{2}, "dans 2 secondes"},
		{English, []any{0}, "in 0 seconds"},
		{English, []any{1}, "in one second"},
		{English, []any{1500}, "in 1,500 seconds"},
		{French, nil, "dans un moment"},
		{English, nil, "in a moment"},
	} {
		if got := Get(c.lang, "error.rate_limited", c.args...); !strings.Contains(got, c.want) {
			t.Errorf("%s %v: %q does not say %q", c.lang, c.args, got, c.want)
		}
	}
}

func TestAnUnknownKeyIsNeverShown(t *testing.T) {
	if got, want := Get(French, "no.such.key", "secret"), Get(French, "error.internal"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAnUnknownLanguageReadsEnglish(t *testing.T) {
	if got := For("de").Code(); got != English {
		t.Errorf("For(de) is %s", got)
	}
}

func TestAnArgumentIsNotReadAsAPlaceholder(t *testing.T) {
	got := Get(English, "tool.unknown", "{2}", "{1}")
	if want := "I have no tool “{1}” in “{2}”."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAMissingModelIsToldWithWhatFetchesIt(t *testing.T) {
	got := Get(French, "model.missing", "llama3.2:1b", "ollama pull llama3.2:1b")
	if !strings.Contains(got, "`ollama pull llama3.2:1b`") || !strings.Contains(got, "pendu") {
		t.Errorf("%q does not name the command and what works without a model", got)
	}
}

// What looks whether a text is a stop or a yes does work that grows as the text
// does, whatever it says. Its steps are counted, not timed: the sayings that it
// compares, and the letters that are left to compare with.
func TestReadingAHostileTextIsWorkOfItsLength(t *testing.T) { // fault-M17: of stop words; sdk/intent has the matcher
	const most = 4096 // characters
	steps := func(unit string, chars int) (compared, letters int) {
		text := string([]rune(strings.Repeat(unit, chars))[:chars])
		var r reader
		r.isStop(text)
		r.isAgain(text)
		r.yesNo(text)
		return r.tries, len(Fold(text))
	}
	k := known()
	sayings := 3*len(k.polite) + len(k.stop) + len(k.again) + len(k.yes) + len(k.no)
	for _, unit := range []string{"please ", "stop ", "s'il te plaît ", "arrête ", "yes ", "non ", "a", "\u0301", "é", "ﷺ", "œ", "please stop ", "stop please ", "!", "\n", "try again "} {
		half, halfLetters := steps(unit, most/2)
		whole, letters := steps(unit, most)
		if whole > half*21/10+2*sayings || letters > halfLetters*21/10+64 {
			t.Errorf("%q: %d comparisons and %d letters for %d characters, %d and %d for %d", unit, half, halfLetters, most/2, whole, letters, most)
		}
		if whole == 0 {
			t.Errorf("%q: no work was counted", unit)
		}
	}
	for text, want := range map[string]bool{
		strings.Repeat("please ", 500) + "stop": true, strings.Repeat("stop ", 800): true, "stop" + strings.Repeat(" please", 500): true,
		strings.Repeat("please ", 500) + "stop it there": false, strings.Repeat("stop ", 700) + "x": false,
	} {
		if IsStop(text) != want {
			t.Errorf("%.30q...: a stop is %v", text, !want)
		}
	}
}
