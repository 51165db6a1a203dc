package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/jarvis-host/jarvis/sdk/wire/hostpb"
)

const (
	// chunk is how many bytes go in one message; the stream's own flow control
	// bounds how many are under way.
	chunk = 32 << 10
	// maxChunk is how many may.
	maxChunk = 64 << 10
	// lingers is how long what was written before a Close may take to get away.
	lingers = 2 * time.Second
)

// halfCloser is a connection whose directions end one by one.
type halfCloser interface{ CloseWrite() error }

// Dial serves a connection: bytes from the plugin, bytes to it.
func (s *hostServer) Dial(stream grpc.BidiStreamingServer[hostpb.DialRequest, hostpb.DialResponse]) error {
	ctx := stream.Context()
	h, call, err := s.who(ctx)
	if err != nil {
		return err
	}
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	place, ok := first.GetPart().(*hostpb.DialRequest_Place)
	if !ok {
		return status.Error(codes.InvalidArgument, "the first part is the place, host:port")
	}
	conn, err := h.Dial(ctx, call, place.Place)
	if err != nil {
		return toStatus(err)
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	at := ""
	if a := conn.RemoteAddr(); a != nil {
		at = a.String()
	}
	if err := stream.Send(&hostpb.DialResponse{Part: &hostpb.DialResponse_Connected{Connected: clean(at)}}); err != nil {
		return err
	}
	sent := make(chan error, 1)
	go func() { sent <- fromPlugin(stream, conn) }()
	if err := toPlugin(stream, conn); err != nil {
		select {
		case other := <-sent: // it closed the connection, and says why
			if other != nil {
				return other
			}
		default:
		}
		return status.Error(codes.Unavailable, err.Error())
	}
	select {
	case err := <-sent:
		return err
	case <-ctx.Done():
		return status.FromContextError(ctx.Err()).Err()
	}
}

// toPlugin passes on what comes from the other side, until that ends.
func toPlugin(stream grpc.BidiStreamingServer[hostpb.DialRequest, hostpb.DialResponse], conn net.Conn) error {
	buf := make([]byte, chunk)
	for {
		n, err := conn.Read(buf)
		if n > 0 {
			if err := stream.Send(&hostpb.DialResponse{Part: &hostpb.DialResponse_Data{Data: buf[:n]}}); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return stream.Send(&hostpb.DialResponse{Part: &hostpb.DialResponse_Ended{Ended: true}})
		}
		if err != nil {
			return err
		}
	}
}

// fromPlugin passes on what the plugin sends, until it ends its half. Any other end
// closes the connection.
func fromPlugin(stream grpc.BidiStreamingServer[hostpb.DialRequest, hostpb.DialResponse], conn net.Conn) error {
	for {
		req, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			if c, ok := conn.(halfCloser); ok {
				_ = c.CloseWrite() // the other side may be gone already
			}
			return nil
		}
		if err != nil {
			_ = conn.Close()
			return err
		}
		data, ok := req.GetPart().(*hostpb.DialRequest_Data)
		if !ok || len(data.Data) > maxChunk {
			_ = conn.Close()
			return status.Errorf(codes.InvalidArgument, "expected data of at most %d bytes", maxChunk)
		}
		if _, err := conn.Write(data.Data); err != nil {
			_ = conn.Close()
			return status.Error(codes.Unavailable, err.Error())
		}
	}
}

// Dial implements [sdk.Services]. The connection is one end of a pair of sockets in
// the process, so that deadlines and half-closes are the operating system's own.
func (c *HostClient) Dial(ctx context.Context, call, hostPort string) (net.Conn, error) {
	life, end := context.WithCancel(context.WithoutCancel(c.as(ctx, call)))
	opening, opened := bounded(ctx)
	defer opened()
	stop := context.AfterFunc(opening, end)
	stream, at, err := c.open(life, hostPort)
	if err == nil && !stop() {
		err = opening.Err()
	}
	if err != nil {
		end()
		return nil, fromStatus(opening, "dial "+hostPort, err)
	}
	near, far, err := pair()
	if err != nil {
		end()
		return nil, broken("dial "+hostPort, err)
	}
	b := &brokered{UnixConn: near, end: end, place: place(hostPort), at: place(at)}
	var both sync.WaitGroup
	both.Go(func() { upwards(stream, far, end) })
	both.Go(func() { downwards(stream, far, end) })
	go func() { both.Wait(); end(); _ = far.Close() }()
	return b, nil
}

func (c *HostClient) open(ctx context.Context, hostPort string) (hostpb.Host_DialClient, string, error) {
	stream, err := c.rpc.Dial(ctx)
	if err != nil {
		return nil, "", err
	}
	// What is wrong with it, the answer says.
	_ = stream.Send(&hostpb.DialRequest{Part: &hostpb.DialRequest_Place{Place: clean(hostPort)}})
	resp, err := stream.Recv()
	return stream, resp.GetConnected(), err
}

// upwards sends what the plugin writes.
func upwards(stream hostpb.Host_DialClient, far *net.UnixConn, end func()) {
	buf := make([]byte, chunk)
	for {
		n, err := far.Read(buf)
		if n > 0 && stream.Send(&hostpb.DialRequest{Part: &hostpb.DialRequest_Data{Data: buf[:n]}}) != nil {
			end()
			return
		}
		if errors.Is(err, io.EOF) {
			_ = stream.CloseSend() // it never fails
			return
		}
		if err != nil {
			end()
			return
		}
	}
}

// downwards hands the plugin what comes. When the stream ends, so does the
// connection.
func downwards(stream hostpb.Host_DialClient, far *net.UnixConn, end func()) {
	defer func() { end(); _ = far.Close() }()
	for {
		resp, err := stream.Recv()
		if err != nil {
			return
		}
		switch part := resp.GetPart().(type) {
		case *hostpb.DialResponse_Data:
			if _, err := far.Write(part.Data); err != nil {
				return
			}
		case *hostpb.DialResponse_Ended:
			_ = far.CloseWrite()
		}
	}
}

// pair makes two connected sockets.
func pair() (near, far *net.UnixConn, err error) {
	syscall.ForkLock.RLock()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err == nil {
		syscall.CloseOnExec(fds[0])
		syscall.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, nil, fmt.Errorf("make pair of sockets: %w", err)
	}
	near, err = socket(fds[0])
	far, other := socket(fds[1])
	if err == nil && other == nil {
		return near, far, nil
	}
	for _, c := range []*net.UnixConn{near, far} {
		if c != nil {
			_ = c.Close()
		}
	}
	return nil, nil, errors.Join(err, other)
}

func socket(fd int) (*net.UnixConn, error) {
	f := os.NewFile(uintptr(fd), "pair")
	defer func() { _ = f.Close() }() // the connection has its own
	c, err := net.FileConn(f)
	if err != nil {
		return nil, fmt.Errorf("make pair of sockets: %w", err)
	}
	u, ok := c.(*net.UnixConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("make pair of sockets: unexpected %T", c), c.Close())
	}
	return u, nil
}

// brokered is the plugin's end of a connection that the host has.
type brokered struct {
	*net.UnixConn
	end       func()
	place, at place
}

var _ halfCloser = (*brokered)(nil)

// Close implements [net.Conn]. What was written gets away, or a moment to do so.
func (b *brokered) Close() error {
	time.AfterFunc(lingers, b.end)
	return b.UnixConn.Close()
}

// LocalAddr implements [net.Conn]: the host's own address is not the plugin's to know.
func (b *brokered) LocalAddr() net.Addr { return place("host") }

// RemoteAddr implements [net.Conn].
func (b *brokered) RemoteAddr() net.Addr {
	if b.at != "" {
		return b.at
	}
	return b.place
}

// place is the address of a connection through the host.
type place string

// Network implements [net.Addr].
func (place) Network() string { return "tcp" }

// String implements [net.Addr].
func (p place) String() string { return string(p) }
