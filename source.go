// Package jarvis holds the source of the plugin SDK, so that the program can
// hand it to a plugin author who has no network.
package jarvis

import "embed"

// SDK is the folder sdk of this module, its tests included, with the licence
// and the versions of what it needs (go.mod, go.sum).
//
//go:embed LICENSE go.mod go.sum sdk
var SDK embed.FS
