// Package effect keeps the receipts of what tools did in the world: one is on
// disk, [Intended], before a call that may change something reaches its plugin,
// and says afterwards how it ended, whether that was seen to hold, and whether
// it was taken back. So what the host tells of its deeds comes from receipts,
// a call that was cut by a crash is told as one whose end nobody knows, and
// what was done can be taken back after a restart.
//
// The [Book] writes them; a [Store] keeps them. Those of temporary sessions are
// in memory only.
package effect
