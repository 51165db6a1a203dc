package limit

import (
	"net/netip"
	"time"
)

// networks are those that an address is in, the narrowest first. Who has an IPv6 network of 64 bits has all its addresses (RFC
// 6177), and counts as one; many have one of 56 or 48 bits, and could change from
// one of 64 to the next for ever: so these have a budget too, larger because
// others may share it.
var networks = [...]struct {
	bits   int
	budget int // in times the limit of one address
	keys   int // that have a count of their own: what is bounded by it is memory
}{
	{64, 1, 50_000},
	{56, 4, 10_000},
	{48, 16, 2_000},
	{32, 256, 200},
}

// tiers are a window for each of networks.
type tiers [len(networks)]*Window

func newTiers(limit int, span time.Duration, now func() time.Time) (t tiers) {
	for i, n := range networks {
		t[i] = newWindow(limit*n.budget, n.keys, span, now)
	}
	return t
}

func (t tiers) setLimit(limit int) {
	for i, n := range networks {
		t[i].SetLimit(limit * n.budget)
	}
}

// claims are what an address has to have room in; an IPv4 address stands for
// itself alone, and what is no address for nothing.
func (t tiers) claims(a netip.Addr) []claim {
	a = plain(a)
	switch {
	case !a.IsValid():
		return nil
	case a.Is4() || a.IsLoopback():
		return []claim{{t[0], network(a)}}
	}
	all := make([]claim, 0, len(networks))
	for i, n := range networks {
		all = append(all, claim{t[i], masked(a, n.bits)})
	}
	return all
}

// network is what counts as one address. The machine itself is one, whichever of
// its loopback addresses it uses.
func network(a netip.Addr) string {
	switch a = plain(a); {
	case a.IsLoopback():
		return "loopback"
	case a.Is6():
		return masked(a, networks[0].bits)
	default:
		return a.String()
	}
}

func plain(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

func masked(a netip.Addr, bits int) string {
	p, err := a.Prefix(bits)
	if err != nil { // an IPv6 address has so many
		return a.String()
	}
	return p.String()
}
