package hangman

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// foldLetters returns text's letters as plain a to z, one byte a letter: É and
// E are the same letter to a player. Ok is false when there is anything that
// is no letter, or one that stands for two (œ, ß): a blank could not say which.
func foldLetters(text string) (letters string, ok bool) {
	var b strings.Builder
	for _, c := range norm.NFD.String(text) {
		if unicode.Is(unicode.Mn, c) {
			continue
		}
		c = unicode.ToLower(c)
		if c < 'a' || c > 'z' {
			return "", false
		}
		b.WriteRune(c)
	}
	return b.String(), b.Len() > 0
}

// plain is text in lower case without accents and punctuation, its spaces
// single: what a command is compared with.
func plain(text string) string {
	text = strings.Map(func(c rune) rune {
		switch {
		case unicode.Is(unicode.Mn, c):
			return -1
		case unicode.IsLetter(c) || unicode.IsDigit(c):
			return unicode.ToLower(c)
		default:
			return ' '
		}
	}, norm.NFD.String(text))
	return strings.Join(strings.Fields(text), " ")
}
