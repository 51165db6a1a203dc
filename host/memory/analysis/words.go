package analysis

import (
	"embed"
	"strings"
	"sync"
	"unicode"

	"github.com/blevesearch/snowballstem"
	"github.com/blevesearch/snowballstem/english"
	"github.com/blevesearch/snowballstem/french"
	"golang.org/x/text/unicode/norm"
)

//go:embed data
var data embed.FS

// language is what one language brings to the analysis.
type language struct {
	stop      map[string]bool   // folded
	irregular map[string]string // folded form to folded lemma
	stem      func(*snowballstem.Env) bool
}

var languages = sync.OnceValue(func() map[string]*language {
	return map[string]*language{
		"en": newLanguage("en", english.Stem),
		"fr": newLanguage("fr", french.Stem),
	}
})

// Load reads the word lists, which the first text otherwise waits for.
func Load() {
	languages()
	timeWords()
	kin()
}

func newLanguage(name string, stem func(*snowballstem.Env) bool) *language {
	l := &language{stop: map[string]bool{}, irregular: map[string]string{}, stem: stem}
	for _, w := range strings.Fields(read("stop." + name + ".txt")) {
		l.stop[Fold(w)] = true
	}
	for line := range strings.Lines(read("irregular." + name + ".txt")) {
		lemma, forms, _ := strings.Cut(line, ":")
		for _, form := range strings.Fields(forms) {
			l.irregular[Fold(form)] = strings.TrimSpace(lemma)
		}
	}
	return l
}

func read(name string) string {
	b, err := data.ReadFile("data/" + name)
	if err != nil {
		panic(err) // embedded: the build would be broken
	}
	return string(b)
}

// stemmed returns the stem of a word in lower case, without accents.
func (l *language) stemmed(word string) string {
	if lemma, ok := l.irregular[Fold(word)]; ok {
		word = lemma
	}
	env := snowballstem.NewEnv(word)
	l.stem(env)
	return Fold(env.Current())
}

// Fold returns a text in lower case without accents and ligatures.
func Fold(text string) string {
	plain := true
	for i := range len(text) {
		if c := text[i]; c >= 0x80 || 'A' <= c && c <= 'Z' {
			plain = false
			break
		}
	}
	if plain {
		return text
	}
	var b strings.Builder
	b.Grow(len(text))
	for _, r := range norm.NFD.String(text) {
		switch r = unicode.ToLower(r); {
		case r == 'œ':
			b.WriteString("oe")
		case r == 'æ':
			b.WriteString("ae")
		case r == 'ß':
			b.WriteString("ss")
		case r == '’' || r == 'ʼ':
			b.WriteByte('\'')
		case unicode.Is(unicode.Mn, r):
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
