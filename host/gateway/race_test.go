//go:build race

package gateway

// raced says that the race detector slows everything down.
const raced = true
