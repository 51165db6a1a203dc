package qdrant

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/jarvis-host/jarvis/host/memory"
)

// owner is what is known of one end user's part of the index.
type owner struct {
	// indexed is the revision of the truth that the index holds; unknown before it
	// was compared.
	indexed atomic.Int64

	writing sync.Mutex          // a change of the truth and its note belong together
	changed map[string]struct{} // ids of items that may have changed since
	changes int64               // how many changes of the truth that is
	whole   bool                // more changed than was noted

	troubled atomic.Bool // the log knows that it can't be followed
}

// unknown is the revision of what was never compared.
const unknown = -1

// maxChanged is how many items are followed one by one; beyond, all are
// compared.
const maxChanged = 5000

func (s *Store) owner(o memory.Owner) *owner {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.owners[o]
	if k == nil {
		k = &owner{changed: map[string]struct{}{}}
		k.indexed.Store(unknown)
		s.owners[o] = k
	}
	return k
}

// known lists whose index is looked after.
func (s *Store) known() map[memory.Owner]*owner {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make(map[memory.Owner]*owner, len(s.owners))
	for o, k := range s.owners {
		out[o] = k
	}
	return out
}

// changing makes a change of the truth, which tells the ids of what it touches,
// and has the index follow.
func (s *Store) changing(o memory.Owner, do func() ([]string, error)) error {
	if o.User() == "" {
		_, err := do() // the truth says what is wrong
		return err
	}
	k := s.owner(o)
	k.writing.Lock()
	defer k.writing.Unlock()
	defer s.nudge()
	ids, err := do()
	if err != nil {
		return err // were it on disk all the same, the revision would tell
	}
	k.note(ids)
	return nil
}

// note takes note of one change; the caller holds writing.
func (k *owner) note(ids []string) {
	k.changes++
	for _, id := range ids {
		k.changed[id] = struct{}{}
	}
	if len(k.changed) > maxChanged {
		k.compare()
	}
}

// compare wants everything compared.
func (k *owner) compare() {
	k.whole = true
	clear(k.changed)
}

// distrust wants everything of everyone compared, such as after an outage, in
// which the server may have lost anything.
func (s *Store) distrust() {
	for _, k := range s.known() {
		k.writing.Lock()
		k.compare()
		k.indexed.Store(unknown)
		k.writing.Unlock()
	}
}

// current says whether the index holds all of an owner's memory.
func (s *Store) current(ctx context.Context, o memory.Owner) (bool, error) {
	k := s.owner(o)
	if k.indexed.Load() == unknown {
		return false, nil
	}
	revision, err := s.Revision(ctx, o)
	if err != nil || revision == k.indexed.Load() {
		return err == nil, err
	}
	if k.writing.TryLock() { // whoever writes now notes it
		defer k.writing.Unlock()
		if k.changes == 0 {
			k.compare() // another process wrote
		}
	}
	return false, nil
}
