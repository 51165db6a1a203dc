package wire

import (
	"context"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/wire/pluginpb"
)

// Register serves a handler. detached, unless nil, is called each time a host
// that was attached is gone; it must not block.
func Register(s grpc.ServiceRegistrar, h sdk.Handler, detached func()) {
	pluginpb.RegisterPluginServer(s, &server{handler: h, detached: detached})
}

type server struct {
	pluginpb.UnimplementedPluginServer
	handler  sdk.Handler
	detached func()
}

func (s *server) Describe(ctx context.Context, _ *pluginpb.DescribeRequest) (*pluginpb.DescribeResponse, error) {
	m, err := s.handler.Describe(ctx)
	if err != nil {
		return nil, toStatus(err)
	}
	pb, err := fromManifest(m)
	if err != nil {
		return nil, status.Errorf(codes.Internal, "encode manifest: %v", err)
	}
	return &pluginpb.DescribeResponse{Manifest: pb}, nil
}

func (s *server) Configure(ctx context.Context, req *pluginpb.ConfigureRequest) (*pluginpb.ConfigureResponse, error) {
	c, err := toConfiguration(req)
	if err != nil {
		return nil, status.Errorf(codes.InvalidArgument, "decode configuration: %v", err)
	}
	done, err := s.handler.Configure(ctx, c)
	if err != nil {
		return nil, toStatus(err)
	}
	resp, err := fromConfigured(done)
	if err != nil {
		return nil, status.Errorf(codes.Internal, "encode tools on offer: %v", err)
	}
	return resp, nil
}

func (s *server) Invoke(req *pluginpb.InvokeRequest, stream grpc.ServerStreamingServer[pluginpb.InvokeResponse]) error {
	in, err := toInvocation(req)
	if err != nil {
		return status.Errorf(codes.InvalidArgument, "decode call: %v", err)
	}
	for ev, err := range s.handler.Invoke(stream.Context(), in) {
		if err != nil {
			return toStatus(err)
		}
		if err := stream.Send(fromEvent(ev)); err != nil {
			return err
		}
	}
	return nil
}

func (s *server) Health(ctx context.Context, _ *pluginpb.HealthRequest) (*pluginpb.HealthResponse, error) {
	h, err := s.handler.Health(ctx)
	if err != nil {
		return nil, toStatus(err)
	}
	return fromHealth(h), nil
}

func (s *server) Drain(ctx context.Context, req *pluginpb.DrainRequest) (*pluginpb.DrainResponse, error) {
	unfinished, err := s.handler.Drain(ctx, req.GetGrace().AsDuration())
	if err != nil {
		return nil, toStatus(err)
	}
	return &pluginpb.DrainResponse{Unfinished: int32of(unfinished)}, nil
}

func (s *server) Attach(stream grpc.BidiStreamingServer[pluginpb.AttachRequest, pluginpb.AttachResponse]) error {
	if s.detached != nil {
		defer s.detached()
	}
	if err := stream.SendHeader(nil); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(stream.Context())
	var telling sync.WaitGroup
	defer telling.Wait()
	defer cancel()
	telling.Go(func() { s.watch(ctx, stream) })
	for {
		if _, err := stream.Recv(); err != nil {
			return nil // every end of this stream is the host's
		}
	}
}
