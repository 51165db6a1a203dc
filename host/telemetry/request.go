package telemetry

import (
	"crypto/rand"
	"strings"
)

// maxRequestID is the longest request id that is taken over from a client.
const maxRequestID = 64

// NewRequestID makes an id that no other request has.
func NewRequestID() string { return "req_" + strings.ToLower(rand.Text()) }

// ValidRequestID reports whether a client's id can be used as it is: 1 to 64
// of [A-Za-z0-9._-], so that it is safe in a log, a header and a file name.
func ValidRequestID(id string) bool {
	return id != "" && len(id) <= maxRequestID && !strings.ContainsFunc(id, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '.' && r != '_' && r != '-'
	})
}
