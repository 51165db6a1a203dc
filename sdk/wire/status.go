package wire

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/jarvis-host/jarvis/sdk"
)

// toStatus turns an error of a handler into a gRPC status.
func toStatus(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return status.FromContextError(err).Err()
	}
	return status.Error(statusCode(sdk.ErrorCode(err)), err.Error())
}

func statusCode(c sdk.Code) codes.Code {
	switch c {
	case sdk.CodeInvalid:
		return codes.InvalidArgument
	case sdk.CodeUnauthenticated:
		return codes.Unauthenticated
	case sdk.CodeForbidden:
		return codes.PermissionDenied
	case sdk.CodeNotFound:
		return codes.NotFound
	case sdk.CodeTimeout:
		return codes.DeadlineExceeded
	case sdk.CodeConflict:
		return codes.Aborted
	case sdk.CodeTooLarge:
		return codes.ResourceExhausted
	case sdk.CodeUnsupported:
		return codes.Unimplemented
	case sdk.CodeUnavailable, sdk.CodeBusy, sdk.CodeRateLimited:
		return codes.Unavailable
	case sdk.CodeInternal:
	}
	return codes.Internal
}

// fromStatus turns what went wrong with an RPC into an [*sdk.Error] without a
// message: its reader is the operator, and the host words it for the person by
// its code. When the caller's context ended, its error can be found in it.
func fromStatus(ctx context.Context, doing string, err error) error {
	s := status.Convert(err)
	code := sdkCode(s.Code())
	if own := ctx.Err(); own != nil {
		err = errors.Join(own, err)
		if errors.Is(own, context.DeadlineExceeded) {
			code = sdk.CodeTimeout
		}
	} else if s.Code() == codes.DeadlineExceeded {
		// The deadline travels with the call; the plugin's clock was first.
		err = errors.Join(context.DeadlineExceeded, err)
	}
	return &sdk.Error{Code: code, Err: fmt.Errorf("%s: %w", doing, err)}
}

func sdkCode(c codes.Code) sdk.Code {
	switch c {
	case codes.InvalidArgument:
		return sdk.CodeInvalid
	case codes.Unauthenticated:
		return sdk.CodeUnauthenticated
	case codes.PermissionDenied:
		return sdk.CodeForbidden
	case codes.NotFound:
		return sdk.CodeNotFound
	case codes.DeadlineExceeded:
		return sdk.CodeTimeout
	case codes.Aborted, codes.AlreadyExists, codes.FailedPrecondition:
		return sdk.CodeConflict
	case codes.ResourceExhausted, codes.OutOfRange:
		return sdk.CodeTooLarge
	case codes.Unimplemented:
		return sdk.CodeUnsupported
	case codes.Unavailable, codes.Canceled:
		return sdk.CodeUnavailable
	default:
		return sdk.CodeInternal
	}
}
