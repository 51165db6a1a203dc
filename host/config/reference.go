package config

import _ "embed"

//go:embed reference.md
var reference string

// Reference returns every key with its default, its variable and its meaning,
// as Markdown.
func Reference() string { return reference }
