package intent

import "testing"

func TestNumbersAreSaidInManyLanguages(t *testing.T) {
	for lang, words := range map[string]map[string]int{
		"de": {"null": 0, "ein": 1, "einundzwanzig": 21, "siebenundneunzig": 97, "hundert": 100, "zweihundertdreizehn": 213},
		"nl": {"eenentwintig": 21, "tweeëndertig": 32, "drie en veertig": 43, "honderdvijf": 105},
		"it": {"ventuno": 21, "ventotto": 28, "trentatré": 33, "ottantotto": 88, "centouno": 101, "duecentoventi": 220},
		"es": {"veintiún": 21, "treinta y una": 31, "cien": 100, "ciento cinco": 105, "quinientas": 500, "dos mil quinientos": 2500},
		"pt": {"vinte e uma": 21, "dezasseis": 16, "cento e vinte": 120, "sete mil e duzentas": 7200},
		"sv": {"tjugoett": 21, "sjuttio": 70, "etthundraen": 101, "tvåhundra": 200},
		"da": {"enogtyve": 21, "syvoghalvfems": 97, "hundrede og fem": 105},
		"nb": {"tjueen": 21, "nittini": 99, "hundre og fem": 105},
		"zh": {"十": 10, "二十一": 21, "一百零五": 105, "两百": 200, "廿三": 23},
		"ja": {"二十一": 21, "百五": 105},
		"ko": {"구십삼": 93, "스물둘": 22},
	} {
		b := NewBuilder()
		if err := b.Add(Sentence{Intent: "n", Lang: lang, Template: "{0..10000:n}"}); err != nil {
			t.Fatal(err)
		}
		m, err := b.Build()
		if err != nil {
			t.Fatal(err)
		}
		for text, want := range words {
			if found := m.Match(lang, text); len(found) == 0 || found[0].Slots["n"] != want {
				t.Errorf("%s %q: got %+v, want %d", lang, text, found, want)
			}
		}
		for n := range 1000 {
			if text := NumberWords(lang, n); len(m.Match(lang, text)) == 0 || m.Match(lang, text)[0].Slots["n"] != n {
				t.Errorf("%s: %d is said %q and not understood", lang, n, text)
			}
		}
	}
}
