package auth

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/jarvis-host/jarvis/host/turn"
)

// OperatorKeyFile is the name, in the data directory, of the first operator's
// key.
const OperatorKeyFile = "operator.key"

// OperatorName is the name of the operator that the first start makes.
const OperatorName = "operator"

// Bootstrap makes the first operator of a data directory and writes its key to
// OperatorKeyFile, for its owner only. It returns the file's path and whether
// it was made now; a host that has an operator is left as it is.
func Bootstrap(ctx context.Context, s *Service, dir string) (path string, made bool, err error) {
	path = filepath.Join(dir, OperatorKeyFile)
	switch u, err := s.operator(ctx); {
	case errors.Is(err, ErrNotFound):
	case err != nil:
		return "", false, err
	default:
		return path, false, s.finish(ctx, u, path)
	}
	u, err := s.AddUser(ctx, NewUser{Name: OperatorName, Role: turn.RoleOperator})
	if err != nil {
		return "", false, fmt.Errorf("make operator: %w", err)
	}
	return path, true, s.writeOperatorKey(ctx, u, path)
}

// finish repairs a first start that was cut between the operator and its key.
func (s *Service) finish(ctx context.Context, u User, path string) error {
	keys, err := s.store.Keys(ctx, u.ID)
	if err != nil {
		return fmt.Errorf("list keys: %w", err)
	}
	if len(keys) > 0 || u.Name != OperatorName {
		return nil
	}
	return s.writeOperatorKey(ctx, u, path)
}

// writeOperatorKey writes the file before the store knows the key: cut between
// the two, the next start finds an operator without keys and does it again.
func (s *Service) writeOperatorKey(ctx context.Context, u User, path string) error {
	text := newText(KeyPrefix)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("replace operator key: %w", err)
	}
	if err := writeNew(path, text+"\n"); err != nil {
		return fmt.Errorf("write operator key: %w", err)
	}
	_, err := s.put(ctx, text, Key{User: u.ID, Label: OperatorKeyFile, Kind: KindAPI})
	return err
}
