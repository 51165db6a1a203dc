package session

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/jarvis-host/jarvis/host/protocol"
)

// maxTitle is the length of a title, in code points.
const maxTitle = 60

// title is the beginning of an utterance, on one line.
func title(text string) string {
	runes := []rune(strings.Join(strings.FieldsFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r)
	}), " "))
	if len(runes) <= maxTitle {
		return string(runes)
	}
	return strings.TrimSpace(string(runes[:maxTitle-1])) + "…"
}

// ligatures are letters that no decomposition takes apart.
var ligatures = strings.NewReplacer("œ", "oe", "æ", "ae", "ß", "ss", "ø", "o", "ł", "l", "đ", "d")

// Words returns the words of a text as a search compares them: lower case,
// without accents. Everything but letters and digits separates words.
func Words(text string) []string {
	folded := strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKD.String(text))
	return strings.FieldsFunc(ligatures.Replace(folded), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
}

// maxSought bounds the words of a search: each costs a look through an index.
const maxSought = 16

// Sought returns the words that a search looks for, the longest first: a
// message that holds a word beginning with each of them is found. A word that begins another
// one asks for nothing more, and of very many the longest are enough.
func Sought(query string) []string {
	words := Words(query)
	slices.SortFunc(words, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), strings.Compare(a, b)) })
	var sought []string
	for _, w := range words {
		if len(sought) == maxSought {
			break
		}
		if !slices.ContainsFunc(sought, func(s string) bool { return strings.HasPrefix(s, w) }) {
			sought = append(sought, w)
		}
	}
	return sought
}

// whole returns text without a last character that is only begun, and that
// rest: a model may cut its pieces anywhere.
func whole(text string) (complete, rest string) {
	for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
		if tail := text[len(text)-n:]; utf8.RuneStart(tail[0]) {
			if !utf8.FullRuneInString(tail) {
				return text[:len(text)-n], tail
			}
			break
		}
	}
	return text, ""
}

// after returns what follows the first n code points of text; ok is false when
// there are fewer.
func after(text string, n int) (rest string, ok bool) {
	for n > 0 {
		if text == "" {
			return "", false
		}
		_, size := utf8.DecodeRuneInString(text)
		text = text[size:]
		n--
	}
	return text, true
}

// failureOf reads the code of a *protocol.Problem; any other error is the
// host's fault, or took too long.
func failureOf(err error) (code, message string) {
	if p, ok := errors.AsType[*protocol.Problem](err); ok {
		return string(p.Code), p.Message
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return string(protocol.Timeout), ""
	}
	return string(protocol.Internal), ""
}
