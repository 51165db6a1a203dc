package gateway

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/jarvis-host/jarvis/host/protocol"
)

// settings are a Config, ready to be asked. They do not change.
type settings struct {
	Config
	hosts   map[string]bool // lower case
	origins map[string]bool // lower case
}

func newSettings(c Config) *settings {
	s := &settings{Config: c.withDefaults(), hosts: map[string]bool{}, origins: map[string]bool{}}
	for _, h := range c.AllowedHosts {
		s.hosts[strings.ToLower(strings.TrimSpace(h))] = true
	}
	for _, o := range c.AllowedOrigins {
		s.origins[strings.ToLower(strings.TrimRight(strings.TrimSpace(o), "/"))] = true
	}
	return s
}

// checkHost refuses a Host that is neither a loopback name nor configured: a
// page that makes its own name point here would else pass for this host.
func (s *settings) checkHost(host string) error {
	host = strings.ToLower(host)
	name := hostName(host)
	if loopbackName(name) || s.hosts[host] || s.hosts[name] || s.hosts[strings.Trim(name, "[]")] {
		return nil
	}
	return &protocol.Problem{Code: protocol.Forbidden, Text: protocol.WordHost, Args: []any{protocol.Excerpt(host)}}
}

// checkOrigin refuses what a foreign page asks. A request without the header
// is no page's, or one of our own.
func (s *settings) checkOrigin(r *http.Request) error {
	all := r.Header.Values("Origin")
	if len(all) == 0 {
		return nil
	}
	if len(all) == 1 && s.originAllowed(all[0], r.Host) {
		return nil
	}
	return &protocol.Problem{Code: protocol.Forbidden, Text: protocol.WordOrigin, Args: []any{protocol.Excerpt(all[0])}}
}

func (s *settings) originAllowed(origin, host string) bool {
	origin = strings.ToLower(origin)
	if s.origins[origin] {
		return true
	}
	u, err := url.Parse(origin)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || origin != u.Scheme+"://"+u.Host {
		return false
	}
	return u.Host == strings.ToLower(host) || loopbackName(hostName(u.Host))
}

// crossOrigin lets the pages of configured origins read answers. It reports
// whether the request was a preflight, which it answers.
func (x *exchange) crossOrigin() bool {
	h := x.Header()
	origin := x.r.Header.Get("Origin")
	configured := x.config.origins[strings.ToLower(origin)]
	if configured {
		h.Set("Access-Control-Allow-Origin", origin)
		h.Set("Access-Control-Expose-Headers", "X-Request-ID, Retry-After")
	}
	if x.r.Method != http.MethodOptions || x.r.Header.Get("Access-Control-Request-Method") == "" {
		return false
	}
	if configured {
		h.Set("Access-Control-Allow-Methods", "GET, POST, PATCH, DELETE")
		h.Set("Access-Control-Allow-Headers", "Authorization, X-API-Key, Content-Type, Idempotency-Key, X-Request-ID")
		h.Set("Access-Control-Max-Age", "600")
	}
	x.WriteHeader(http.StatusNoContent)
	return true
}

// checkForgery refuses a change that a foreign page makes with the end user's
// cookie: the browser has to vouch for where the request comes from.
func (x *exchange) checkForgery() error {
	if !x.cookie || safe(x.r.Method) {
		return nil
	}
	if x.r.Header.Get("Origin") != "" || x.r.Header.Get("Sec-Fetch-Site") == "same-origin" {
		return nil // the Origin was checked before
	}
	return &protocol.Problem{Code: protocol.Forbidden, Text: protocol.WordCrossSite}
}

func safe(method string) bool {
	return slices.Contains([]string{http.MethodGet, http.MethodHead, http.MethodOptions}, method)
}

// hostName is a Host without its port; an IPv6 address keeps its brackets.
func hostName(host string) string {
	if i := strings.LastIndexByte(host, ':'); i >= 0 && !strings.Contains(host[i:], "]") {
		return host[:i]
	}
	return host
}

func loopbackName(name string) bool {
	if name == "localhost" || strings.HasSuffix(name, ".localhost") {
		return true
	}
	bare, isIPv6 := strings.CutPrefix(name, "[")
	if isIPv6 {
		bare = strings.TrimSuffix(bare, "]")
	}
	a, err := netip.ParseAddr(bare)
	return err == nil && a.Zone() == "" && a.IsLoopback() && (isIPv6 == a.Is6())
}

// from finds who asks and whether TLS was used. What proxies say counts only
// when the peer is one of ours, and of the addresses the right-most that is
// not.
func (s *settings) from(r *http.Request) (peer netip.Addr, secure bool) {
	peer = remote(r)
	secure = overTLS(r)
	if !s.trusted(peer) {
		return peer, secure
	}
	secure = secure || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for _, hop := range slices.Backward(hops) {
		a, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			break
		}
		peer = a.Unmap().WithZone("")
		if !s.trusted(peer) {
			break
		}
	}
	return peer, secure
}

func (s *settings) trusted(a netip.Addr) bool {
	return slices.ContainsFunc(s.TrustedProxies, func(p netip.Prefix) bool { return p.Contains(a) })
}

// remote is the address at the other end of the connection.
func remote(r *http.Request) netip.Addr {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	a, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Addr{}
	}
	return a.Unmap().WithZone("")
}

// forwarded says whether a proxy had its hands on a request.
func forwarded(r *http.Request) bool {
	for name := range r.Header {
		if strings.HasPrefix(name, "X-Forwarded-") || name == "Forwarded" || name == "X-Real-Ip" || name == "Via" {
			return true
		}
	}
	return false
}
