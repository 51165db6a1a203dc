package analysis

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/jarvis-host/jarvis/host/texts"
)

// Token is one word of a text.
type Token struct {
	Start, End int    // bytes in the text
	Word       string // lower case, accents kept
	Folded     string // lower case, no accents
	Stem       string // no accents
	Stop       bool   // says nothing about what a text is about
	Proper     bool   // capitalised where no sentence begins
	Number     bool   // begins with a digit
}

// maxWord is the longest word that is kept, in bytes; longer ones are noise.
const maxWord = 64

// Text is an analysed text.
type Text struct {
	Raw    string
	Lang   string // "fr" or "en"
	Tokens []Token
}

// Analyze splits a text into tokens. lang is "fr" or "en"; anything else means
// that the text's own words tell it.
func Analyze(text, lang string) Text { return analyze(text, lang, true) }

// Look is Analyze without the stems, which cost most.
func Look(text, lang string) Text { return analyze(text, lang, false) }

func analyze(text, lang string, stems bool) Text {
	if languages()[lang] == nil {
		lang = texts.Detect(text, "en")
	}
	l := languages()[lang]
	t := Text{Raw: text, Lang: lang}
	begins := true // whether a sentence begins here
	for start, end := range words(text) {
		t.Tokens = appendWord(t.Tokens, l, text, start, end, begins, stems)
		begins = false
		for _, r := range text[end:] {
			if unicode.IsLetter(r) || unicode.IsDigit(r) {
				break
			}
			if strings.ContainsRune(".!?:;\n\"“”«»-—", r) {
				begins = true
			}
		}
	}
	return t
}

// Terms returns the stems of what a text is about, in order, repeated ones too.
func (t Text) Terms() []string {
	out := make([]string, 0, len(t.Tokens))
	for _, k := range t.Tokens {
		if !k.Stop {
			out = append(out, k.Stem)
		}
	}
	return out
}

// Terms is Analyze and Text.Terms in one.
func Terms(text, lang string) []string { return Analyze(text, lang).Terms() }

// words yields the bounds of each run of letters, digits and inner apostrophes.
func words(text string) func(yield func(start, end int) bool) {
	return func(yield func(start, end int) bool) {
		start := -1
		for i, r := range text {
			inside := unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r) ||
				start >= 0 && apostrophe(r) && letterFollows(text[i+utf8.RuneLen(r):])
			switch {
			case inside && start < 0:
				start = i
			case !inside && start >= 0:
				if !yield(start, i) {
					return
				}
				start = -1
			}
		}
		if start >= 0 {
			yield(start, len(text))
		}
	}
}

var straight = strings.NewReplacer("’", "'", "ʼ", "'")

func apostrophe(r rune) bool { return r == '\'' || r == '’' || r == 'ʼ' }

func letterFollows(rest string) bool {
	r, _ := utf8.DecodeRuneInString(rest)
	return unicode.IsLetter(r)
}

// appendWord adds the token of one word: a French elision before it and an
// English possessive behind it are left out.
func appendWord(tokens []Token, l *language, text string, start, end int, begins, stems bool) []Token {
	word := straight.Replace(strings.ToLower(text[start:end]))
	if len(word) > maxWord {
		return tokens
	}
	k := Token{Start: start, End: end, Word: word, Folded: Fold(word)}
	first, _ := utf8.DecodeRuneInString(text[start:])
	k.Number = unicode.IsDigit(first)
	if l.stop[k.Folded] {
		k.Stop = true
		k.Stem = k.Folded
		return append(tokens, k)
	}
	elided := false
	if i := strings.IndexByte(word, '\''); i > 0 {
		switch {
		case i <= 2 || strings.HasPrefix(word, "qu'") || strings.HasPrefix(word, "jusqu'") || strings.HasPrefix(word, "lorsqu'"):
			raw := text[start:end]
			at := strings.IndexAny(raw, "'’ʼ")
			_, size := utf8.DecodeRuneInString(raw[at:])
			k.Start += at + size
			word, elided = word[i+1:], true
		default:
			word = word[:i]
		}
		k.Word, k.Folded = word, Fold(word)
	}
	first, _ = utf8.DecodeRuneInString(text[k.Start:])
	k.Proper = unicode.IsUpper(first) && (!begins || elided)
	k.Stop = l.stop[k.Folded] || utf8.RuneCountInString(word) < 2 && !k.Number
	k.Stem = k.Folded
	if stems && !k.Stop && !k.Number {
		k.Stem = l.stemmed(word)
	}
	return append(tokens, k)
}
