// Package builtin holds the tools that need no process: the time, the date and
// help. They are written against the SDK like any plugin's and pass the same
// gate; only the way to them is shorter.
package builtin
