package sdk

import (
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync/atomic"
)

const (
	needNet     = "net"     // the kind of need that opens the network
	configScope = "config:" // begins a scope that the configuration holds
)

// grants is what the operator granted, with the configuration that its scopes
// may point into.
type grants struct{ now atomic.Pointer[grant] }

type grant struct {
	needs  []Need
	values json.RawMessage
}

func (g *grants) swap(needs []Need, values json.RawMessage) *grant {
	return g.now.Swap(&grant{needs: needs, values: values})
}

func (g *grants) restore(old *grant) { g.now.Store(old) }

// reach returns an error unless a net need that was granted covers the
// address.
func (g *grants) reach(u *url.URL) error {
	host, port := hostPort(u)
	now := g.now.Load()
	if now == nil {
		now = &grant{}
	}
	for _, n := range now.needs {
		if n.Kind == needNet && covers(n.Scope, now.values, host, port) {
			return nil
		}
	}
	return &Error{Code: CodeForbidden, Err: fmt.Errorf(
		"no net need that covers %[1]s was granted: declare it with Needs(\"net\", \"%[1]s\", \"why\"), and let the operator grant it", net.JoinHostPort(host, port))}
}

func covers(scope string, values json.RawMessage, host, port string) bool {
	if at, ok := strings.CutPrefix(scope, configScope); ok {
		scope = addressOf(stringAt(values, at))
	}
	h, p, err := net.SplitHostPort(scope)
	return err == nil && canonical(h) == host && p == port
}

// addressOf returns host:port of an address as an operator may write it: a URL
// or host:port.
func addressOf(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return text
	}
	return net.JoinHostPort(hostPort(u))
}

func hostPort(u *url.URL) (host, port string) {
	port = u.Port()
	if port == "" {
		switch strings.ToLower(u.Scheme) {
		case "http", "ws":
			port = "80"
		case "https", "wss":
			port = "443"
		}
	}
	return canonical(u.Hostname()), port
}

func canonical(host string) string {
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
