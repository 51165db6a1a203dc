package qdrant

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"time"

	client "github.com/qdrant/go-client/qdrant"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/jarvis-host/jarvis/sdk/retry"
)

// Server says where a server is, and how it is spoken to.
type Server struct {
	// URL is its address for gRPC: http://HOST:6334, or https:// for TLS. The port
	// is 6334 where none is named, for 6333, on which it speaks HTTP only, too.
	URL string
	// Key is sent with every request, when there is one.
	Key string
	// CAFile holds the certificates that sign the server's; the system's when empty.
	CAFile string
	// Collection is the name of the collection, which is made when it is not there.
	Collection string
}

// Ports of a server: that of gRPC, and that of HTTP, which people know better.
const (
	grpcPort = 6334
	httpPort = 6333
)

// ErrAddress says that an address is none.
var ErrAddress = errors.New("the address of a Qdrant server is http://HOST:6334 or https://HOST:6334")

// Address reads the server's address.
func (v Server) Address() (host string, port int, secure bool, err error) {
	u, err := url.Parse(v.URL)
	if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.RawQuery != "" || u.Path != "" && u.Path != "/" {
		return "", 0, false, ErrAddress
	}
	port = grpcPort
	if u.Port() != "" {
		if port, err = strconv.Atoi(u.Port()); err != nil || port < 1 || port > 65535 {
			return "", 0, false, ErrAddress
		}
	}
	if port == httpPort {
		port = grpcPort
	}
	host = u.Hostname()
	if ip := net.ParseIP(host); ip != nil && ip.To4() == nil {
		host = "[" + host + "]"
	}
	return host, port, u.Scheme == "https", nil
}

// dial makes the connection's client. It connects when it is first used, and
// again whenever it was lost.
func (v Server) dial(more []grpc.DialOption) (*client.Client, error) {
	host, port, secure, err := v.Address()
	if err != nil {
		return nil, err
	}
	cfg := &client.Config{
		Host: host, Port: port, UseTLS: secure, SkipCompatibilityCheck: true, PoolSize: 1,
		GrpcOptions: append([]grpc.DialOption{
			grpc.WithChainUnaryInterceptor(v.credential, newRepeats().again),
			grpc.WithConnectParams(grpc.ConnectParams{
				Backoff:           backoff.Config{BaseDelay: 200 * time.Millisecond, Multiplier: 1.6, Jitter: .2, MaxDelay: 2 * time.Second},
				MinConnectTimeout: healthWithin,
			}),
		}, more...),
	}
	if secure {
		if cfg.TLSConfig, err = v.tls(); err != nil {
			return nil, err
		}
	}
	return client.NewClient(cfg)
}

func (v Server) tls() (*tls.Config, error) {
	out := &tls.Config{MinVersion: tls.VersionTLS12}
	if v.CAFile == "" {
		return out, nil
	}
	pem, err := os.ReadFile(v.CAFile)
	if err != nil {
		return nil, err
	}
	out.RootCAs = x509.NewCertPool()
	if !out.RootCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s holds no certificate", v.CAFile)
	}
	return out, nil
}

// credential sends the key. The client would warn of one without TLS in a log
// that is not ours; the doctor does it better.
func (v Server) credential(
	ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption,
) error {
	if v.Key != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "api-key", v.Key)
	}
	return invoke(ctx, method, req, reply, cc, opts...)
}

// repeats makes calls again that the server could not take, as long as their
// deadlines allow. Every call that is made here says how things are to be, and not
// what to add, so that one that was heard twice does no harm.
type repeats struct {
	retry.Backoff
	budget *retry.Budget
}

func newRepeats() repeats {
	return repeats{
		// A search has no more than some 25 ms.
		Backoff: retry.Backoff{Tries: 3, First: 8 * time.Millisecond, Most: 40 * time.Millisecond},
		budget:  retry.NewBudget(retry.BudgetOptions{}),
	}
}

func (r repeats) again(
	ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption,
) error {
	r.budget.Asked()
	for try := 1; ; try++ {
		err := invoke(ctx, method, req, reply, cc, opts...)
		if err == nil || !passing(err) {
			return err
		}
		pause, more := r.Pause(try)
		if !more || !r.budget.Take() || retry.Wait(ctx, pause) != nil {
			return err
		}
	}
}

// passing says whether an error may be gone a moment later.
func passing(err error) bool {
	switch status.Code(err) {
	case codes.Unavailable, codes.ResourceExhausted, codes.Aborted:
		return true
	default:
		return false
	}
}
