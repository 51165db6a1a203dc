package hangman

import "github.com/jarvis-host/jarvis/sdk"

// declare puts the tools and their sentences on the plugin. Nothing here
// changes the world: a game is state of the conversation.
func (g *game) declare(p *sdk.Plugin) {
	sdk.Tool(p, "start", "Start a game of hangman", g.start, sdk.ReadOnly(), sdk.Stateful(),
		sdk.Say("fr",
			"[on |je veux |je voudrais |j'aimerais |on peut |tu veux |veux-tu |est-ce qu'on peut |viens, on |allez, on ](joue|jouer|jouons) [ensemble ]au [jeu du ]pendu",
			"[lance|lancer|démarre|démarrer|commence|commencer|fais|faire|faisons] [moi ][une |la ]partie (de|du) pendu",
			"[et si on (jouait|faisait) ](un|au) pendu", "pendu", "le [jeu du ]pendu",
			"(reprends|reprendre|continue|continuer|reprenons|continuons) [la partie de |le |notre ]pendu"),
		sdk.SayWith("fr", map[string]any{"difficulty": "easy"}, "[un |une |je veux une |je veux un ][partie de |jouer au |joue au ]pendu facile", "[jouer au |joue au ]pendu avec un mot facile"),
		sdk.SayWith("fr", map[string]any{"difficulty": "hard"}, "[un |une |je veux une |je veux un ][partie de |jouer au |joue au ]pendu difficile", "[jouer au |joue au ]pendu avec un mot difficile"),
		sdk.SayWith("fr", map[string]any{"new": true}, "[commence |lance |démarre ][une ]nouvelle partie de pendu", "(recommence|recommencer|recommençons) [la partie de |le ]pendu"),
		sdk.Say("en",
			"[let's |let us |can we |could we |i want to |i'd like to |i would like to |do you want to |shall we ]play [a game of |some |the ]hangman [game] [with me]",
			"[let's |can we ](start|begin|have) [a |the ][game of |round of ]hangman", "[the |a ][game of ]hangman [game]", "how about [a game of ]hangman",
			"(resume|continue) [the |our ][game of ]hangman"),
		sdk.SayWith("en", map[string]any{"difficulty": "easy"}, "[play |let's play |start ][an ]easy [game of ]hangman", "[play ]hangman with an easy word"),
		sdk.SayWith("en", map[string]any{"difficulty": "hard"}, "[play |let's play |start ][a ](hard|difficult) [game of ]hangman", "[play ]hangman with a (hard|difficult) word"),
		sdk.SayWith("en", map[string]any{"new": true}, "[start |begin ][a ]new (game of hangman|hangman game)", "restart [the game of ]hangman"),
		sdk.Examples("fr", sdk.Example{Text: "jouons au pendu"}, sdk.Example{Text: "un pendu difficile", Args: map[string]any{"difficulty": "hard"}}),
		sdk.Examples("en", sdk.Example{Text: "let's play hangman"}, sdk.Example{Text: "hard hangman", Args: map[string]any{"difficulty": "hard"}}))

	sdk.Tool(p, "guess", "Guess a letter or the word in the game of hangman that is on", g.guess, sdk.ReadOnly(), sdk.Stateful())

	sdk.Tool(p, "hint", "Give a hint in the game of hangman", g.hint, sdk.ReadOnly(), sdk.Stateful(),
		sdk.Say("fr", "[donne-moi ]un indice (pour le|au|du) pendu", "indice (du|pour le) pendu"),
		sdk.Say("en", "[give me ]a hint (for|in) hangman", "hangman hint"))

	sdk.Tool(p, "status", "Show the game of hangman that is on", g.status, sdk.ReadOnly(), sdk.Stateful(),
		sdk.Say("fr", "(où en est|montre|montre-moi|affiche) [la partie de |le |notre ]pendu", "(statut|état) du pendu", "où en (est-on|sommes-nous) au pendu"),
		sdk.Say("en", "(show|show me) [the |our ][game of ]hangman [game]", "hangman status", "status of [the |our ]hangman [game]"))

	sdk.Tool(p, "give_up", "Give up the game of hangman that is on", g.giveUp, sdk.ReadOnly(), sdk.Stateful(),
		sdk.Say("fr", "(abandonne|abandonner|j'abandonne|arrête|arrêter|quitte|quitter|termine|terminer) [la partie de |le |au ]pendu"),
		sdk.Say("en", "(give up|i give up|stop|quit|end) [the |our |playing ][game of ]hangman [game]"))
}
