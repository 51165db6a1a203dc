package intent

import (
	"strings"
	"testing"
)

func TestNormalisationGivesOneFormForOneMeaning(t *testing.T) {
	tests := []struct{ lang, text, want string }{
		{"fr", "", ""},
		{"fr", " ?! … ", ""},
		{"fr", "  Quel   temps\tfait-il ? ", "quel temps fait il"},
		{"fr", "L'enjeu", "l enjeu"},
		{"fr", "l’enjeu", "l enjeu"},
		{"fr", "lʼenjeu", "l enjeu"},
		{"fr", "l' enjeu", "l enjeu"},
		{"fr", "D'accord, qu'est-ce que j'ai ?", "d accord qu est ce que j ai"},
		{"fr", "C'est S'il N'a M'a T'a", "c est s il n a m a t a"},
		{"fr", "ÉTEINS", "éteins"},
		{"fr", "e\u0301teins", "éteins"},
		{"fr", "Œuf, cœur", "oeuf coeur"},
		{"fr", "50%", "50 pour cent"},
		{"fr", "50 %", "50 pour cent"},
		{"fr", "50 pourcent", "50 pour cent"},
		{"fr", "50 Percent", "50 pour cent"},
		{"fr", "50 pour cent", "50 pour cent"},
		{"en", "50% percent per cent", "50 per cent per cent per cent"},
		{"fr", "21°", "21 degrés"},
		{"en", "What's the weather?", "what s the weather"},
		{"en", "twenty-one", "twenty one"},
		{"en", "3.5 3,5 3. 5", "3.5 3.5 3 5"},
		{"en", "-5 −5 10-20 a-5 5 - 3", "-5 -5 10 20 a 5 5 3"},
		{"en", "2+2=4", "2 + 2 = 4"},
		{"en", "soft\u00adhyphen zero\u200bwidth", "softhyphen zerowidth"},
		{"en", "Straße ΟΔΟΣ", "strasse οδοσ"},
		{"xx", "50%", "50"},
		{"fr-CA", "50%", "50 pour cent"},
		{"fr", "\xff\xfe a", "a"},
	}
	for _, tt := range tests {
		if got := Normalize(tt.lang, tt.text); got != tt.want {
			t.Errorf("Normalize(%s, %q) = %q, want %q", tt.lang, tt.text, got, tt.want)
		}
	}
}

func TestNormalisationIsIdempotent(t *testing.T) {
	for _, text := range []string{"L’Œuf à 3,5 % — vingt-et-un °C !", "What's -5 + 3?", "é\u0301 ﬁn ø"} {
		once := Normalize("fr", text)
		if again := Normalize("fr", once); again != once {
			t.Errorf("%q becomes %q and then %q", text, once, again)
		}
	}
}

func TestTheOriginalSpellingIsFoundAgain(t *testing.T) {
	u := newUtterance(languageOf("fr"), "  À l’Haÿ-les-Roses, 50% !")
	for normal, want := range map[string]string{
		"à": "À", "l haÿ les roses": "l’Haÿ-les-Roses", "50": "50", "pour cent": "%", "50 pour cent": "50%",
	} {
		before, _, _ := strings.Cut(string(u.runes), normal)
		from := len([]rune(before))
		if got := u.original(from, from+len([]rune(normal))); got != want {
			t.Errorf("%q is %q in the source, want %q", normal, got, want)
		}
	}
}

func TestFoldingRemovesAccentsOnly(t *testing.T) {
	for r, want := range map[rune]rune{'é': 'e', 'ç': 'c', 'ñ': 'n', 'ø': 'o', 'ł': 'l', 'a': 'a', '한': '한', 'ä': 'a', 'ệ': 'e'} {
		if got := fold(r); got != want {
			t.Errorf("fold(%c) = %c, want %c", r, got, want)
		}
	}
}
