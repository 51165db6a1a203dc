// Package hangman is the game of hangman in French and English, for one
// conversation at a time. The whole game is session state that travels with
// each call: a game survives a crash of this process, an upgrade and a restart
// of the host, and two conversations never share one. The secret word leaves
// this package only inside that state, until the game is over.
package hangman
