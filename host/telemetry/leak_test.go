package telemetry

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain knows of one goroutine that stays: the library that rotates files keeps
// one for each, as long as the process lives, and a host has one such file.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("gopkg.in/natefinch/lumberjack%2ev2.(*Logger).millRun"))
}
