package qdrant

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Oldest is the oldest version of a server that everything here is known to work
// with: the first that keeps what a collection says of itself.
const Oldest = "1.16"

// ErrOld says that a server is older than Oldest. It is used all the same.
var ErrOld = errors.New("the server is older than what is known to work")

// Old says whether a version, such as 1.17.0, is older than Oldest; what does not
// begin with two numbers is not.
func Old(version string) bool {
	var major, minor, leastMajor, leastMinor int
	if n, _ := fmt.Sscanf(version, "%d.%d", &major, &minor); n != 2 {
		return false
	}
	_, _ = fmt.Sscanf(Oldest, "%d.%d", &leastMajor, &leastMinor)
	return major < leastMajor || major == leastMajor && minor < leastMinor
}

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
