package llmtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// backlog is how many requests a Server remembers and announces; older ones
// are forgotten, further announcements are not made.
const backlog = 1000

// Server is a scripted Ollama server, with its OpenAI-compatible face. As an http.Handler it needs no further
// care; one that was started owns the goroutines of its listener and of its
// connections until Close. Safe for concurrent use.
type Server struct {
	script    Script
	mux       *http.ServeMux
	now       func() time.Time
	pace      func(context.Context, time.Duration)
	arrived   chan Request
	cancelled chan Request
	closing   chan struct{}

	mu       sync.Mutex
	requests []Request
	used     []int // by rule
	calls    int   // tool calls made, for their ids
	loaded   map[string]loadedModel

	http     *http.Server
	listener net.Listener
	served   sync.WaitGroup
	once     sync.Once
}

// NewServer returns a handler that follows a script.
func NewServer(s Script) *Server {
	def := DefaultScript()
	if len(s.Models) == 0 {
		s.Models = DefaultModels()
	}
	if s.Version == "" {
		s.Version = def.Version
	}
	s.Rules = append(slices.Clone(s.Rules), def.Rules...)
	srv := &Server{
		script: s, now: time.Now, pace: pause,
		arrived: make(chan Request, backlog), cancelled: make(chan Request, backlog), closing: make(chan struct{}),
		used: make([]int, len(s.Rules)), loaded: map[string]loadedModel{},
	}
	srv.mux = srv.routes()
	srv.preload()
	return srv
}

// Start listens on an address, with port 0 on a free one, and serves until
// Close.
func Start(addr string, s Script) (*Server, error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen for model requests: %w", err)
	}
	srv := NewServer(s)
	srv.listener = l
	srv.http = &http.Server{Handler: srv, ReadHeaderTimeout: 10 * time.Second}
	srv.served.Go(func() {
		// Serve returns when Close is called; anything else ends the requests of
		// whoever uses the server, who then knows more than this goroutine.
		_ = srv.http.Serve(l)
	})
	return srv, nil
}

// TB is the part of testing.TB that New needs.
type TB interface {
	Helper()
	Fatalf(format string, args ...any)
	Cleanup(f func())
}

// New starts a server on loopback for the duration of a test. Rules are tried
// in order.
func New(t TB, rules ...Rule) *Server {
	t.Helper()
	srv, err := Start("127.0.0.1:0", Script{Rules: rules})
	if err != nil {
		t.Fatalf("start scripted model: %v", err)
	}
	t.Cleanup(func() {
		if err := srv.Close(); err != nil {
			t.Fatalf("close scripted model: %v", err)
		}
	})
	return srv
}

// URL is where a started server listens.
func (s *Server) URL() string { return "http://" + s.listener.Addr().String() }

// Close ends every answer and stops listening. A handler that was not started
// only ends its answers.
func (s *Server) Close() error {
	var err error
	s.once.Do(func() {
		s.mu.Lock()
		close(s.closing)
		s.mu.Unlock()
		if s.http != nil {
			err = s.http.Close()
		}
		s.served.Wait()
	})
	if err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("close scripted model: %w", err)
	}
	return nil
}

// Requests returns the chat and embedding requests so far, the oldest first.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Arrived announces every chat and embedding request when its body is read.
func (s *Server) Arrived() <-chan Request { return s.arrived }

// Cancelled announces every such request whose client went away before its
// answer was complete.
func (s *Server) Cancelled() <-chan Request { return s.cancelled }

// ServeHTTP implements [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !s.enter() {
		return
	}
	defer s.served.Done()
	s.mux.ServeHTTP(w, r)
}

// enter counts a request that Close has to wait for.
func (s *Server) enter() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed() {
		return false
	}
	s.served.Add(1)
	return true
}

// record remembers a request and announces it.
func (s *Server) record(q Request) {
	s.mu.Lock()
	if len(s.requests) == backlog {
		s.requests = slices.Delete(s.requests, 0, 1)
	}
	s.requests = append(s.requests, q)
	s.mu.Unlock()
	announce(s.arrived, q)
}

func announce(to chan<- Request, q Request) {
	select {
	case to <- q:
	default:
	}
}

// pick returns the rule for a request and counts its use.
func (s *Server) pick(q Request) Rule {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.script.Rules {
		r := &s.script.Rules[i]
		if (r.Times == 0 || s.used[i] < r.Times) && r.fits(q) {
			s.used[i]++
			return *r
		}
	}
	return Rule{}
}

// model finds a model by the name that a request gives.
func (s *Server) model(name string) (Model, bool) {
	if !strings.Contains(name, ":") {
		name += ":latest"
	}
	all := s.models()
	at := slices.IndexFunc(all, func(m Model) bool {
		return m.Name == name || m.Name+":latest" == name
	})
	if at < 0 {
		return Model{}, false
	}
	return all[at], true
}

// models are those that the server has now.
func (s *Server) models() []Model {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.script.Models
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
