package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jarvis-host/jarvis/host/turn"
)

// actor is a session in memory. It owns one goroutine, which alone touches the
// fields below gone; others hand it work through perform.
type actor struct {
	m     *Manager
	meta  Meta
	store Store
	shelf *shelf
	room  *room
	ops   chan func()
	gone  chan struct{} // closed when the goroutine has ended

	fresh   bool // the store does not have the session yet
	loaded  bool // seq and history are the store's
	dead    bool // the session was deleted, or never came to be
	seq     int64
	history []turn.Message // turn by turn
	lang    string         // of the latest utterance; empty before the first

	queue  []*utterance
	run    *run
	ending *ending // how the run ends; nil while it goes on
	asked  *asked
	// parked is the turn that waits for a reply since an earlier run of the host;
	// parkedC is when it waits no longer.
	parked   *parked
	parkedC  <-chan time.Time
	outlives bool // the open question is on disk
	saved    int  // bytes of the run's text that are on disk

	used  time.Time // when work was last handed in
	idle  *time.Timer
	save  *time.Ticker // while a turn runs
	saveC <-chan time.Time
	// over is when the ending run is given up, or its end is kept again.
	over <-chan time.Time
}

func newActor(m *Manager, meta Meta, store Store, fresh bool) *actor {
	return &actor{
		m: m, meta: meta, store: store, shelf: newShelf(store, meta.ID), fresh: fresh, loaded: fresh, room: &room{session: meta.ID},
		ops: make(chan func()), gone: make(chan struct{}), used: time.Now(),
	}
}

// of returns a when it is the user's.
func (a *actor) of(user string) (*actor, error) {
	if a.meta.User != user {
		return nil, ErrNotFound
	}
	return a, nil
}

// loop is the session's goroutine.
func (a *actor) loop() {
	defer close(a.gone)
	a.idle = time.NewTimer(a.m.o.IdleAfter)
	defer a.idle.Stop()
	for {
		select {
		case f := <-a.ops:
			a.used = time.Now()
			f()
		case <-a.saveC:
			a.checkpoint()
		case <-a.over:
			a.overdue()
		case <-a.parkedC:
			a.expired()
		case <-a.idle.C:
			a.rest()
		case <-a.m.quit:
			a.stopSaving()
			return
		}
		if a.dead {
			a.m.drop(a)
			a.m.clear(a.room)
			return
		}
	}
}

// perform runs f on the session's goroutine and returns what it returns. It is
// not a method, for its type parameter.
func perform[T any](ctx context.Context, a *actor, f func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	var none T
	done := make(chan result, 1)
	op := func() {
		v, err := f()
		done <- result{v, err}
	}
	select {
	case a.ops <- op:
	case <-a.gone:
		return none, errGone
	case <-ctx.Done():
		return none, ctx.Err()
	}
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		return none, ctx.Err()
	}
}

// within runs f on the goroutine of an end user's session, which may have to
// come into memory for it.
func within[T any](ctx context.Context, m *Manager, user, id string, f func(*actor) (T, error)) (T, error) {
	for {
		a, err := m.live(ctx, user, id)
		if err != nil {
			var none T
			return none, err
		}
		v, err := perform(ctx, a, func() (T, error) { return f(a) })
		if !errors.Is(err, errGone) {
			return v, err
		}
		if m.over() { // its goroutine ended with all others, and none comes in its place
			return v, drainingProblem()
		}
	}
}

// load reads where the session stands, at first and after a failed write.
func (a *actor) load() error {
	if a.loaded {
		return nil
	}
	ctx := context.Background()
	seq, err := a.store.LastSeq(ctx, a.meta.ID)
	if err != nil {
		return fmt.Errorf("read last seq: %w", err)
	}
	history, err := a.store.Recent(ctx, a.meta.ID, a.remembered())
	if err != nil {
		return fmt.Errorf("read history: %w", err)
	}
	lang, err := a.store.Var(ctx, a.meta.ID, langVar)
	if err != nil {
		return fmt.Errorf("read language: %w", err)
	}
	a.history = a.history[:0:0]
	for _, m := range history {
		a.history = joined(a.history, m)
	}
	a.seq, a.lang, a.loaded = seq, string(lang), true
	return nil
}

// langVar is the session's variable for the language it was last held in: an
// utterance that does not tell its own, such as a lone letter, goes on in it.
const langVar = "lang"

// remembered is how many messages are kept in memory: a turn's share, and
// those of turns that wait.
func (a *actor) remembered() int { return a.m.o.History + a.m.o.MaxQueue + 1 }

// keep writes entries and returns their frames once they are on disk.
func (a *actor) keep(entries ...Entry) ([]Frame, error) {
	var err error
	if a.fresh {
		err = a.store.CreateSession(context.Background(), a.meta, entries...)
	} else {
		err = a.store.Append(context.Background(), a.meta.ID, entries...)
	}
	if err != nil {
		a.loaded = a.fresh // whether it is on disk after all, the store will tell
		return nil, fmt.Errorf("keep session's step: %w", err)
	}
	a.fresh = false
	frames := make([]Frame, len(entries))
	for i, e := range entries {
		frames[i] = e.Frame
		a.seq = e.Frame.Seq
		if e.Message != nil {
			a.history = joined(a.history, *e.Message)
		}
	}
	if most := a.remembered(); len(a.history) > 2*most {
		a.history = append([]turn.Message(nil), a.history[len(a.history)-most:]...)
	}
	return frames, nil
}

// rest takes the session out of memory when no one needs it there.
func (a *actor) rest() {
	left := a.m.o.IdleAfter - time.Since(a.used)
	if left > 0 || a.run != nil || a.parked != nil || !a.room.empty() {
		a.idle.Reset(max(left, a.m.o.IdleAfter/4))
		return
	}
	if a.meta.Temporary {
		// The store in memory answers at once, and only ErrNotFound.
		_ = a.store.DeleteSession(context.Background(), a.meta.User, a.meta.ID)
	}
	a.dead = true
}

// checkpoint keeps the running turn's text, so that a killed host leaves it.
func (a *actor) checkpoint() {
	vars := a.partial()
	if vars == nil || a.ending != nil {
		return
	}
	if err := a.store.SetVar(context.Background(), a.meta.ID, vars[0].Name, vars[0].Value); err != nil {
		a.m.o.Log.Warn("text of running turn not kept", keySession, a.meta.ID, keyTurn, a.run.turn.ID, keyError, err)
		return
	}
	a.saved = a.run.unsaved
}

func (a *actor) stopSaving() {
	if a.save != nil {
		a.save.Stop()
		a.save, a.saveC = nil, nil
	}
}
