package embedded

import (
	"container/list"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
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
	open   map[string]*list.Element // by file name
	used   *list.List               // of *file, the most recently used first
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
	return &Store{dir: dir, open: map[string]*list.Element{}, used: list.New()}, nil
}

// nameOf is the file of an owner: nothing that an id holds reaches the path.
func nameOf(o memory.Owner) string {
	sum := sha256.Sum256([]byte(o.User()))
	return hex.EncodeToString(sum[:16]) + suffix
}

// borrow returns the file of an owner, held open until it is given back. Without
// make, an owner who has none gets nil.
func (s *Store) borrow(ctx context.Context, o memory.Owner, create bool) (*file, error) {
	if o.User() == "" {
		return nil, memory.ErrOwner
	}
	name := nameOf(o)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errors.New("memory store is closed")
	}
	if e := s.open[name]; e != nil {
		s.used.MoveToFront(e)
		f := e.Value.(*file)
		f.borrowed++
		return f, nil
	}
	path := filepath.Join(s.dir, name)
	if _, err := os.Stat(path); !create && errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	f, err := openFile(ctx, path, o.User())
	if err != nil {
		return nil, err
	}
	f.borrowed = 1
	s.open[name] = s.used.PushFront(f)
	return f, s.shrink()
}

// shrink closes files that were not used for longest, but none in use.
func (s *Store) shrink() error {
	var errs []error
	for e := s.used.Back(); e != nil && s.used.Len() > maxOpen; {
		f, before := e.Value.(*file), e.Prev()
		if f.borrowed == 0 {
			errs = append(errs, f.close())
			s.used.Remove(e)
			delete(s.open, filepath.Base(f.path))
		}
		e = before
	}
	return errors.Join(errs...)
}

func (s *Store) giveBack(f *file) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f.borrowed--
}

// with runs do on an owner's file. Without create, an owner who has no file is
// left alone.
func (s *Store) with(ctx context.Context, doing string, o memory.Owner, create bool, do func(*file) error) error {
	f, err := s.borrow(ctx, o, create)
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	if f == nil {
		return nil
	}
	defer s.giveBack(f)
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
	err := s.with(ctx, "erase memory", o, false, func(f *file) error { return f.clear(ctx) })
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	name := nameOf(o)
	if e := s.open[name]; e != nil {
		f := e.Value.(*file)
		s.used.Remove(e)
		delete(s.open, name)
		if err := f.close(); err != nil {
			return fmt.Errorf("erase memory: %w", err)
		}
	}
	for _, end := range []string{"-wal", "-shm", ""} {
		if err := os.Remove(filepath.Join(s.dir, name) + end); err != nil && !errors.Is(err, os.ErrNotExist) {
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
	for e := s.used.Front(); e != nil; e = e.Next() {
		errs = append(errs, e.Value.(*file).close())
	}
	s.used.Init()
	clear(s.open)
	return errors.Join(errs...)
}
