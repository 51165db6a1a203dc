package texts

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Fold reduces a text to what is compared of it: lower-case letters without
// accents and digits, words one space apart. "Arrête-toi !" is "arrete toi".
func Fold(text string) string {
	var b strings.Builder
	space := false
	for _, r := range norm.NFKD.String(strings.ToLower(text)) {
		switch {
		case unicode.Is(unicode.Mn, r):
			continue
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if space && b.Len() > 0 {
				b.WriteByte(' ')
			}
			space = false
			b.WriteString(ligature(r))
		default:
			space = true
		}
	}
	return b.String()
}

// ligature spells out the letters that decomposition leaves whole.
func ligature(r rune) string {
	switch r {
	case 'œ':
		return "oe"
	case 'æ':
		return "ae"
	case 'ß':
		return "ss"
	default:
		return string(r)
	}
}
