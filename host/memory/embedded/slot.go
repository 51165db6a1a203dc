package embedded

import (
	"container/list"
	"context"
	"errors"
	"os"
	"path/filepath"
)

// slot is the place of one owner's file, so that nobody waits while somebody
// else's is opened, closed or removed.
type slot struct {
	name string
	turn chan struct{} // full while the file is opened, closed or removed
	// file is nil while it is not open. It is changed with the turn and the lock of
	// the store, and read with either.
	file *file

	holders int // under the lock of the store, as what follows
	place   *list.Element
}

// take waits for the slot's turn.
func (p *slot) take(ctx context.Context) error {
	select {
	case p.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *slot) leave() { <-p.turn }

var errClosed = errors.New("memory store is closed")

// hold returns the slot of a file, whose file stays open until it is released.
func (s *Store) hold(name string) (*slot, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errClosed
	}
	p := s.slots[name]
	if p == nil {
		p = &slot{name: name, turn: make(chan struct{}, 1)}
		p.place = s.used.PushFront(p)
		s.slots[name] = p
	}
	s.used.MoveToFront(p.place)
	p.holders++
	return p, nil
}

func (s *Store) release(p *slot) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.holders--; p.holders == 0 && p.file == nil {
		s.used.Remove(p.place)
		delete(s.slots, p.name)
	}
}

// file returns the open file of a slot that is held. Without create, an owner who
// has none gets nil.
func (s *Store) file(ctx context.Context, p *slot, user string, create bool) (*file, error) {
	if err := p.take(ctx); err != nil {
		return nil, err
	}
	defer p.leave()
	return s.opened(ctx, p, user, create)
}

// opened is file in the slot's turn.
func (s *Store) opened(ctx context.Context, p *slot, user string, create bool) (*file, error) {
	if p.file != nil {
		return p.file, nil
	}
	path := filepath.Join(s.dir, p.name)
	if _, err := os.Stat(path); !create && errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	f, err := openFile(ctx, path, user)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errors.Join(errClosed, f.close())
	}
	p.file = f
	s.open++
	return f, nil
}

// detach takes the file out of its slot, in its turn, for it to be closed, unless
// more than so many hold it.
func (s *Store) detach(p *slot, holders int) *file {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := p.file
	if f == nil || s.closed || p.holders > holders {
		return nil
	}
	p.file = nil
	s.open--
	return f
}

// shrink closes files that were not used for longest, but none in use. What they
// hold is on disk already, so that an error in closing one loses nothing.
func (s *Store) shrink() {
	for p := s.idle(); p != nil; p = s.idle() {
		p.turn <- struct{}{}
		f := s.detach(p, 1)
		if f != nil {
			_ = f.close()
		}
		p.leave()
		s.release(p)
		if f == nil {
			return // somebody came for it
		}
	}
}

// idle holds the slot that was not used for longest, where too many are open.
func (s *Store) idle() *slot {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.open <= maxOpen {
		return nil
	}
	for e := s.used.Back(); e != nil; e = e.Prev() {
		if p := e.Value.(*slot); p.holders == 0 {
			p.holders++
			return p
		}
	}
	return nil
}
