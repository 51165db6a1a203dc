package conformance_test

import (
	"testing"

	"github.com/jarvis-host/jarvis/sdk/conformance"
	"github.com/jarvis-host/jarvis/sdk/plugintest"
)

// TestTheTestKitMakesTheSameChecks is D02: from a test of an author, with the
// program's configuration.
func TestTheTestKitMakesTheSameChecks(t *testing.T) {
	plugintest.Conformance(t, program(t, "quick"), func(o *conformance.Options) {
		o.Config, o.Slack, o.IdleMemory = []byte(`{"units":"metric"}`), 10, 256<<20
	})
}
