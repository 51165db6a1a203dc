package services

import (
	"context"
	"fmt"
	"runtime/debug"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// maxStreams is how many calls one connection of a plugin may have open.
const maxStreams = 256

// bounds keeps what one plugin does from hurting the host.
func bounds(panicked func(method, value, stack string)) []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.MaxConcurrentStreams(maxStreams),
		grpc.UnaryInterceptor(func(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (resp any, err error) {
			defer recovered(info.FullMethod, panicked, &err)
			return next(ctx, req)
		}),
		grpc.StreamInterceptor(func(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) (err error) {
			defer recovered(info.FullMethod, panicked, &err)
			return next(srv, stream)
		}),
	}
}

// recovered turns a panic into an error of the one call.
func recovered(method string, panicked func(method, value, stack string), err *error) {
	if v := recover(); v != nil {
		if panicked != nil {
			panicked(method, fmt.Sprint(v), string(debug.Stack()))
		}
		*err = status.Error(codes.Internal, "the host failed in this call")
	}
}
