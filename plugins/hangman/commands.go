package hangman

import (
	"slices"
	"strings"
)

// action is what an utterance means in the middle of a game.
type action int

// The actions.
const (
	actNone   action = iota // nothing of this game's
	actLetter               // guess one letter
	actWord                 // guess the whole word
	actHint
	actStatus
	actGiveUp
	actRestart
)

// commands are the words that mean something in a game, in plain spelling.
var commands = map[action][]string{
	actHint:    {"indice", "un indice", "donne moi un indice", "aide", "aide moi", "hint", "a hint", "give me a hint", "clue"},
	actStatus:  {"statut", "status", "etat", "ou en est on", "ou j en suis", "ou en suis je", "la partie", "show", "show me", "montre", "where are we"},
	actGiveUp:  {"abandonner", "abandonne", "j abandonne", "je donne ma langue au chat", "give up", "i give up", "forfait"},
	actRestart: {"nouvelle partie", "recommencer", "recommence", "rejouer", "on recommence", "new game", "restart", "start over", "play again", "un autre mot", "another word"},
}

// prefixes announce a guess, in plain spelling.
var prefixes = []string{
	"la lettre", "lettre", "je propose la lettre", "je propose", "je dis", "est ce que c est", "le mot est", "c est",
	"the letter", "letter", "i guess", "is it", "it is", "it s", "the word is", "un", "une", "le", "la",
}

// guess is an utterance, read as a move.
type guess struct {
	action action
	text   string // the letter or word as it was written
	folded string
}

// read makes out what an utterance means in the game.
func read(utterance string) guess {
	p := plain(utterance)
	for a, words := range commands {
		if slices.Contains(words, p) {
			return guess{action: a}
		}
	}
	rest := strip(p)
	letters, ok := foldLetters(rest)
	g := guess{text: rest, folded: letters}
	switch {
	case !ok:
	case len(letters) == 1:
		g.action = actLetter
	default:
		g.action = actWord
	}
	return g
}

// strip takes the longest announcement off.
func strip(p string) string {
	best := ""
	for _, prefix := range prefixes {
		if len(prefix) > len(best) && strings.HasPrefix(p, prefix+" ") {
			best = prefix
		}
	}
	if best == "" {
		return p
	}
	return p[len(best)+1:]
}

// spelledOut reports whether an utterance is several single letters.
func spelledOut(utterance string) bool {
	words := strings.Fields(plain(utterance))
	return len(words) > 1 && !slices.ContainsFunc(words, func(w string) bool { return len(w) != 1 })
}
