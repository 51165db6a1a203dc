package sdk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/jarvis-host/jarvis/sdk/address"
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

// reach returns whose word it is that a host may be reached, or an error unless
// a net need that was granted covers it.
func (g *grants) reach(host, port string) (address.Word, error) {
	now := g.now.Load()
	if now == nil {
		now = &grant{}
	}
	word, found := address.Author, false
	for _, n := range now.needs {
		if n.Kind == needNet && covers(n.Scope, now.values, host, port) {
			found = true
			if strings.HasPrefix(n.Scope, configScope) {
				word = address.Operator
			}
		}
	}
	if found {
		return word, nil
	}
	return word, &Error{Code: CodeForbidden, Err: fmt.Errorf(
		"no net need that covers %[1]s was granted: declare it with Needs(\"net\", \"%[1]s\", \"why\"), and let the operator grant it", net.JoinHostPort(host, port))}
}

// dial connects to a host that was granted, if it leads where the grant reaches.
func (g *grants) dial(ctx context.Context, network, hostPort string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(hostPort)
	if err != nil {
		return nil, fmt.Errorf("dial: %w", err)
	}
	word, err := g.reach(canonical(host), port)
	if err != nil {
		return nil, err
	}
	c, err := word.Dial(ctx, net.Dialer{Timeout: dialTimeout, KeepAliveConfig: keepAlive}, network, hostPort)
	if refused, ok := errors.AsType[*address.Refused](err); ok {
		return nil, &Error{Code: CodeForbidden, Err: refused}
	}
	return c, err //nolint:wrapcheck // net names what it did
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
