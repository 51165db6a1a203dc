package gateway

import (
	"net/http"

	"github.com/jarvis-host/jarvis/host/session"
)

// maxDoor bounds a request's body at a door: a whole conversation, or a tool's
// arguments.
const maxDoor = 8 << 20

// Door is a way in for programs that speak a protocol of their own. Members
// get in, as at every other route; what the answer looks like, errors of its
// own included, is the door's matter.
type Door struct {
	Method, Path string
	// Impersonal lets a service in that speaks for nobody: the answer is the same
	// for all.
	Impersonal bool
	// Serve answers one request of who, whose body was read. The request's context
	// ends, with a *protocol.Problem as its cause, when the credential is revoked or
	// expires. allow counts a
	// message or a call against who's limits; its error is a *protocol.Problem.
	Serve func(w http.ResponseWriter, r *http.Request, body []byte, who session.Identity, allow func() error)
}

func (s *Server) doorRoutes() (all []Route) {
	for _, d := range s.o.Doors {
		who := member
		if d.Impersonal {
			who = caller
		}
		all = append(all, Route{d.Method, d.Path, who, func(x *exchange) error {
			body, err := x.readUpTo(maxDoor)
			if err != nil {
				return err
			}
			ctx, done := x.whileGood(x.r.Context())
			defer done()
			d.Serve(x, x.r.WithContext(ctx), body, x.identity(), x.allowChat)
			return nil
		}})
	}
	return all
}
