// Package sdk is what a plugin author writes against: a plugin, its typed
// tools and their sentences. The contract itself ([Handler], [Manifest],
// [Invocation], [Event]) is plain Go; package wire carries it over go-plugin,
// package serve is a plugin's main, package plugintest runs a plugin in a test.
package sdk
