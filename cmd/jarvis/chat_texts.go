package main

import (
	_ "embed"
	"encoding/json"
)

//go:embed texts/fr.json
var frenchTerminalData []byte

//go:embed texts/en.json
var englishTerminalData []byte

var (
	frenchTerminal  = mustWording(frenchTerminalData)
	englishTerminal = mustWording(englishTerminalData)
)

func mustWording(raw []byte) wording {
	var t wording
	if err := json.Unmarshal(raw, &t); err != nil {
		panic(err) // the files are part of the program
	}
	return t
}
