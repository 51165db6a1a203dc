// Package address decides where a connection to the outside may end, when the
// name that was asked for is resolved. A grant is for a name, and whoever answers
// for the name decides where it leads: into the network of the house, to the
// machine itself, to where a cloud hands out credentials. So the address counts,
// at the moment in which it is connected to, and not the name, nor what another
// answer for the name was before.
package address

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
)

// Word is whose word it is that a host may be reached.
type Word int

const (
	// Author is the word of whoever wrote a plugin, with the operator's consent: the
	// public Internet, or the very address that was consented to.
	Author Word = iota
	// Operator is that of the operator, who wrote the host into the configuration:
	// the own network and the machine itself too.
	Operator
)

// Dial connects to host:port with a dialer of the caller's settings, if the word
// reaches as far as the address to which the host leads now. Its error is then a
// *Refused, maybe wrapped.
func (w Word) Dial(ctx context.Context, d net.Dialer, network, hostPort string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(hostPort)
	if err != nil {
		return nil, fmt.Errorf("dial: %w", err)
	}
	d.ControlContext = func(_ context.Context, _, to string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(to)
		if err != nil {
			return fmt.Errorf("dial %s: %w", hostPort, err)
		}
		return w.Check(host, at.Addr())
	}
	return d.DialContext(ctx, network, hostPort) //nolint:wrapcheck // net names what it did
}

// Refused says that a host leads where the word does not reach.
type Refused struct {
	Host  string
	Leads netip.Addr
	Why   string
}

// Error implements error.
func (e *Refused) Error() string {
	return fmt.Sprintf("%s leads to %s, %s", e.Host, e.Leads, e.Why)
}

// Why an address is refused.
const (
	nowhere  = "which is no address of one machine"
	metadata = "where machines in a cloud get their credentials; only an operator who writes the address itself into the configuration reaches it"
	private  = "which is not on the public Internet; only what the operator writes into the configuration (a need of scope config:/...) may be there"
	notHere  = "which is not this machine"
)

// Check returns a *Refused unless a connection to host, a name or an address
// without a port, may end at the address it leads to.
func (w Word) Check(host string, leads netip.Addr) error {
	to := leads.Unmap().WithZone("")
	end := endOf(to)
	refuse := func(why string) error { return &Refused{host, to, why} }
	written := literal(host) == to
	switch {
	case !end.IsValid() || end.IsUnspecified() || end.IsMulticast() || end == broadcast:
		return refuse(nowhere)
	case within(end, metadataPlaces):
		if w != Operator || !written {
			return refuse(metadata)
		}
	case written:
	case isLocalhost(host):
		if !to.IsLoopback() {
			return refuse(notHere)
		}
	case w != Operator && !public(end):
		return refuse(private)
	}
	return nil
}

// literal is the address that a host is, or none when it is a name. What only a
// resolver takes for one, such as 2130706433, is a name.
func literal(host string) netip.Addr {
	a, err := netip.ParseAddr(strings.Trim(host, "[]"))
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap().WithZone("")
}

func isLocalhost(host string) bool {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// endOf is where packets to an address end: a translator to IPv4 (NAT64) passes them
// on to what the last four bytes say.
func endOf(a netip.Addr) netip.Addr {
	if !translated.Contains(a) {
		return a
	}
	raw := a.As16()
	return netip.AddrFrom4([4]byte(raw[12:]))
}

// public reports whether an address is one machine's on the Internet.
func public(a netip.Addr) bool {
	if a.Is4() {
		return !within(a, special4)
	}
	return global6.Contains(a) && !within(a, special6)
}

func within(a netip.Addr, all []netip.Prefix) bool {
	return slices.ContainsFunc(all, func(p netip.Prefix) bool { return p.Contains(a) })
}

func prefixes(all ...string) (out []netip.Prefix) {
	for _, p := range all {
		out = append(out, netip.MustParsePrefix(p))
	}
	return out
}

var (
	broadcast = netip.AddrFrom4([4]byte{255, 255, 255, 255})
	// Link-local IPv4 as a whole: AWS, Azure, Google and most others; then AWS's
	// IPv6, Alibaba's and Oracle's.
	metadataPlaces = prefixes("169.254.0.0/16", "fd00:ec2::/32", "100.100.100.200/32", "192.0.0.192/32")
	// What is not global in IANA's registries of special-purpose addresses.
	special4 = prefixes("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
		"192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4")
	global6    = netip.MustParsePrefix("2000::/3")
	special6   = prefixes("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20") // tunnels lead anywhere
	translated = netip.MustParsePrefix("64:ff9b::/96")
)
