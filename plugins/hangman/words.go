package hangman

import (
	"embed"
	"fmt"
	"maps"
	"slices"
	"strings"
)

//go:embed words/*.txt
var wordFiles embed.FS

// Word is one word to guess.
type Word struct {
	Text     string
	Category string
}

// Words are the words of one language.
type Words struct {
	all        []Word
	categories []string
}

// LoadWords reads the lists that come with the plugin, by language.
func LoadWords() (map[string]*Words, error) {
	out := map[string]*Words{}
	for _, lang := range []string{"en", "fr"} {
		raw, err := wordFiles.ReadFile("words/" + lang + ".txt")
		if err != nil {
			return nil, fmt.Errorf("read words: %w", err)
		}
		if out[lang], err = parseWords(string(raw)); err != nil {
			return nil, fmt.Errorf("read words %s: %w", lang, err)
		}
	}
	return out, nil
}

func parseWords(raw string) (*Words, error) {
	w := &Words{}
	n := 0
	for line := range strings.Lines(raw) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		category, rest, ok := strings.Cut(line, ":")
		if !ok {
			return nil, fmt.Errorf("line %d: no category, expected \"name: word word\"", n)
		}
		w.categories = append(w.categories, category)
		for text := range strings.FieldsSeq(rest) {
			if letters, ok := foldLetters(text); !ok || len(letters) < 2 {
				return nil, fmt.Errorf("line %d: %q is no plain word", n, text)
			}
			w.all = append(w.all, Word{Text: text, Category: category})
		}
	}
	return w, nil
}

// Categories lists the categories' names.
func (w *Words) Categories() []string { return slices.Clone(w.categories) }

// Difficulty chooses among words.
type Difficulty string

// The difficulties: short words, any, and long ones or those with rare letters.
const (
	Easy   Difficulty = "easy"
	Normal Difficulty = "normal"
	Hard   Difficulty = "hard"
)

func difficultyOf(text string) Difficulty {
	letters, _ := foldLetters(text)
	different := map[byte]bool{}
	for i := range len(letters) {
		different[letters[i]] = true
	}
	rare := 0
	for c := range maps.Keys(different) {
		if strings.IndexByte("jkqwxyz", c) >= 0 {
			rare++
		}
	}
	switch {
	case len(letters) >= 9 || rare > 0 && len(letters) >= 5 || rare > 1:
		return Hard
	case len(letters) <= 5 && rare == 0:
		return Easy
	default:
		return Normal
	}
}

// Pick returns a word of a difficulty, and of a category unless that is empty.
// A category that has no word so difficult gives one of its others.
func (w *Words) Pick(d Difficulty, category string, draw func(n int) int) Word {
	pool := w.filter(func(x Word) bool {
		return (category == "" || x.Category == category) && difficultyOf(x.Text) == d
	})
	if len(pool) == 0 {
		pool = w.filter(func(x Word) bool { return category == "" || x.Category == category })
	}
	return pool[draw(len(pool))]
}

func (w *Words) filter(keep func(Word) bool) []Word {
	var out []Word
	for _, x := range w.all {
		if keep(x) {
			out = append(out, x)
		}
	}
	return out
}
