package gateway

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"math"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/julienschmidt/httprouter"

	"github.com/jarvis-host/jarvis/host/auth"
	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/session"
	"github.com/jarvis-host/jarvis/host/telemetry"
)

// exchange is one request and its answer. It is the http.ResponseWriter that
// the router hands on, so that no context has to carry it. It lives as long as
// its handler.
type exchange struct {
	http.ResponseWriter
	s      *Server
	config *settings
	r      *http.Request
	id     string // of the request
	trace  string // its W3C trace context, or empty
	route  string // its template, or "other"
	params httprouter.Params
	peer   netip.Addr // who asks, behind trusted proxies
	secure bool       // whether TLS reached us, or a trusted proxy
	lang   string
	who    auth.Principal
	cookie bool   // whether who comes from a cookie
	status int    // 0 while nothing was sent
	leave  func() // the place of a socket that is about to open, or nil
}

// Unwrap lets http.ResponseController reach the connection.
func (x *exchange) Unwrap() http.ResponseWriter { return x.ResponseWriter }

// WriteHeader notes the status.
func (x *exchange) WriteHeader(status int) {
	if x.status == 0 && status >= http.StatusOK {
		x.status = status
	}
	x.hurry()
	x.ResponseWriter.WriteHeader(status)
}

// Write notes that the answer began.
func (x *exchange) Write(b []byte) (int, error) {
	if x.status == 0 {
		x.status = http.StatusOK
	}
	x.hurry()
	return x.ResponseWriter.Write(b)
}

// hurry gives a client that does not read its answer a deadline.
func (x *exchange) hurry() {
	// A recorder in a test has none; a connection always has.
	_ = http.NewResponseController(x.ResponseWriter).SetWriteDeadline(time.Now().Add(x.config.WriteTimeout))
}

// json answers with a value.
func (x *exchange) json(status int, v any) error {
	x.Header().Set("Content-Type", "application/json; charset=utf-8")
	x.WriteHeader(status)
	_, _ = x.Write(append(encode(v), '\n')) // whoever asked may be gone
	return nil
}

// empty answers that all went well and there is nothing to say.
func (x *exchange) empty() error {
	x.WriteHeader(http.StatusNoContent)
	return nil
}

// identity is who asks, in the words of the session.
func (x *exchange) identity() session.Identity {
	who := x.s.identity(x.who, x.lang, x.id)
	who.TraceParent = x.trace
	return who
}

// fail answers with what went wrong, in the end user's language.
func (x *exchange) fail(err error) {
	p := problemOf(err)
	x.note(p, err)
	if x.status != 0 {
		return // too late to say it
	}
	h := x.Header()
	if p.Code == protocol.Unauthenticated {
		h.Set("WWW-Authenticate", `Bearer realm="jarvis"`)
	}
	if p.RetryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(p.RetryAfter.Seconds()))))
	}
	status := p.Code.Status()
	if p.Text == protocol.WordMethod {
		status = http.StatusMethodNotAllowed // the one status that no code has
	}
	_ = x.json(status, protocol.Failure{Error: protocol.FailureDetail{
		Code: p.Code, Message: x.s.say(x.lang, p), RequestID: x.id, Field: p.Field, RetryAfterMS: p.RetryAfter.Milliseconds(),
	}})
}

// note logs what the operator has to know of.
func (x *exchange) note(p *protocol.Problem, err error) {
	switch p.Code {
	case protocol.Internal, protocol.Unavailable:
		if !errors.Is(err, context.Canceled) {
			x.s.log.Error("request failed", keyRequest, x.id, keyRoute, x.route, keyError, err)
		}
	default:
		x.s.log.Debug("request refused", keyRequest, x.id, keyRoute, x.route, keyError, err)
	}
}

// say puts a problem in words.
func (s *Server) say(lang string, p *protocol.Problem) string {
	if p.Message != "" {
		return p.Message
	}
	if p.Lang != "" {
		lang = p.Lang
	}
	key, args := p.Text, p.Args
	if key == "" {
		key, args = protocol.WordsOf(p.Code), nil
	}
	if key == protocol.WordType && len(args) == 2 {
		args = []any{args[0], s.o.Words(lang, args[1].(string))}
	}
	return s.o.Words(lang, key, args...)
}

// problemOf finds the code of an error of any room.
func problemOf(err error) *protocol.Problem {
	if p, ok := errors.AsType[*protocol.Problem](err); ok {
		return p
	}
	code := protocol.Internal
	var retry time.Duration
	switch {
	case errors.Is(err, session.ErrNotFound), errors.Is(err, auth.ErrNotFound):
		code = protocol.NotFound
	case errors.Is(err, auth.ErrUnauthenticated):
		code = protocol.Unauthenticated
	case errors.Is(err, auth.ErrTooManyTickets):
		code, retry = protocol.Busy, time.Second
	case errors.Is(err, context.DeadlineExceeded):
		code = protocol.Timeout
	}
	return &protocol.Problem{Code: code, RetryAfter: retry, Err: err}
}

// requestID keeps a client's id when it is harmless, else makes one.
func requestID(offered string) string {
	if telemetry.ValidRequestID(offered) {
		return offered
	}
	b := make([]byte, 8)
	_, _ = rand.Read(b) // never fails
	return "r-" + hex.EncodeToString(b)
}
