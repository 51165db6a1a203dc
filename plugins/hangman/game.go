package hangman

import (
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// MaxMisses is how many wrong guesses end a game: head, body, two arms, two
// legs.
const MaxMisses = 6

// Game is one game. Its zero value is none. It is kept as JSON session state.
type Game struct {
	Word       string     `json:"word"` // as it is spelled, NFC
	Category   string     `json:"category"`
	Lang       string     `json:"lang"`
	Difficulty Difficulty `json:"difficulty"`
	Letters    string     `json:"letters"`         // tried letters, folded, in order
	Wrong      []string   `json:"wrong,omitempty"` // tried words that were wrong, folded
	Misses     int        `json:"misses"`
	Hinted     bool       `json:"hinted"`
	Over       bool       `json:"over"`
	Won        bool       `json:"won"`
}

// NewGame starts a game with a word.
func NewGame(w Word, lang string, d Difficulty) *Game {
	return &Game{Word: norm.NFC.String(w.Text), Category: w.Category, Lang: lang, Difficulty: d}
}

// Outcome says what a guess did.
type Outcome string

// The outcomes of a guess.
const (
	Hit      Outcome = "hit"
	Miss     Outcome = "miss"
	Repeated Outcome = "repeated" // tried before: nothing counted
	Won      Outcome = "won"
	Lost     Outcome = "lost"
)

// folded is the secret in plain letters.
func (g *Game) folded() string {
	letters, _ := foldLetters(g.Word)
	return letters
}

// Length is the secret's number of letters.
func (g *Game) Length() int { return len(g.folded()) }

// Left is how many misses the player still has.
func (g *Game) Left() int { return MaxMisses - g.Misses }

// GuessLetter tries one folded letter.
func (g *Game) GuessLetter(letter byte) Outcome {
	if strings.IndexByte(g.Letters, letter) >= 0 {
		return Repeated
	}
	g.Letters += string(letter)
	if strings.IndexByte(g.folded(), letter) < 0 {
		return g.miss()
	}
	for i := range len(g.folded()) {
		if strings.IndexByte(g.Letters, g.folded()[i]) < 0 {
			return Hit
		}
	}
	g.Over, g.Won = true, true
	return Won
}

// GuessWord tries a whole folded word.
func (g *Game) GuessWord(letters string) Outcome {
	switch {
	case letters == g.folded():
		g.Over, g.Won = true, true
		return Won
	case slices.Contains(g.Wrong, letters):
		return Repeated
	}
	g.Wrong = append(g.Wrong, letters)
	return g.miss()
}

func (g *Game) miss() Outcome {
	g.Misses++
	if g.Misses < MaxMisses {
		return Miss
	}
	g.Over = true
	return Lost
}

// GiveUp ends the game.
func (g *Game) GiveUp() { g.Over = true }

// Hint reveals the first letter that is still hidden; it costs nothing, and
// there is one a game. Ok is false when it was used, or would end the game.
func (g *Game) Hint() (letter byte, ok bool) {
	hidden := map[byte]bool{}
	first := byte(0)
	for i := range len(g.folded()) {
		c := g.folded()[i]
		if strings.IndexByte(g.Letters, c) < 0 {
			if first == 0 {
				first = c
			}
			hidden[c] = true
		}
	}
	if g.Hinted || len(hidden) < 2 {
		return 0, false
	}
	g.Hinted = true
	g.Letters += string(first)
	return first, true
}

// Mask is the word as the player sees it: found letters as they are spelled,
// in capitals, and blanks.
func (g *Game) Mask() string {
	var out []string
	for i, c := range []rune(strings.ToUpper(g.Word)) {
		if g.Over || strings.IndexByte(g.Letters, g.folded()[i]) >= 0 {
			out = append(out, string(c))
		} else {
			out = append(out, "_")
		}
	}
	return strings.Join(out, " ")
}

// Missed lists the tried letters that are not in the word, sorted, and the
// wrong words.
func (g *Game) Missed() []string {
	var out []string
	for i := range len(g.Letters) {
		if strings.IndexByte(g.folded(), g.Letters[i]) < 0 {
			out = append(out, strings.ToUpper(g.Letters[i:i+1]))
		}
	}
	slices.Sort(out)
	for _, w := range g.Wrong {
		out = append(out, strings.ToUpper(w))
	}
	return out
}

// Secret is the word in capitals, for when the game is over.
func (g *Game) Secret() string { return strings.ToUpper(g.Word) }

// Drawing is the gallows at the game's stage.
func (g *Game) Drawing() string {
	part := func(n int, s string) string {
		if g.Misses >= n {
			return s
		}
		return strings.Repeat(" ", utf8.RuneCountInString(s))
	}
	return strings.Join([]string{
		"  +---+",
		"  |   |",
		"  |   " + part(1, "O"),
		"  |  " + part(3, "/") + part(2, "|") + part(4, "\\"),
		"  |  " + part(5, "/") + " " + part(6, "\\"),
		"  |",
		"=====",
	}, "\n")
}
