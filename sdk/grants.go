package sdk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"sync/atomic"

	"github.com/jarvis-host/jarvis/sdk/address"
)

const (
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
	var scopes []string
	for _, n := range now.needs {
		if n.Kind == NeedNet {
			scopes = append(scopes, n.Scope)
		}
	}
	word, found := address.Granted(scopes, now.values, host, port)
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
	word, err := g.reach(address.Canonical(host), port)
	if err != nil {
		return nil, err
	}
	c, err := word.Dial(ctx, net.Dialer{Timeout: dialTimeout, KeepAliveConfig: keepAlive}, network, hostPort)
	if refused, ok := errors.AsType[*address.Refused](err); ok {
		return nil, &Error{Code: CodeForbidden, Err: refused}
	}
	return c, err //nolint:wrapcheck // net names what it did
}
