package hangman

import (
	"embed"

	"github.com/jarvis-host/jarvis/sdk"
)

//go:embed sentences/*.yaml
var sentenceFiles embed.FS

// declare puts the tools and their sentences on the plugin. Nothing here
// changes the world: a game is state of the conversation.
func (g *game) declare(p *sdk.Plugin) {
	sdk.Tool(p, "start", "Start a game of hangman", g.start, sdk.ReadOnly(), sdk.Stateful(),
		sdk.Examples("fr", sdk.Example{Text: "jouons au pendu"}, sdk.Example{Text: "un pendu difficile", Args: map[string]any{"difficulty": "hard"}}),
		sdk.Examples("en", sdk.Example{Text: "let's play hangman"}, sdk.Example{Text: "hard hangman", Args: map[string]any{"difficulty": "hard"}}))
	sdk.Tool(p, "guess", "Guess a letter or the word in the game of hangman that is on", g.guess, sdk.ReadOnly(), sdk.Stateful())
	sdk.Tool(p, "hint", "Give a hint in the game of hangman", g.hint, sdk.ReadOnly(), sdk.Stateful())
	sdk.Tool(p, "status", "Show the game of hangman that is on", g.status, sdk.ReadOnly(), sdk.Stateful())
	sdk.Tool(p, "give_up", "Give up the game of hangman that is on", g.giveUp, sdk.ReadOnly(), sdk.Stateful())
	p.SentencesFS(sentenceFiles, "sentences/*.yaml")
}
