package qdrant

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	client "github.com/qdrant/go-client/qdrant"

	"github.com/jarvis-host/jarvis/host/memory"
)

const (
	// lookDown and lookUp are how often the server is looked for when it is down,
	// and looked at when it is up.
	lookDown = 2 * time.Second
	lookUp   = 10 * time.Second
	// audits is how often the counts of items and points are compared.
	audits = time.Minute
)

// Run makes the index follow until ctx is done: it finds the server, again
// whenever it was lost, compares what it holds with the truth, and writes what
// changes.
func (s *Store) Run(ctx context.Context) {
	audited := time.Now()
	for ctx.Err() == nil {
		err := s.catchUp(ctx)
		if err == nil && time.Since(audited) >= audits {
			audited = time.Now()
			err = errors.Join(s.audit(ctx), s.Settle(ctx))
		}
		wait := lookUp
		if err != nil {
			wait = lookDown
		}
		s.pause(ctx, wait, err == nil)
	}
}

// pause waits, at most until something is to be done; while the server is down
// that is no reason.
func (s *Store) pause(ctx context.Context, most time.Duration, wakes bool) {
	wake := s.wake
	if !wakes {
		wake = nil
	}
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	case <-wake:
	}
}

// Settle makes the index hold what is kept now, of every owner, whoever wrote
// it. An error that is ErrDown says that it will later.
func (s *Store) Settle(ctx context.Context) error {
	s.following.Lock()
	defer s.following.Unlock()
	err := s.followSome(ctx, true)
	if errors.Is(err, errNoPlace) {
		err = s.followSome(ctx, true)
	}
	return err
}

// catchUp makes the index hold what is known to be missing: everything, when the
// server was found just now.
func (s *Store) catchUp(ctx context.Context) error {
	s.following.Lock()
	defer s.following.Unlock()
	err := s.followSome(ctx, false)
	if errors.Is(err, errNoPlace) {
		err = s.followSome(ctx, true)
	}
	return err
}

// followSome follows everyone, or those who are known to need it.
func (s *Store) followSome(ctx context.Context, all bool) error {
	fresh, err := s.connect(ctx)
	if err != nil {
		return err
	}
	var owners []memory.Owner
	if all || fresh {
		owners, err = s.everyone(ctx)
	} else {
		owners = s.due()
	}
	if err != nil {
		return err
	}
	return s.followAll(ctx, owners)
}

// followAll follows each owner, as long as the server answers. An owner whose
// memory can't be read holds nobody else up.
func (s *Store) followAll(ctx context.Context, owners []memory.Owner) error {
	for _, o := range owners {
		err := s.follow(ctx, o)
		if err != nil && (fromServer(err) || ctx.Err() != nil) {
			return err
		}
		if k := s.owner(o); k.troubled.Swap(err != nil) != (err != nil) {
			s.o.Log("memory index follows an end user's memory, or, with an error, cannot", err)
		}
	}
	return nil
}

// connect asks whether the server is there, and gets it ready when it was not.
func (s *Store) connect(ctx context.Context) (fresh bool, err error) {
	if s.up.Load() && !s.lost.Load() {
		return false, nil
	}
	if err := s.healthy(ctx); err != nil {
		s.lost.Store(true)
		return false, s.gone(err)
	}
	if fresh = s.lost.Swap(false); fresh {
		if err := s.start(ctx); err != nil {
			s.lost.Store(true)
			return false, s.gone(err)
		}
	}
	s.back()
	return fresh, nil
}

// gone notes why the server does not help.
func (s *Store) gone(err error) error {
	s.down(err)
	return s.Up()
}

func (s *Store) healthy(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, healthWithin)
	defer cancel()
	health, err := s.client.HealthCheck(ctx)
	if err == nil && Old(health.GetVersion()) != s.old.Load() {
		s.old.Store(!s.old.Load())
		s.tellAge(health.GetVersion())
	}
	return err
}

func (s *Store) tellAge(version string) {
	var err error
	if s.old.Load() {
		err = fmt.Errorf("%w: Qdrant %s, and %s or newer is wanted", ErrOld, version, Oldest)
	}
	s.o.Log("memory index has another version", err)
}

// start gets the collection ready, and rid of owners that are no more.
func (s *Store) start(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callWithin)
	defer cancel()
	if err := s.open(ctx); err != nil {
		return err
	}
	s.distrust()
	owners, err := s.Owners(ctx)
	if errors.Is(err, memory.ErrDamaged) {
		return nil // whose it is is not known, and nobody must lose anything
	}
	if err != nil {
		return err
	}
	names := make([]string, len(owners))
	for i, o := range owners {
		names[i] = o.User()
	}
	return s.forgetOthers(ctx, names)
}

// forgetOthers deletes the points of everyone of this host but some. It learns
// nothing of anyone, and is the only call that is not about one owner.
func (s *Store) forgetOthers(ctx context.Context, owners []string) error {
	all := &client.Filter{Must: []*client.Condition{client.NewMatchKeyword(fieldHome, s.o.Home)}}
	if len(owners) > 0 {
		all.Must = append(all.Must, client.NewMatchExceptKeywords(fieldUser, owners...))
	}
	return s.remove(ctx, client.NewPointsSelectorFilter(all))
}

// everyone lists who has a memory, and who had one.
func (s *Store) everyone(ctx context.Context) ([]memory.Owner, error) {
	out, err := s.Owners(ctx)
	if err != nil && !errors.Is(err, memory.ErrDamaged) {
		return nil, err
	}
	seen := map[memory.Owner]bool{}
	for _, o := range out {
		seen[o] = true
	}
	for o := range s.known() {
		if !seen[o] {
			out = append(out, o)
		}
	}
	return out, nil
}

// due lists whose index is known to lack something.
func (s *Store) due() (out []memory.Owner) {
	for o, k := range s.known() {
		k.writing.Lock()
		if k.whole || k.changes > 0 || k.indexed.Load() == unknown {
			out = append(out, o)
		}
		k.writing.Unlock()
	}
	return out
}

// todo is what the index lacks of an owner.
type todo struct {
	revision int64 // of the truth when it was taken
	changed  []string
	whole    bool
}

// take says what is to be done for an owner; nothing is when it is done.
func (s *Store) take(ctx context.Context, o memory.Owner, k *owner) (t todo, nothing bool, err error) {
	k.writing.Lock()
	defer k.writing.Unlock()
	if t.revision, err = s.Revision(ctx, o); err != nil {
		return t, false, err
	}
	indexed := k.indexed.Load()
	// A change that was not noted was made by another process.
	t.whole = k.whole || indexed == unknown || t.revision != indexed+k.changes
	if !t.whole && k.changes == 0 {
		return t, true, nil
	}
	for id := range k.changed {
		t.changed = append(t.changed, id)
	}
	k.whole, k.changes = false, 0
	clear(k.changed)
	return t, false, nil
}

// follow makes the index hold what is kept of an owner.
func (s *Store) follow(ctx context.Context, o memory.Owner) error {
	k := s.owner(o)
	t, nothing, err := s.take(ctx, o, k)
	if nothing || err != nil {
		return err
	}
	if t.whole {
		err = s.scope(o).compare(ctx)
	} else {
		err = s.scope(o).update(ctx, t.changed)
	}
	s.o.Counted("index", err)
	if err != nil {
		k.writing.Lock()
		k.compare() // what was taken is not known to be done
		k.writing.Unlock()
		if !fromServer(err) {
			return err
		}
		if errors.Is(err, errNoPlace) {
			s.lost.Store(true) // the collection is made anew, at once
			return err
		}
		if ctx.Err() == nil {
			s.failed(err)
		}
		return fmt.Errorf("%w: %w", ErrDown, err)
	}
	k.indexed.Store(t.revision)
	return nil
}

// Push tells the server what this process changed of an owner's memory, and
// nothing else: for a process that ends soon, beside a host that compares. An
// error that is ErrDown says that the host will.
func (s *Store) Push(ctx context.Context, o memory.Owner) error {
	s.following.Lock()
	defer s.following.Unlock()
	k := s.owner(o)
	k.writing.Lock()
	ids, whole := slices.Collect(maps.Keys(k.changed)), k.whole
	k.writing.Unlock()
	if len(ids) == 0 && !whole {
		return nil
	}
	err := s.healthy(ctx)
	if err == nil {
		err = s.open(ctx)
	}
	if err != nil {
		return s.gone(err)
	}
	if whole {
		err = s.scope(o).compare(ctx)
	} else {
		err = s.scope(o).update(ctx, ids)
	}
	s.o.Counted("index", err)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDown, err)
	}
	return nil
}

// audit compares how many items and points everyone has, for a server can lose
// some without ever being down, such as by a snapshot that is restored.
func (s *Store) audit(ctx context.Context) error {
	for o := range s.known() {
		if err := s.Audit(ctx, o); err != nil {
			return err
		}
	}
	return nil
}

// Audit compares how many items and points an owner has, and when they differ,
// each of them.
func (s *Store) Audit(ctx context.Context, o memory.Owner) error {
	s.following.Lock()
	defer s.following.Unlock()
	k := s.owner(o)
	if yes, err := s.current(ctx, o); !yes {
		return err // it is not done yet
	}
	indexed := k.indexed.Load()
	kept, points, err := s.Tally(ctx, o)
	if err != nil || kept == points {
		return err
	}
	if revision, err := s.Revision(ctx, o); err != nil || revision != indexed {
		return err // it changed meanwhile
	}
	s.o.Log("memory index lost entries; it is compared", fmt.Errorf("%d of %d are there", points, kept))
	k.writing.Lock()
	k.compare()
	k.writing.Unlock()
	return s.follow(ctx, o)
}

// Tally counts an owner's items in the truth and in the index.
func (s *Store) Tally(ctx context.Context, o memory.Owner) (kept, points int, err error) {
	c, err := s.Counts(ctx, o)
	if err != nil {
		return 0, 0, err
	}
	points, err = s.scope(o).count(ctx)
	if fromServer(err) && ctx.Err() == nil {
		s.failed(err)
	}
	return c.Episodes + c.Facts + c.Past + c.Faded, points, err
}

// Rebuild implements [memory.Mirror].
func (s *Store) Rebuild(ctx context.Context, o memory.Owner) (int, error) {
	n, err := s.rebuild(ctx, o)
	s.o.Counted("reindex", err)
	return n, err
}

func (s *Store) rebuild(ctx context.Context, o memory.Owner) (int, error) {
	s.following.Lock()
	defer s.following.Unlock()
	if _, err := s.connect(ctx); err != nil {
		return 0, err
	}
	k := s.owner(o)
	k.writing.Lock()
	k.compare()
	k.writing.Unlock()
	if err := s.scope(o).clear(ctx); err != nil {
		s.failed(err)
		return 0, fmt.Errorf("%w: %w", ErrDown, err)
	}
	if err := s.follow(ctx, o); err != nil {
		return 0, err
	}
	_, points, err := s.Tally(ctx, o)
	return points, err
}
