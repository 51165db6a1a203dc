package launch

import (
	"context"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/jarvis-host/jarvis/sdk/wire"
)

// go-plugin's own services, beside the plugin's.
const (
	brokerStream   = "/plugin.GRPCBroker/StartStream"
	shutdownMethod = "/plugin.GRPCController/Shutdown"
)

// unaryTimeout bounds every call that came without a deadline.
const unaryTimeout = 10 * time.Second

// connection bounds what go-plugin does with its gRPC connection and sees to
// its end: go-plugin loses it when the first stream fails.
type connection struct {
	mu sync.Mutex
	cc *grpc.ClientConn
}

func (c *connection) options() []grpc.DialOption {
	return []grpc.DialOption{
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(wire.MaxMessage), grpc.MaxCallSendMsgSize(wire.MaxMessage)),
		grpc.WithChainUnaryInterceptor(c.unary),
		grpc.WithChainStreamInterceptor(c.stream),
	}
}

func (c *connection) unary(
	ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, call grpc.UnaryInvoker, opts ...grpc.CallOption,
) error {
	c.keep(cc)
	limit := unaryTimeout
	if method == shutdownMethod {
		limit = exitGrace
	}
	if _, bounded := ctx.Deadline(); !bounded {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	return call(ctx, method, req, reply, cc, opts...)
}

// stream refuses go-plugin's broker: nothing here uses it.
func (c *connection) stream(
	ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, open grpc.Streamer, opts ...grpc.CallOption,
) (grpc.ClientStream, error) {
	c.keep(cc)
	if method == brokerStream {
		return nil, status.Error(codes.Unimplemented, "no broker here")
	}
	return open(ctx, desc, cc, method, opts...)
}

func (c *connection) keep(cc *grpc.ClientConn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cc = cc
}

// shutdown asks the plugin to exit. The answer does not matter: a plugin that
// obeys is often gone before it.
func (c *connection) shutdown() {
	c.mu.Lock()
	cc := c.cc
	c.mu.Unlock()
	if cc == nil {
		return
	}
	_ = cc.Invoke(context.Background(), shutdownMethod, &emptypb.Empty{}, &emptypb.Empty{})
}

func (c *connection) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cc != nil {
		_ = c.cc.Close()
	}
}
