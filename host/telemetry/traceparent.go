package telemetry

import "strings"

// The parts of a W3C trace context: version-trace-parent-flags.
const (
	traceParentLen = 55
	traceIDLen     = 32
)

// TraceParent is the trace context that a client's traceparent headers name, in
// the one form that this version of the standard writes; empty when there is
// none, more than one, or one that is not valid. What a later version puts
// behind the four parts is left out, as the standard asks.
func TraceParent(headers []string) string {
	if len(headers) != 1 {
		return ""
	}
	h := headers[0]
	if len(h) > traceParentLen && h[:2] != "00" && h[traceParentLen] == '-' {
		h = h[:traceParentLen]
	}
	if len(h) != traceParentLen || h[2] != '-' || h[35] != '-' || h[52] != '-' {
		return ""
	}
	if !hexadecimal(h[:2]) || h[:2] == "ff" || !isID(h[3:35]) || !isID(h[36:52]) || !hexadecimal(h[53:]) {
		return ""
	}
	return "00" + h[2:]
}

// TraceID is the id of the trace in a valid trace context, else empty.
func TraceID(traceParent string) string {
	if len(traceParent) != traceParentLen {
		return ""
	}
	return traceParent[3 : 3+traceIDLen]
}

// isID reports whether an id is one: not all zeros.
func isID(id string) bool { return hexadecimal(id) && strings.Trim(id, "0") != "" }

func hexadecimal(s string) bool { return strings.Trim(s, "0123456789abcdef") == "" }
