// Package jarvis holds the source of the plugin SDK, so that the program can
// hand it to a plugin author who has no network.
package jarvis

import (
	"embed"
	"io/fs"
)

// SDK is the folder sdk of this module, its tests included, with the licence
// and the versions of what it needs (go.mod, go.sum).
//
//go:embed LICENSE go.mod go.sum sdk
//go:embed sdk/python/jarvis_plugin/__init__.py
var SDK embed.FS

// PythonHelper holds the folder jarvis_plugin, which a plugin in Python imports.
func PythonHelper() fs.FS {
	files, err := fs.Sub(SDK, "sdk/python")
	if err != nil {
		panic(err) // the folder is embedded
	}
	return files
}
