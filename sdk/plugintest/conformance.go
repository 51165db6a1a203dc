package plugintest

import (
	"testing"

	"github.com/jarvis-host/jarvis/sdk/conformance"
	"github.com/jarvis-host/jarvis/sdk/launch"
)

// Conformance runs a plugin's program and makes the checks of `jarvis plugin
// verify`, each as a test of its own, named by its id. The
// functions change how: its configuration, chaos, more time on a busy machine.
func Conformance(t *testing.T, path string, change ...func(*conformance.Options)) {
	t.Helper()
	c := conformance.Options{Spec: launch.Spec{Path: path}}
	for _, f := range change {
		f(&c)
	}
	c.Found = func(f conformance.Finding) {
		t.Run(f.ID, func(t *testing.T) {
			switch f.Outcome {
			case conformance.Failed:
				t.Errorf("%s: %s", f.Title, f.Detail)
			case conformance.Skipped:
				t.Skip(f.Detail)
			case conformance.Warned:
				t.Log(f.Detail)
			case conformance.Passed:
			}
		})
	}
	if _, err := conformance.Run(t.Context(), c); err != nil {
		t.Fatal(err)
	}
}
