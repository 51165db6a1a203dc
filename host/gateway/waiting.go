package gateway

import (
	"context"
	"errors"
	"time"

	"github.com/jarvis-host/jarvis/host/auth"
	"github.com/jarvis-host/jarvis/host/protocol"
)

// waiting is a request whose answer takes long enough for its credential to be
// revoked meanwhile.
type waiting struct {
	who     auth.Principal
	end     context.CancelCauseFunc
	checked uint64 // the sweeper's: the credentials' generation that who was checked with
}

// errRevoked ends an answer whose credential does not count any more.
var errRevoked = &protocol.Problem{Code: protocol.Unauthenticated, Err: errors.New("the credential was revoked or expired meanwhile")}

// whileGood returns a context that ends, with errRevoked as its cause, when the
// credential of the request does not count any more; done is called after the
// answer.
func (x *exchange) whileGood(ctx context.Context) (while context.Context, done func()) {
	while, end := context.WithCancelCause(ctx)
	w, s := &waiting{who: x.who, end: end}, x.s
	s.mu.Lock()
	s.waiting[w] = struct{}{}
	s.mu.Unlock()
	return while, func() {
		s.mu.Lock()
		delete(s.waiting, w)
		s.mu.Unlock()
		end(nil)
	}
}

// recheck ends the answer when its credential was revoked, or its user removed. A
// store that does not answer is asked again.
func (w *waiting) recheck(ctx context.Context, s *Server) {
	p, err := s.o.Auth.Again(ctx, w.who)
	if errors.Is(err, auth.ErrUnauthenticated) || err == nil && !caller.allows(p.User.Role) {
		w.end(errRevoked)
	} else if err != nil {
		w.checked = 0
	}
}

// expired says whether the credential counts no more by now.
func (w *waiting) expired(now time.Time) bool {
	return !w.who.Expires.IsZero() && !now.Before(w.who.Expires)
}
