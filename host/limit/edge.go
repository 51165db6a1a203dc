package limit

import (
	"net/netip"
	"time"
)

// Minute is the window of all limits at the edge.
const Minute = time.Minute

// Edge bounds what comes in from outside: the messages of an end user, and the
// connections of an address. Safe for concurrent use.
type Edge struct{ chat, connect *Window }

// NewEdge makes the limits of the edge; 0 is none.
func NewEdge(chat, connect int, now func() time.Time) *Edge {
	return &Edge{NewWindow(chat, Minute, now), NewWindow(connect, Minute, now)}
}

// Set changes the limits.
func (e *Edge) Set(chat, connect int) {
	e.chat.SetLimit(chat)
	e.connect.SetLimit(connect)
}

// Chat counts a message of an end user, from wherever it comes.
func (e *Edge) Chat(user string, _ netip.Addr) time.Duration { return e.chat.Take(user) }

// Connect counts a connection from an address.
func (e *Edge) Connect(from netip.Addr) time.Duration { return e.connect.Take(network(from)) }

// network is what counts as one address: an IPv6 subscriber has a /64 to choose
// from (RFC 6177), so all of it counts as one.
func network(a netip.Addr) string {
	a = a.Unmap().WithZone("")
	if !a.Is6() {
		return a.String()
	}
	p, err := a.Prefix(64)
	if err != nil {
		return a.String()
	}
	return p.String()
}
