package memory

import (
	"github.com/jarvis-host/jarvis/host/memory/analysis"
	"github.com/jarvis-host/jarvis/host/memory/extract"
	"github.com/jarvis-host/jarvis/host/memory/rank"
	"github.com/jarvis-host/jarvis/host/memory/salience"
)

// Load reads everything that understands texts: some tens of milliseconds that
// the first end user to talk would wait for. It may run beside anything.
func Load() {
	analysis.Load()
	rank.Default()
	extract.Load()
	salience.Load()
}
