package qdrant

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"math/rand/v2"
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
			grpc.WithChainUnaryInterceptor(v.credential, again),
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

const (
	// tries is how often a call is made at most.
	tries = 3
	// firstPause is what the first repetition waits on average.
	firstPause = 4 * time.Millisecond
)

// again repeats a call that the server could not take, as long as its deadline
// allows. Every call that is made here says how things are to be, and not what
// to add, so that one that was heard twice does no harm.
func again(
	ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption,
) error {
	pause := firstPause
	for try := 1; ; try++ {
		err := invoke(ctx, method, req, reply, cc, opts...)
		if err == nil || try == tries || !passing(err) {
			return err
		}
		wait := time.NewTimer(pause/2 + rand.N(pause)) //nolint:gosec // spreads repetitions
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return err
		}
		pause *= 5
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
