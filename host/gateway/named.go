package gateway

import (
	"context"
	"net/http"
	"net/url"

	"github.com/jarvis-host/jarvis/host/auth"
	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/turn"
)

// headerUser names the end user for whom a service speaks. From any other
// credential it means nothing: who speaks, the credential says.
const headerUser = "X-Jarvis-User"

// forwardedUser are the headers in which Open WebUI says who its user is, when
// told to (ENABLE_FORWARD_USER_INFO_HEADERS), the most lasting one first. Values
// are percent-encoded.
var forwardedUser = []string{"X-Openwebui-User-Id", "X-Openwebui-User-Email", "X-Openwebui-User-Name"}

// namedBy returns the end user whom a request names, or "".
func namedBy(h http.Header) string {
	if name := h.Get(headerUser); name != "" {
		return name
	}
	for _, header := range forwardedUser {
		if name := h.Get(header); name != "" {
			if plain, err := url.PathUnescape(name); err == nil {
				return plain
			}
			return name
		}
	}
	return ""
}

// speaker is who speaks with a credential, given the end user that was named: a
// service's speaks for that one, everybody else's for its own user.
func (s *Server) speaker(ctx context.Context, p auth.Principal, named string) (auth.Principal, error) {
	if p.User.Role != turn.RoleService || named == "" {
		return p, nil
	}
	return s.o.Auth.For(ctx, p, named)
}

// speaker is who speaks in one frame. On a socket that a service opened without
// naming anyone each frame names its own end user; none is kept from the frame
// before.
func (c *socket) speaker(ctx context.Context, named string) (auth.Principal, error) {
	p := *c.who.Load()
	if p.User.Role != turn.RoleService {
		return p, nil
	}
	if named == "" {
		return p, protocol.Missing("user")
	}
	return c.s.o.Auth.For(ctx, p, named)
}
