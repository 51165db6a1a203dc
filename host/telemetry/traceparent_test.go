package telemetry

import (
	"strings"
	"testing"
)

// S06: of a client's trace context what is valid is taken over, as the W3C's
// standard has it.
func TestATraceContextIsTakenOverWhereItIsValid(t *testing.T) {
	const trace, span = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	const good = "00-" + trace + "-" + span + "-01"
	for in, want := range map[string]string{
		good: good, "00-" + trace + "-" + span + "-00": "00-" + trace + "-" + span + "-00",
		"cc-" + trace + "-" + span + "-01": good, "cc-" + trace + "-" + span + "-01-what-comes": good,
		good + "-more": "", "cc-" + trace + "-" + span + "-01more": "", "ff-" + trace + "-" + span + "-01": "",
		"": "", "00": "", strings.ToUpper(good): "", good[:54]: "", good + "\n": "", "0x" + good[2:]: "", good[:54] + "g": "",
		"00-" + strings.Repeat("0", 32) + "-" + span + "-01": "", "00-" + trace + "-" + strings.Repeat("0", 16) + "-01": "",
		"00_" + trace + "-" + span + "-01": "", "00-" + trace + "_" + span + "-01": "", "00-" + trace + "-" + span + "_01": "",
		"00-" + trace[:31] + "é" + span + "--01": "", strings.Repeat("-", 55): "",
	} {
		if got := TraceParent([]string{in}); got != want {
			t.Errorf("TraceParent(%q) = %q, want %q", in, got, want)
		}
	}
	if got := TraceParent([]string{good, good}); got != "" || TraceParent(nil) != "" {
		t.Errorf("two headers are %q", got)
	}
	if TraceID(good) != trace || TraceID("") != "" {
		t.Errorf("the trace is %q", TraceID(good))
	}
}
