package texts

import (
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// Weights of what tells a language. A function word decides against any
// spelling; an ending only where no word is known.
const (
	weightFunction = 6
	weightWord     = 5
	weightElision  = 5
	weightAccent   = 4
	weightShape    = 1
)

// signs are what tells one language from the other.
type signs struct {
	words  map[string]int // lower case, with and without accents
	starts []string
	ends   []string
}

var telling = sync.OnceValue(func() map[string]*signs {
	type lists struct {
		Function string `yaml:"function"`
		Words    string `yaml:"words"`
		Starts   string `yaml:"starts"`
		Ends     string `yaml:"ends"`
	}
	out := map[string]*signs{}
	for lang, l := range load[map[string]lists]("detect") {
		s := &signs{words: map[string]int{}, starts: strings.Fields(l.Starts), ends: strings.Fields(l.Ends)}
		s.learn(l.Words, weightWord)
		s.learn(l.Function, weightFunction)
		out[lang] = s
	}
	return out
})

func (s *signs) learn(words string, weight int) {
	for _, w := range strings.Fields(words) {
		s.words[w] = weight
		// A word typed without its accents tells a little less.
		if plain := unaccented(w); s.words[plain] == 0 {
			s.words[plain] = weight - 1
		}
	}
}

// apostrophes makes all of them the one of ASCII.
var apostrophes = strings.NewReplacer("’", "'", "ʼ", "'", "`", "'")

// Detect tells the language of one utterance, "fr" or "en". What says nothing
// of its language, such as a single letter, a number, "stop" or a name, gets
// fallback.
func Detect(text, fallback string) string {
	text = strings.ToLower(apostrophes.Replace(text))
	fr, en := 0, 0
	words := strings.FieldsFunc(text, separates)
	for _, w := range words {
		if w = strings.Trim(w, "'-"); !letter(w, len(words)) {
			f, e := score(w)
			fr, en = fr+f, en+e
		}
	}
	switch {
	case fr > en:
		return French
	case en > fr:
		return English
	default:
		return fallback
	}
}

func separates(r rune) bool {
	return !unicode.IsLetter(r) && r != '\'' && r != '-'
}

// letter reports whether a word is a letter that tells nothing: a guess in a
// game. Among other words an accented one does tell.
func letter(w string, words int) bool {
	return utf8.RuneCountInString(w) < 2 && (words == 1 || len(w) < 2)
}

// score says how much one word speaks for each language.
func score(w string) (fr, en int) {
	french, english := telling()[French], telling()[English]
	fr, en = french.words[w], english.words[w]
	if fr+en > 0 {
		return fr, en
	}
	if head, tail, ok := strings.Cut(w, "'"); ok && slices.Contains(french.starts, head+"'") {
		return weightElision + french.words[tail], english.words[w]
	}
	if parts := strings.Split(w, "-"); len(parts) > 1 {
		for _, p := range parts {
			f, e := score(p)
			fr, en = fr+f, en+e
		}
		return fr, en
	}
	if strings.ContainsAny(w, "éèêëàâùûîïôçœ") {
		fr += weightAccent
	}
	return fr + shape(w, french), en + shape(w, english)
}

// shape weighs how an unknown word is spelt.
func shape(w string, s *signs) int {
	n := 0
	for _, p := range s.starts {
		if strings.HasPrefix(w, p) {
			n += weightShape
			break
		}
	}
	for _, p := range s.ends {
		if strings.HasSuffix(w, p) && len(w) > len(p)+1 {
			n += weightShape
			break
		}
	}
	return n
}

// unaccented takes the accents off a word and leaves the rest as it is.
func unaccented(w string) string {
	return strings.NewReplacer(
		"é", "e", "è", "e", "ê", "e", "ë", "e", "à", "a", "â", "a", "ù", "u", "û", "u",
		"î", "i", "ï", "i", "ô", "o", "ç", "c", "œ", "oe",
	).Replace(w)
}
