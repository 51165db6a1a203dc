package intent

import (
	"fmt"
	"strconv"
	"testing"
)

func TestEveryNumberComesBackFromItsWords(t *testing.T) {
	for _, lang := range []string{"fr", "en"} {
		g := newGrammar(languageOf(lang))
		check := func(n int) {
			words := NumberWords(lang, n)
			if !reads(g, lang, words, n) {
				t.Errorf("%s: %d is said %q, and that is not understood", lang, n, words)
			}
		}
		for n := range 10_000 {
			check(n)
		}
		for _, n := range []int{-1, -21, -9999, 10_000, 80_000, 99_999, 100_000, 200_000, 280_000, 480_123, maxNumber} {
			check(n)
		}
	}
}

// reads tells whether the whole text is the number, and no other number.
func reads(g *grammar, lang, text string, want int) bool {
	u := newUtterance(languageOf(lang), text)
	found := false
	for _, n := range (reading{g, u, true}).numbers(0, false) {
		if n.end == len(u.runes)-1 {
			if n.value != 10*want {
				return false
			}
			found = true
		}
	}
	return found
}

func TestNumbersAreSpelledTheUsualWay(t *testing.T) {
	tests := []struct {
		lang string
		n    int
		want string
	}{
		{"fr", 0, "zéro"},
		{"fr", 21, "vingt et un"},
		{"fr", 71, "soixante et onze"},
		{"fr", 80, "quatre-vingts"},
		{"fr", 81, "quatre-vingt-un"},
		{"fr", 97, "quatre-vingt-dix-sept"},
		{"fr", 100, "cent"},
		{"fr", 200, "deux cents"},
		{"fr", 201, "deux cent un"},
		{"fr", 1000, "mille"},
		{"fr", 1999, "mille neuf cent quatre-vingt-dix-neuf"},
		{"fr", 80_000, "quatre-vingt mille"},
		{"fr", 200_000, "deux cent mille"},
		{"fr", -3, "moins trois"},
		{"en", 21, "twenty-one"},
		{"en", 105, "one hundred and five"},
		{"en", 9999, "nine thousand nine hundred and ninety-nine"},
		{"xx", 12, "12"},
		{"fr", 1_000_000, "1000000"},
	}
	for _, tt := range tests {
		if got := NumberWords(tt.lang, tt.n); got != tt.want {
			t.Errorf("NumberWords(%s, %d) = %q, want %q", tt.lang, tt.n, got, tt.want)
		}
	}
}

func TestARangeTakesDigitsAndWords(t *testing.T) {
	fr := build(t, "fr", "règle {-20..9999:n}[ ][%|degrés]")
	en := build(t, "en", "set {-20..9999:n}[ ][%|degrees]")
	tests := []struct {
		m          *Matcher
		lang, text string
		want       any
	}{
		{fr, "fr", "règle 21", 21},
		{fr, "fr", "règle 050 %", 50},
		{fr, "fr", "règle 20%", 20},
		{fr, "fr", "règle vingt et un", 21},
		{fr, "fr", "règle vingt-et-une", 21},
		{fr, "fr", "règle quatre-vingt-dix-sept pour cent", 97},
		{fr, "fr", "règle quatre vingt", 80},
		{fr, "fr", "règle nonante-huit", 98},
		{fr, "fr", "règle moins cinq degrés", -5},
		{fr, "fr", "règle moins 5", -5},
		{fr, "fr", "règle -5°", -5},
		{fr, "fr", "regle zero", 0},
		{fr, "fr", "règle mille neuf cent quatre vingt quatre", 1984},
		{fr, "fr", "règle 10000", nil},
		{fr, "fr", "règle 3,5", nil},
		{fr, "fr", "règle vingtaine", nil},
		{fr, "fr", "règle 99999999999999999999", nil},
		{en, "en", "set twenty-one degrees", 21},
		{en, "en", "set a hundred and five", 105},
		{en, "en", "set nineteen hundred", 1900},
		{en, "en", "set minus twenty", -20},
		{en, "en", "set minus twenty-one", nil},
		{en, "en", "set 50 percent", 50},
	}
	for _, tt := range tests {
		var got any
		if found := tt.m.Match(tt.lang, tt.text); len(found) > 0 {
			got = found[0].Slots["n"]
		}
		if got != tt.want {
			t.Errorf("%q: n = %v, want %v", tt.text, got, tt.want)
		}
	}
}

func TestARangeKeepsItsStepFractionsAndMultiplier(t *testing.T) {
	lists := map[string]List{
		"tens":   {Range: &Range{From: 10, To: 100, Step: 10}},
		"halves": {Range: &Range{From: 5, To: 30, Fractions: "halves"}},
		"tenths": {Range: &Range{From: 0, To: 30, Fractions: "tenths"}},
		"scaled": {Range: &Range{From: 0, To: 100, Multiplier: 2.55}},
		"words":  {Range: &Range{From: 0, To: 10, NoDigits: true}},
		"digits": {Range: &Range{From: 0, To: 10, NoWords: true}},
	}
	m := buildWith(t, "fr", lists, "a {tens}", "b {halves}", "c {tenths}", "d {scaled}", "e {words}", "f {digits}")
	tests := map[string]any{
		"a 20": 20, "a 25": nil, "a vingt": 20, "a vingt-cinq": nil,
		"b 20,5": 20.5, "b 20.2": nil, "b vingt et demi": 20.5, "b 30,5": nil, "b 7": 7.0,
		"c dix virgule sept": 10.7, "c 10,75": nil, "c 0.3": 0.3,
		"d 100": 255.0, "e 3": nil, "e trois": 3, "f 3": 3, "f trois": nil,
	}
	for text, want := range tests {
		var got any
		if found := m.Match("fr", text); len(found) > 0 {
			for _, v := range found[0].Slots {
				got = v
			}
		}
		if got != want {
			t.Errorf("%q gives %v, want %v", text, got, want)
		}
	}
}

func TestNumbersInDigitsComeBackToo(t *testing.T) {
	m := build(t, "en", "set {0..9999:n}min")
	for n := 0; n < 10_000; n += 7 {
		got := best(t, m, "en", fmt.Sprintf("set %smin", strconv.Itoa(n))).Slots["n"]
		if got != n {
			t.Fatalf("%d became %v", n, got)
		}
	}
}
