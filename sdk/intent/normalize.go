package intent

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MaxUtterance is the longest text, in bytes, that can match. A longer one
// matches nothing.
const MaxUtterance = 64 << 10

// Normalize returns the form in which utterances and templates are compared:
// composed characters, lower case, words separated by one space. Apostrophes,
// hyphens and punctuation separate words; a decimal sign between digits is a
// dot; a minus before a number stays; signs such as % are spelled out.
func Normalize(lang, text string) string {
	return string(newUtterance(languageOf(lang), text).words())
}

// glyph is one normalised character and the bytes of the source it stands for.
type glyph struct {
	r        rune
	from, to int32
}

// utterance is a text ready to be matched: words, each followed by one space.
type utterance struct {
	src    string
	runes  []rune
	folded []rune // the same without accents
	from   []int32
	to     []int32
}

func newUtterance(l *language, src string) *utterance {
	glyphs := l.normalize(src, false)
	if len(glyphs) > 0 {
		glyphs = append(glyphs, glyph{r: ' ', from: int32(len(src)), to: int32(len(src))})
	}
	n := len(glyphs)
	both, ends := make([]rune, 2*n), make([]int32, 2*n)
	u := &utterance{src: src, runes: both[:n], folded: both[n:], from: ends[:n], to: ends[n:]}
	for i, g := range glyphs {
		u.runes[i], u.folded[i], u.from[i], u.to[i] = g.r, fold(g.r), g.from, g.to
	}
	return u
}

// words is the normalised text without the space at its end.
func (u *utterance) words() []rune {
	return u.runes[:max(0, len(u.runes)-1)]
}

// wordStart tells whether a word may begin at a position.
func (u *utterance) wordStart(at int) bool { return at == 0 || u.runes[at-1] == ' ' }

// wordEnd tells whether a word ends before a position.
func (u *utterance) wordEnd(at int) bool { return at < len(u.runes) && u.runes[at] == ' ' }

// holdsOne reports whether one of the phrases is said, as whole words; none
// at all are always said.
func (u *utterance) holdsOne(phrases [][]rune) bool {
	for _, p := range phrases {
		for at := range u.runes {
			if end := at + len(p); u.wordStart(at) && u.wordEnd(end) && equalRunes(p, u.runes[at:end]) {
				return true
			}
		}
	}
	return len(phrases) == 0
}

// original returns the source's own spelling of the runes [from, to).
func (u *utterance) original(from, to int) string {
	return u.src[u.from[from]:u.to[to-1]]
}

// chunk normalises a piece of a template: as an utterance, but spaces at its
// ends stay, because they say whether the piece may touch its neighbours.
func (l *language) chunk(text string) []rune {
	glyphs := l.normalize(text, true)
	runes := make([]rune, len(glyphs))
	for i, g := range glyphs {
		runes[i] = g.r
	}
	return runes
}

func (l *language) normalize(src string, keepEdges bool) []glyph {
	return l.respell(collapse(l.spell(decode(src)), keepEdges))
}

// decode composes characters and remembers where each came from.
func decode(s string) []glyph {
	glyphs := make([]glyph, 0, len(s)+1)
	if norm.NFC.IsNormalString(s) {
		for i := 0; i < len(s); {
			r, size := utf8.DecodeRuneInString(s[i:])
			glyphs = append(glyphs, glyph{r, int32(i), int32(i + size)})
			i += size
		}
		return glyphs
	}
	var it norm.Iter
	for it.InitString(norm.NFC, s); !it.Done(); {
		from := it.Pos()
		segment := it.Next()
		for _, r := range string(segment) {
			glyphs = append(glyphs, glyph{r, int32(from), int32(it.Pos())})
		}
	}
	return glyphs
}

// spell turns every character into letters and digits of lower case, or into
// a space.
func (l *language) spell(in []glyph) []glyph {
	out := make([]glyph, 0, len(in))
	for i, g := range in {
		switch r := unicode.ToLower(g.r); {
		case r < utf8.RuneSelf && (r >= 'a' && r <= 'z' || r >= '0' && r <= '9'):
			out = append(out, glyph{r, g.from, g.to})
		case isIgnored(r):
		case l.unspaced && isUnspaced(r):
			out = appendSpelled(out, g, " "+string(r)+" ")
		case l.signs[r] != "":
			out = appendSpelled(out, g, " "+l.signs[r]+" ")
		case ligatures[r] != "":
			out = appendSpelled(out, g, ligatures[r])
		case r != '−' && unicode.In(r, unicode.Sm, unicode.Sc):
			out = appendSpelled(out, g, " "+string(r)+" ")
		default:
			out = append(out, glyph{plain(in, i, r), g.from, g.to})
		}
	}
	return out
}

// ligatures are characters that are as often typed as several.
var ligatures = map[rune]string{'œ': "oe", 'æ': "ae", 'ß': "ss", 'ς': "σ", 'ﬁ': "fi", 'ﬂ': "fl", '…': " "}

func appendSpelled(out []glyph, g glyph, text string) []glyph {
	for _, r := range text {
		out = append(out, glyph{r, g.from, g.to})
	}
	return out
}

// isIgnored holds for what can't be seen: joiners, soft hyphens, selectors.
func isIgnored(r rune) bool {
	return r > utf8.RuneSelf && (unicode.Is(unicode.Cf, r) || r >= 0xFE00 && r <= 0xFE0F)
}

// isUnspaced holds for scripts that write words without spaces between them.
func isUnspaced(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul) || r == 'ー'
}

// plain is the character as it counts at place i: itself, a decimal dot, a
// minus sign, or a space.
func plain(in []glyph, i int, r rune) rune {
	switch {
	case r == 'ʼ':
		return ' '
	case unicode.IsLetter(r), unicode.IsDigit(r), unicode.IsMark(r), unicode.Is(unicode.Nl, r):
		return r
	case (r == '.' || r == ',') && digitAt(in, i-1) && digitAt(in, i+1):
		return '.'
	case (r == '-' || r == '−') && digitAt(in, i+1) && !wordAt(in, i-1):
		return '-'
	}
	return ' '
}

func digitAt(in []glyph, i int) bool {
	return i >= 0 && i < len(in) && in[i].r >= '0' && in[i].r <= '9'
}

func wordAt(in []glyph, i int) bool {
	return i >= 0 && (unicode.IsLetter(in[i].r) || unicode.IsDigit(in[i].r))
}

// collapse leaves one space between words, and at the ends none unless edges
// are kept.
func collapse(in []glyph, keepEdges bool) []glyph {
	out := in[:0]
	for _, g := range in {
		if g.r == ' ' && (len(out) > 0 && out[len(out)-1].r == ' ' || len(out) == 0 && !keepEdges) {
			continue
		}
		out = append(out, g)
	}
	if n := len(out); n > 0 && out[n-1].r == ' ' && !keepEdges {
		out = out[:n-1]
	}
	return out
}

// respell replaces words that have one spelling for all.
func (l *language) respell(in []glyph) []glyph {
	if len(l.words) == 0 {
		return in
	}
	out := make([]glyph, 0, len(in)+1)
	for len(in) > 0 {
		n := wordLength(in)
		if to, ok := l.words[spelling(in[:n])]; ok {
			g := glyph{from: in[0].from, to: in[n-1].to}
			out = appendSpelled(out, g, to)
		} else {
			out = append(out, in[:n]...)
		}
		in = in[n:]
	}
	return out
}

// wordLength is the length of the word, or of the space, that begins here.
func wordLength(in []glyph) int {
	for i, g := range in {
		if g.r == ' ' {
			return max(i, 1)
		}
	}
	return len(in)
}

// spelling returns a word of a length that a table may hold.
func spelling(word []glyph) string {
	if len(word) > 16 {
		return ""
	}
	var b strings.Builder
	for _, g := range word {
		b.WriteRune(g.r)
	}
	return b.String()
}

// strokes are letters whose mark is no accent to Unicode.
var strokes = map[rune]rune{'ø': 'o', 'ł': 'l', 'đ': 'd', 'ħ': 'h', 'ı': 'i'}

// fold returns the character without its accents.
func fold(r rune) rune {
	if r < utf8.RuneSelf {
		return r
	}
	if to, ok := strokes[r]; ok {
		return to
	}
	var buf [16]byte
	parts := norm.NFD.AppendString(buf[:0], string(r))
	first, size := utf8.DecodeRune(parts)
	for _, mark := range string(parts[size:]) {
		if !unicode.Is(unicode.Mn, mark) {
			return r
		}
	}
	return first
}
