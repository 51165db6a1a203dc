package limit

import (
	"net/netip"
	"time"
)

// Minute is the window of all limits at the edge.
const Minute = time.Minute

// openMinutes is for how many minutes' connections there is room at once, for one
// end user and for one address.
const openMinutes = 20

// Limits are how much may come in within any minute; 0 is no limit.
type Limits struct {
	Chat     int // messages of an end user
	Users    int // of how many end users as many messages may come from an address
	Connects int // WebSockets that an address opens
	Failures int // credentials from an address that do not count
}

func (l Limits) chatFrom() int { return l.Chat * l.Users }
func (l Limits) open() int     { return l.Connects * openMinutes }

// Edge bounds what comes in from outside: the messages of an end user and of an
// address, the connections of an address and how many are open, and the
// credentials that fail. Each has a count of its own: who guesses takes nothing
// from whoever has a key. What it answers is 0, or how long to wait until the same
// is not over the limit, if nothing else comes meanwhile, and how much the limit
// is that it would exceed. Safe for concurrent use.
type Edge struct {
	chat                    *Window
	chatFrom, connect, fail tiers
	openUser, openFrom      *crowd
}

// NewEdge makes the limits of the edge.
func NewEdge(l Limits, now func() time.Time) *Edge {
	return &Edge{
		chat: NewWindow(l.Chat, Minute, now), chatFrom: newTiers(l.chatFrom(), Minute, now),
		connect: newTiers(l.Connects, Minute, now), fail: newTiers(l.Failures, Minute, now),
		openUser: newCrowd(l.open()), openFrom: newCrowd(l.open()),
	}
}

// Set changes the limits. What was counted stays counted.
func (e *Edge) Set(l Limits) {
	e.chat.SetLimit(l.Chat)
	e.chatFrom.setLimit(l.chatFrom())
	e.connect.setLimit(l.Connects)
	e.fail.setLimit(l.Failures)
	e.openUser.setLimit(l.open())
	e.openFrom.setLimit(l.open())
}

// Chat counts a message of an end user from an address, in whatever way it comes;
// without an address for the user alone. own tells whether it is the user's own
// limit that is exceeded.
func (e *Edge) Chat(user string, from netip.Addr) (wait time.Duration, limit int, own bool) {
	claims := append(make([]claim, 0, len(networks)+1), claim{e.chat, user})
	wait, limit, at := take(append(claims, e.chatFrom.claims(from)...))
	return wait, limit, at == 0
}

// Connecting tells whether a connection from an address may be made, and counts
// nothing: it is not known yet whose it is.
func (e *Edge) Connecting(from netip.Addr) (wait time.Duration, limit int) {
	wait, limit, _ = look(e.connect.claims(from))
	return wait, limit
}

// Connect counts a connection from an address.
func (e *Edge) Connect(from netip.Addr) (wait time.Duration, limit int) {
	wait, limit, _ = take(e.connect.claims(from))
	return wait, limit
}

// Failed counts a credential from an address that does not count.
func (e *Edge) Failed(from netip.Addr) (wait time.Duration, limit int) {
	wait, limit, _ = take(e.fail.claims(from))
	return wait, limit
}

// Open counts a connection of an end user from an address until leave is called,
// once. Without a place leave is nil, and limit is how many places there are.
func (e *Edge) Open(user string, from netip.Addr) (leave func(), limit int) {
	if limit = e.openUser.enter(user); limit > 0 {
		return nil, limit
	}
	at := network(from)
	if limit = e.openFrom.enter(at); limit > 0 {
		e.openUser.leave(user)
		return nil, limit
	}
	return func() {
		e.openUser.leave(user)
		e.openFrom.leave(at)
	}, 0
}
