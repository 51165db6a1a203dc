package extract_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/jarvis-host/jarvis/host/memory/extract"
)

// wanted is the least share of the facts found that are stated.
const wanted = 0.95

func TestFactsThatAreFoundAreStated(t *testing.T) {
	for _, lang := range []string{"en", "fr"} {
		b, err := os.ReadFile("testdata/" + lang + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		right, found, stated := 0, 0, 0
		for line := range strings.Lines(string(b)) {
			text, list, ok := strings.Cut(strings.TrimSpace(line), " |")
			if !ok || strings.HasPrefix(line, "#") {
				continue
			}
			var want, got []string
			for _, w := range strings.Split(list, ", ") {
				if w = strings.TrimSpace(w); strings.Contains(w, "=") {
					want = append(want, w)
				} else if w != "" {
					want[len(want)-1] += ", " + w // a comma of the object
				}
			}
			for _, f := range extract.Facts(text, lang) {
				mark := ""
				if f.Ends {
					mark = "!"
				}
				got = append(got, mark+f.Predicate+"="+f.Object)
				if f.Start < 0 || f.End > len(text) || f.Start >= f.End || !strings.Contains(text[f.Start:f.End], f.Object) {
					t.Errorf("%q: %q is not within %d to %d", text, f.Object, f.Start, f.End)
				}
			}
			found, stated = found+len(got), stated+len(want)
			for _, g := range got {
				if slices.Contains(want, g) {
					right++
				}
			}
			slices.Sort(want)
			slices.Sort(got)
			if !slices.Equal(want, got) {
				t.Logf("%s %q: found %q, stated %q", lang, text, got, want)
			}
		}
		precision, recall := float64(right)/float64(found), float64(right)/float64(stated)
		t.Logf("%s: %d facts, precision %.3f, recall %.3f", lang, stated, precision, recall)
		if precision < wanted || recall < wanted {
			t.Errorf("%s: precision %.3f or recall %.3f below %.2f", lang, precision, recall, wanted)
		}
	}
}

func FuzzFacts(f *testing.F) {
	f.Add("Je m'appelle Éléonore\xff. I live in İstanbul! n'oublie pas que", "fr")
	f.Fuzz(func(t *testing.T, text, lang string) {
		for _, k := range extract.Facts(text, lang) {
			if k.Start < 0 || k.End > len(text) || k.Start > k.End {
				t.Fatalf("%+v is outside of %q", k, text)
			}
		}
	})
}

func TestARelativeIsToldWithTheRightWord(t *testing.T) {
	for text, want := range map[string]string{
		"Ma sœur s'appelle Claire":             "ta sœur s'appelle Claire",
		"Mon frère s'appelle Paul":             "ton frère s'appelle Paul",
		"J'ai une chienne qui s'appelle Laïka": "ta chienne s'appelle Laïka",
	} {
		if got := extract.Facts(text, "fr"); len(got) != 1 || got[0].Text != want {
			t.Errorf("%q: %+v, want %q", text, got, want)
		}
	}
}
