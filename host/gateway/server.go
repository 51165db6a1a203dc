package gateway

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/julienschmidt/httprouter"

	"github.com/jarvis-host/jarvis/host/auth"
	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/session"
	"github.com/jarvis-host/jarvis/host/telemetry"
)

// Bounds of a request's head, and of a connection that waits for one.
const (
	maxHead     = 16 << 10
	headTimeout = 10 * time.Second
	idleTimeout = 2 * time.Minute
)

// Server is the edge. It is an http.Handler for tests; a host calls Serve, for
// only its own listener sees a request's framing. New starts the sweeper's
// goroutine, Shutdown ends it and those of the sockets.
type Server struct {
	o      Options
	log    Log
	meter  Meter
	now    func() time.Time
	config atomic.Pointer[settings]
	router *httprouter.Router
	http   *http.Server
	repeat repeats
	// repeatMemory is the same for memories that are added.
	repeatMemory repeats
	repeatUndo   repeats
	repeatRun    repeats
	repeatKey    repeats
	repeatPlugin repeats
	zones        sync.Map // name -> *time.Location

	draining atomic.Bool
	begun    atomic.Int64  // bytes of messages that have not ended, see maxBegun
	closing  chan struct{} // closed when Shutdown begins

	mu      sync.Mutex
	stopped bool
	sockets map[*socket]struct{}
	waiting map[*waiting]struct{}
	crowd   crowd
	running sync.WaitGroup // the sweeper, the sockets' goroutines
}

// New returns a Server that is ready to serve.
func New(o Options) *Server {
	s := &Server{
		o: o, log: o.Log, meter: o.Meter, now: o.Now,
		closing: make(chan struct{}), sockets: map[*socket]struct{}{}, waiting: map[*waiting]struct{}{},
	}
	if s.log == nil {
		s.log = nothing{}
	}
	if s.meter == nil {
		s.meter = nothing{}
	}
	if s.now == nil {
		s.now = time.Now
	}
	s.Configure(o.Config)
	s.router = s.routes()
	s.http = &http.Server{
		Handler: s, ReadHeaderTimeout: headTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHead,
		ErrorLog: slog.NewLogLogger(&faults{log: s.log, now: s.now}, slog.LevelWarn), ConnContext: withConn,
		// HTTP/2 has no upgrade to a WebSocket that we speak.
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){},
	}
	s.running.Go(s.sweepAll)
	return s
}

// Configure replaces the configuration; requests that run keep the old one.
func (s *Server) Configure(c Config) { s.config.Store(newSettings(c)) }

// Serve answers the connections of a listener until Shutdown.
func (s *Server) Serve(l net.Listener) error {
	if s.o.TLS != nil {
		l = tls.NewListener(l, s.o.TLS)
	}
	if err := s.http.Serve(listener{l, s}); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

// Drain refuses new sockets and utterances from now on and tells those who are
// connected how long open turns have.
func (s *Server) Drain(deadline time.Duration) {
	s.draining.Store(true)
	frame := encode(protocol.Draining{Type: protocol.TypeDraining, DeadlineMS: deadline.Milliseconds()})
	for _, c := range s.all() {
		if !c.original {
			c.send(frame)
		}
	}
}

// Shutdown closes every socket with 1001, after what waits to be written, ends
// open requests and stops. When ctx ends first it cuts them off.
func (s *Server) Shutdown(ctx context.Context) error {
	s.draining.Store(true)
	s.stop()
	for _, c := range s.all() {
		c.shut(protocol.CloseGoingAway, "the host stops")
	}
	err := s.http.Shutdown(ctx)
	gone := make(chan struct{})
	go func() {
		s.running.Wait()
		close(gone)
	}()
	select {
	case <-gone:
	case <-ctx.Done():
		for _, c := range s.all() {
			c.cut()
		}
		err = errors.Join(err, s.http.Close())
		<-gone // a socket that is cut ends at once
	}
	if err != nil {
		return fmt.Errorf("shut gateway down: %w", err)
	}
	return nil
}

// stop lets no socket begin any more, and ends the sweeper.
func (s *Server) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.stopped {
		s.stopped = true
		close(s.closing)
	}
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := s.now()
	x := &exchange{ResponseWriter: w, s: s, config: s.config.Load(), r: r, route: "other", id: requestID(r.Header.Get("X-Request-Id"))}
	x.trace = telemetry.TraceParent(r.Header["Traceparent"])
	x.peer, x.secure = x.config.from(r)
	x.lang = languageOf("", r.Header.Get("Accept-Language"), x.config.Lang)
	x.protect()
	defer func() {
		if v := recover(); v != nil {
			x.panicked(v)
		}
		s.meter.Request(x.route, method(r.Method), x.status, s.now().Sub(began))
	}()
	if err := x.gate(); err != nil {
		x.fail(err)
		return
	}
	if !x.crossOrigin() {
		s.router.ServeHTTP(x, r)
	}
}

// gate is what every request passes, whatever it asks for.
func (x *exchange) gate() error {
	return errors.Join(x.checkFraming(), x.config.checkHost(x.r.Host), x.config.checkOrigin(x.r))
}

// protect sets the headers of every answer.
func (x *exchange) protect() {
	h := x.Header()
	h.Set("X-Request-ID", x.id)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	h.Set("Cache-Control", "no-store")
	h.Set("Vary", "Origin")
	if x.secure {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}

// panicked answers for a fault of ours: the client learns only the id under
// which the operator finds it.
func (x *exchange) panicked(v any) {
	if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(v) // net/http takes it for a way to hang up
	}
	x.s.meter.Panic()
	x.s.log.Error("request panicked", keyRequest, x.id, keyRoute, x.route, keyError, fmt.Sprint(v), keyStack, string(debug.Stack()))
	x.fail(&protocol.Problem{Code: protocol.Internal})
}

func (s *Server) all() []*socket {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]*socket, 0, len(s.sockets))
	for c := range s.sockets {
		list = append(list, c)
	}
	return list
}

// identity is who p is, in the words of the session.
func (s *Server) identity(p auth.Principal, lang, request string) session.Identity {
	return session.Identity{
		User: p.User.ID, Name: p.User.Called(), Role: p.User.Role, Plugins: p.User.Plugins, Lang: lang, Zone: s.zone(p.User.Zone), RequestID: request,
	}
}

// zone finds a time zone by name, the host's own for an empty one.
func (s *Server) zone(name string) *time.Location {
	if name == "" {
		return s.config.Load().Zone
	}
	if z, ok := s.zones.Load(name); ok {
		return z.(*time.Location)
	}
	z, err := time.LoadLocation(name) // checked when it was set
	if err != nil {
		return s.config.Load().Zone
	}
	s.zones.Store(name, z)
	return z
}

// method is a metric's label.
func method(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return m
	default:
		return "other"
	}
}
