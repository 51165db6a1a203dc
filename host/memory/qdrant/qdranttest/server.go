// Package qdranttest is a Qdrant server for tests, made of the stubs that the
// client is generated with. It holds what it is given in memory, answers the
// calls that package qdrant makes, and refuses what a real server refuses. It
// proves requests, credentials, filters, repetitions and deadlines; how well and
// how durably a real server works it cannot prove.
package qdranttest

import (
	"cmp"
	"context"
	"encoding/pem"
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	client "github.com/qdrant/go-client/qdrant"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
)

// Key is what a server asks for.
const Key = "key-of-a-test-server"

// Server is a running server.
type Server struct {
	client.UnimplementedQdrantServer

	pipe *bufconn.Listener

	mu          sync.Mutex
	collections map[string]*collection
	calls       map[string]int
	open, left  int
	trouble     Trouble
}

// Trouble is what is wrong with a server.
type Trouble struct {
	// Down refuses every call.
	Down bool
	// Failing is how many of the next calls are refused.
	Failing int
	// Silent answers nothing until the caller gives up.
	Silent bool
	// Slow is silent for questions only: it is alive, and late.
	Slow bool
	// Promises acknowledges changes without making them.
	Promises bool
	// Leaks ignores what questions filter by.
	Leaks bool
	// Version is what it says of itself; "1.17.0" when empty.
	Version string
}

// New starts a server in memory that ends with the test; see Dial.
func New(t testing.TB) *Server {
	t.Helper()
	pipe := bufconn.Listen(1 << 20)
	s := start(t, pipe)
	s.pipe = pipe
	return s
}

// Listen starts a server that ends with the test on a port of this machine, and
// returns its address.
func Listen(t testing.TB) (s *Server, url string) {
	t.Helper()
	l := listen(t)
	return start(t, l), "http://" + l.Addr().String()
}

// ListenTLS is Listen with TLS; caFile is a file with the certificate that signs
// the server's.
func ListenTLS(t testing.TB) (s *Server, url, caFile string) {
	t.Helper()
	borrowed := httptest.NewTLSServer(nil) // for its certificate
	borrowed.Close()
	caFile = filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: borrowed.Certificate().Raw})
	if err := os.WriteFile(caFile, block, 0o600); err != nil {
		t.Fatal(err)
	}
	l := listen(t)
	secure := grpc.Creds(credentials.NewServerTLSFromCert(&borrowed.TLS.Certificates[0]))
	return start(t, l, secure), "https://" + l.Addr().String(), caFile
}

func listen(t testing.TB) net.Listener {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func start(t testing.TB, l net.Listener, more ...grpc.ServerOption) *Server {
	t.Helper()
	s := &Server{collections: map[string]*collection{}, calls: map[string]int{}}
	g := grpc.NewServer(append(more, grpc.UnaryInterceptor(s.intercept), grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{
		MinTime: time.Second, PermitWithoutStream: true,
	}))...)
	client.RegisterQdrantServer(g, s)
	client.RegisterCollectionsServer(g, collections{Server: s})
	client.RegisterPointsServer(g, points{Server: s})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = g.Serve(l) // ends when it is stopped
	}()
	t.Cleanup(func() {
		g.Stop()
		<-ended
	})
	return s
}

// URL is an address for it, which Dial reaches.
const URL = "http://127.0.0.1:6334"

// Dial makes a client's connections lead to it.
func (s *Server) Dial() []grpc.DialOption {
	return []grpc.DialOption{grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return s.pipe.DialContext(ctx) })}
}

// Make changes what is wrong with it.
func (s *Server) Make(t Trouble) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trouble = t
}

// Wipe loses everything, as a server whose disk was replaced.
func (s *Server) Wipe() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.collections)
}

// Lose loses points, of any collection, without a word.
func (s *Server) Lose(most int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.collections {
		for id := range c.points {
			if most--; most < 0 {
				return
			}
			delete(c.points, id)
		}
	}
}

// Calls is how often a method was called, such as Upsert.
func (s *Server) Calls(method string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls[method]
}

// Unanswered are the calls that it does not answer: how many are open, and how
// many the caller left more than a second before their deadline.
func (s *Server) Unanswered() (open, left int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.open, s.left
}

// ignore answers nothing until the caller gives up.
func (s *Server) ignore(ctx context.Context) error {
	count := func(open, left int) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.open, s.left = s.open+open, s.left+left
	}
	count(1, 0)
	<-ctx.Done()
	left := 0
	if end, _ := ctx.Deadline(); time.Until(end) > time.Second {
		left = 1
	}
	count(-1, left)
	return status.FromContextError(ctx.Err()).Err()
}

// Points returns the payloads of all points of a collection.
func (s *Server) Points(name string) (out []map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.collections[name]; c != nil {
		for _, p := range c.points {
			out = append(out, plain(p.GetPayload()))
		}
	}
	return out
}

func plain(payload map[string]*client.Value) map[string]any {
	out := map[string]any{}
	for k, v := range payload {
		switch v.GetKind().(type) {
		case *client.Value_BoolValue:
			out[k] = v.GetBoolValue()
		case *client.Value_IntegerValue:
			out[k] = v.GetIntegerValue()
		default:
			out[k] = v.GetStringValue()
		}
	}
	return out
}

func (s *Server) intercept(ctx context.Context, req any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	method := method(info.FullMethod)
	// A real server tells anyone that it is there.
	if md, _ := metadata.FromIncomingContext(ctx); method != "HealthCheck" && !slices.Equal(md.Get("api-key"), []string{Key}) {
		return nil, status.Error(codes.Unauthenticated, "Must provide an API key or an Authorization bearer token")
	}
	if _, set := ctx.Deadline(); !set {
		return nil, status.Error(codes.Internal, "a call without a deadline")
	}
	s.mu.Lock()
	s.calls[method]++
	t := s.trouble
	s.trouble.Failing = max(0, t.Failing-1)
	s.mu.Unlock()
	switch question := method == "Query" || method == "QueryBatch"; {
	case t.Down, t.Failing > 0:
		return nil, status.Error(codes.Unavailable, "not now")
	case t.Silent, t.Slow && question:
		return nil, s.ignore(ctx)
	default:
		if err := refuse(req); err != nil {
			return nil, err
		}
		return handle(ctx, req)
	}
}

func method(full string) string {
	for i := len(full) - 1; i >= 0; i-- {
		if full[i] == '/' {
			return full[i+1:]
		}
	}
	return full
}

// HealthCheck implements the service.
func (s *Server) HealthCheck(context.Context, *client.HealthCheckRequest) (*client.HealthCheckReply, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &client.HealthCheckReply{Title: "qdrant - vector search engine", Version: cmp.Or(s.trouble.Version, "1.17.0")}, nil
}

// with finds a collection and runs do on it, alone.
func (s *Server) with(name string, do func(*collection) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.collections[name]
	if c == nil {
		return status.Errorf(codes.NotFound, "Not found: Collection `%s` doesn't exist!", name)
	}
	return do(c)
}

func wrong(format string, args ...any) error {
	return status.Error(codes.InvalidArgument, "Wrong input: "+fmt.Sprintf(format, args...))
}
