package address

import (
	"encoding/json"
	"net"
	"net/url"
	"strings"
)

// configScope begins a scope that the configuration holds.
const configScope = "config:"

// Granted tells whose word it is that host:port may be reached, by the scopes of the
// net needs that were granted: "host:port", or "config:/pointer" for the host in that
// string of values, a JSON object. false: nobody's.
func Granted(scopes []string, values json.RawMessage, host, port string) (w Word, found bool) {
	host = Canonical(host)
	for _, scope := range scopes {
		word := Author
		if at, ok := strings.CutPrefix(scope, configScope); ok {
			scope, word = ofURL(stringAt(values, at)), Operator
		}
		h, p, err := net.SplitHostPort(scope)
		if err == nil && Canonical(h) == host && p == port {
			w, found = max(w, word), true
		}
	}
	return w, found
}

// ofURL returns host:port of an address as an operator may write it: a URL or
// host:port.
func ofURL(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return text
	}
	return net.JoinHostPort(HostPort(u))
}

// HostPort is where a URL leads; without a port, that of its scheme.
func HostPort(u *url.URL) (host, port string) {
	port = u.Port()
	if port == "" {
		switch strings.ToLower(u.Scheme) {
		case "http", "ws":
			port = "80"
		case "https", "wss":
			port = "443"
		}
	}
	return Canonical(u.Hostname()), port
}

// Canonical is a host as grants are compared.
func Canonical(host string) string {
	return strings.ToLower(strings.TrimSuffix(host, "."))
}

// stringAt returns the string at a JSON pointer, or "".
func stringAt(raw json.RawMessage, pointer string) string {
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		return ""
	}
	for part := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		m, ok := v.(map[string]any)
		if !ok {
			return ""
		}
		v = m[strings.NewReplacer("~1", "/", "~0", "~").Replace(part)]
	}
	s, _ := v.(string)
	return s
}
