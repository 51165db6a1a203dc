package main

import (
	"os"
	"runtime/debug"
)

// collectAt is how many percent the heap may grow between collections. The
// host's heap is small, some ten megabytes: at Go's own 100 the collector runs
// dozens of times a second under load, and each time words wait for it. See
// docs/performance.md for what was measured.
const collectAt = 200

// tuneCollector leaves it to an operator who says otherwise. A limit on memory
// (GOMEMLIMIT) holds in any case.
func tuneCollector() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectAt)
	}
}
