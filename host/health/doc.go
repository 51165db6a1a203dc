// Package health keeps what the host knows about the services it needs: named
// checks, probed in the background or told by their owners, and one answer to
// "ready?" that never waits for any of them.
//
// A required check that is not up makes the host not ready; an optional one
// only degrades it. Draining makes it not ready whatever the checks say.
package health
