package embedded

import (
	"container/list"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/jarvis-host/jarvis/host/memory"
)

// maxOpen is how many owners' files are kept open.
var maxOpen = 64

// suffix is what the name of an owner's file ends with.
const suffix = ".memory.db"

// Store implements [memory.Store] with a folder of SQLite files. Safe for
// concurrent use. It owns no goroutine.
type Store struct {
	dir string

	mu     sync.Mutex
	slots  map[string]*slot // by file name
	used   *list.List       // of *slot, the most recently used first
	open   int              // slots whose file is open
	closed bool
}

// Open returns the store of a folder, which is made when it is not there.
func Open(dir string) (*Store, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("open memories: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open memories: %w", err)
	}
	return &Store{dir: dir, slots: map[string]*slot{}, used: list.New()}, nil
}

// nameOf is the file of an owner: nothing that an id holds reaches the path.
func nameOf(o memory.Owner) string {
	sum := sha256.Sum256([]byte(o.User()))
	return hex.EncodeToString(sum[:16]) + suffix
}

// with runs do on an owner's file. Without create, an owner who has no file is
// left alone.
func (s *Store) with(ctx context.Context, doing string, o memory.Owner, create bool, do func(*file) error) error {
	if o.User() == "" {
		return fmt.Errorf("%s: %w", doing, memory.ErrOwner)
	}
	p, err := s.hold(nameOf(o))
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	defer s.shrink()
	defer s.release(p)
	f, err := s.file(ctx, p, o.User(), create)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	if f == nil {
		return nil
	}
	if err := do(f); err != nil {
		return fmt.Errorf("%s: %w", doing, damaged(err))
	}
	return nil
}

// Owners implements [memory.Store]. Files that can't be read hide nobody else.
func (s *Store) Owners(ctx context.Context) (out []memory.Owner, err error) {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return nil, fmt.Errorf("list owners of memories: %w", err)
	}
	var problems []error
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), suffix) {
			continue
		}
		user, err := ownerIn(ctx, filepath.Join(s.dir, e.Name()))
		if err == nil {
			var o memory.Owner
			if o, err = memory.OwnerOf(user); err == nil {
				out = append(out, o)
				continue
			}
		}
		problems = append(problems, fmt.Errorf("list owners of memories: %s: %w", e.Name(), err))
	}
	return out, errors.Join(problems...)
}

// Erase implements [memory.Store]. The file is overwritten by deleting its
// rows, and then removed.
func (s *Store) Erase(ctx context.Context, o memory.Owner) error {
	if o.User() == "" {
		return fmt.Errorf("erase memory: %w", memory.ErrOwner)
	}
	p, err := s.hold(nameOf(o))
	if err != nil {
		return fmt.Errorf("erase memory: %w", err)
	}
	defer s.release(p)
	if err := p.take(ctx); err != nil {
		return fmt.Errorf("erase memory: %w", err)
	}
	defer p.leave()
	f, err := s.opened(ctx, p, o.User(), false)
	if err == nil && f != nil {
		err = f.clear(ctx)
	}
	if err != nil {
		return fmt.Errorf("erase memory: %w", damaged(err))
	}
	if f = s.detach(p, math.MaxInt); f != nil {
		if err := f.close(); err != nil {
			return fmt.Errorf("erase memory: %w", err)
		}
	}
	for _, end := range []string{"-wal", "-shm", ""} {
		if err := os.Remove(filepath.Join(s.dir, p.name) + end); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("erase memory: %w", err)
		}
	}
	return nil
}

// Close implements [memory.Store].
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	var errs []error
	for _, p := range s.slots {
		if p.file != nil {
			errs = append(errs, p.file.close())
		}
	}
	return errors.Join(errs...)
}
