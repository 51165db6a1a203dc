// Command jarvis-plugin-hangman is the game of hangman as a Jarvis plugin.
package main

import (
	"github.com/jarvis-host/jarvis/plugins/hangman"
	"github.com/jarvis-host/jarvis/sdk/serve"
)

func main() { serve.Main(hangman.New(hangman.Options{})) }
