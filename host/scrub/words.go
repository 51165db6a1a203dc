package scrub

import (
	"strings"
	"unicode/utf8"
)

func nameByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-' || c == '.' || c >= utf8.RuneSelf
}

// split cuts a name into its words, in small letters without accents.
func split(s string, words []string) []string {
	var b [maxName * 2]byte
	n, from, at, same := 0, 0, 0, true // at is where the word begins in s, and same whether it is written there
	end := func(i int) {
		switch {
		case n > from && same && i-at == n-from:
			words = append(words, s[at:i])
		case n > from:
			words = append(words, string(b[from:n]))
		}
		from, same = n, true
	}
	for i := 0; i < len(s) && n < len(b)-2; i++ {
		c := s[i]
		if n == from {
			at = i
		}
		switch {
		case c >= 'a' && c <= 'z' || c >= '0' && c <= '9':
			b[n], n = c, n+1
		case c == '_' || c == '-' || c == '.' || c == ' ' || c == '\'':
			end(i)
		case c >= 'A' && c <= 'Z':
			if i > 0 && (s[i-1] >= 'a' && s[i-1] <= 'z' || s[i-1] >= '0' && s[i-1] <= '9' && n-from > 1) || i > 0 && i+1 < len(s) && s[i-1] >= 'A' && s[i-1] <= 'Z' && s[i+1] >= 'a' && s[i+1] <= 'z' {
				end(i)
				at = i
			}
			b[n], n, same = c+'a'-'A', n+1, false
		case c >= utf8.RuneSelf:
			r, size := utf8.DecodeRuneInString(s[i:])
			if f := folded(r); f != 0 {
				b[n], n = f, n+1
			} else if r == '’' {
				end(i)
			} else if r == 'œ' {
				n += copy(b[n:], "oe")
			}
			same = false
			i += size - 1
		default:
			b[n], n = c, n+1
		}
	}
	end(len(s))
	return words
}

// folded is a letter without its accent.
func folded(r rune) byte {
	switch r {
	case 'é', 'è', 'ê', 'ë', 'É', 'È', 'Ê', 'Ë':
		return 'e'
	case 'à', 'â', 'ä', 'á', 'À', 'Â', 'Ä', 'Á':
		return 'a'
	case 'î', 'ï', 'í', 'Î', 'Ï':
		return 'i'
	case 'ô', 'ö', 'ó', 'Ô', 'Ö', 'Ó':
		return 'o'
	case 'û', 'ù', 'ü', 'ú', 'Û', 'Ù', 'Ü':
		return 'u'
	case 'ç', 'Ç':
		return 'c'
	case 'ñ', 'Ñ':
		return 'n'
	default:
		return 0
	}
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// wordBefore is the word that ends right before position i, behind one space,
// hyphen or apostrophe, and where it begins.
func wordBefore(s string, i int) (string, int) {
	j := i
	if j > 0 && strings.IndexByte(" -'_", s[j-1]) >= 0 {
		j--
	} else if strings.HasSuffix(s[:j], "’") {
		j -= len("’")
	}
	if j == i {
		return "", i
	}
	k := j
	for k > 0 && j-k < 24 && letterByte(s[k-1]) {
		k--
	}
	if k == j {
		return "", i
	}
	var room [4]string
	words := split(s[k:j], room[:0])
	if len(words) == 0 {
		return "", i
	}
	return words[len(words)-1], k
}

// wordAfter is the word that begins after position i, and where it ends.
func wordAfter(s string, i int) (string, int) {
	j := i
	if j < len(s) && strings.IndexByte(" -'", s[j]) >= 0 {
		j++
	} else if strings.HasPrefix(s[j:], "’") {
		j += len("’")
	}
	k := j
	for k < len(s) && k-j < 24 && letterByte(s[k]) && !strings.HasPrefix(s[k:], "’") {
		k++
	}
	if j == i || k == j {
		return "", i
	}
	var room [4]string
	words := split(s[j:k], room[:0])
	if len(words) != 1 {
		return "", i
	}
	return words[0], k
}

func letterByte(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c >= utf8.RuneSelf
}
