package extract

import (
	"unicode"

	"github.com/jarvis-host/jarvis/host/memory/analysis"
)

// folded is a text in lower case without accents, with where each of its bytes
// was in the original.
type folded struct {
	raw, text string
	at        []int // by byte of text, and one more for the end
	upper     []bool
}

func fold(raw string) *folded {
	f := &folded{raw: raw}
	var text []byte
	for i, r := range raw {
		piece := analysis.Fold(string(r))
		if unicode.IsSpace(r) {
			piece = " "
		}
		for j := range len(piece) {
			text = append(text, piece[j])
			f.at = append(f.at, i)
			f.upper = append(f.upper, unicode.IsUpper(r))
		}
	}
	f.text, f.at = string(text), append(f.at, len(raw))
	return f
}

// capital says whether the original has a capital or a digit at a byte.
func (f *folded) capital(i int) bool {
	return f.upper[i] || f.text[i] >= '0' && f.text[i] <= '9'
}
