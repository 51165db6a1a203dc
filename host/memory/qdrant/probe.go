package qdrant

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// ErrKey says that a server does not take the key.
var ErrKey = errors.New("the server does not take the key")

// Probe asks a server for its version and looks at the collection, without
// changing anything. ErrKey and ErrForeign are wrapped where that is the matter.
func Probe(ctx context.Context, v Server) (version string, err error) {
	c, err := v.dial(nil)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	health, err := c.HealthCheck(ctx)
	if err != nil {
		return "", refused(err)
	}
	info, err := c.GetCollectionInfo(ctx, v.Collection)
	switch {
	case status.Code(err) == codes.NotFound:
		return health.GetVersion(), nil // it will be made
	case err != nil:
		return "", refused(err)
	case !ours(info):
		return "", fmt.Errorf("collection %q %w", v.Collection, ErrForeign)
	}
	return health.GetVersion(), nil
}

func refused(err error) error {
	switch status.Code(err) {
	case codes.Unauthenticated, codes.PermissionDenied:
		return fmt.Errorf("%w: %w", ErrKey, err)
	default:
		return err
	}
}
