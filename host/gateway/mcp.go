package gateway

import (
	"bytes"
	"io"
	"net/http"

	"github.com/jarvis-host/jarvis/host/session"
)

// maxMCP bounds a request's body on /mcp: the arguments of a tool may be a text.
const maxMCP = 1 << 20

// MCP answers programs that speak the Model Context Protocol. It is safe for
// concurrent use.
type MCP interface {
	// ServeMCP answers one request of who, whose body is read already. allow
	// counts a tool call against who's limits; its error is a *protocol.Problem.
	ServeMCP(w http.ResponseWriter, r *http.Request, who session.Identity, allow func() error)
}

func (s *Server) mcpRoutes() []Route {
	if s.o.MCP == nil {
		return nil
	}
	return []Route{
		{http.MethodPost, "/mcp", member, s.mcp},
		{http.MethodGet, "/mcp", member, s.mcp}, // answered, with 405, by the protocol's own words
		{http.MethodDelete, "/mcp", member, s.mcp},
	}
}

func (s *Server) mcp(x *exchange) error {
	body, err := x.readUpTo(maxMCP)
	if err != nil {
		return err
	}
	r := x.r.Clone(x.r.Context())
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	s.o.MCP.ServeMCP(x, r, x.identity(), x.allowChat)
	return nil
}
