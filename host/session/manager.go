package session

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jarvis-host/jarvis/host/protocol"
)

// Manager is every live session. Each has one goroutine while it is in memory,
// and one more while a turn runs. Drain ends them all. Safe for concurrent use.
//
// Errors are *protocol.Problem where the client is at fault or can try again,
// [ErrNotFound] for what is not there or another's, anything else is a fault
// of the host.
type Manager struct {
	o    Options
	temp *Memory
	quit chan struct{} // closed when the goroutines shall end
	all  sync.WaitGroup

	mu        sync.Mutex
	actors    map[string]*actor
	questions map[string]*actor // by the open question's id
	temporary int               // actors of temporary sessions
	open      int               // turns that were accepted and have no done
	waiting   int               // those of them that wait in a queue
	draining  bool
	closed    bool
	told      chan struct{} // closed when draining and no turn is open

	// following comes before a room's lock.
	following sync.Mutex
	rooms     map[Subscriber]map[*room]struct{}
}

// New makes a manager without any session in memory. Call Recover before
// anything is served, and Drain in the end.
func New(o Options) *Manager {
	return &Manager{
		o: o.withDefaults(), temp: NewMemory(), quit: make(chan struct{}), told: make(chan struct{}),
		actors: map[string]*actor{}, questions: map[string]*actor{}, rooms: map[Subscriber]map[*room]struct{}{},
	}
}

// errGone says that the session left memory between finding and asking it.
var errGone = errors.New("session left memory")

// find returns an end user's session and the store that keeps it.
func (m *Manager) find(ctx context.Context, user, id string) (Meta, Store, error) {
	if meta, err := m.temp.Session(ctx, user, id); err == nil {
		return meta, m.temp, nil
	}
	meta, err := m.o.Store.Session(ctx, user, id)
	if err != nil {
		return Meta{}, nil, fmt.Errorf("find session: %w", err)
	}
	return meta, m.o.Store, nil
}

// live returns the actor of an end user's session and brings the session into
// memory when it is not there.
func (m *Manager) live(ctx context.Context, user, id string) (*actor, error) {
	m.mu.Lock()
	a := m.actors[id]
	m.mu.Unlock()
	if a != nil {
		return a.of(user)
	}
	meta, store, err := m.find(ctx, user, id)
	if err != nil {
		return nil, err
	}
	a, err = m.adopt(meta, store, false)
	if err != nil {
		return nil, err
	}
	return a.of(user)
}

// create makes an actor for a session that its first utterance will create.
func (m *Manager) create(user string, temporary bool, text string) (*actor, error) {
	now := m.o.Now()
	meta := Meta{ID: "s_" + m.o.NewID(), User: user, Title: m.o.TitleOf(m.o.Clean(text)), Created: now, Updated: now, Temporary: temporary}
	store := m.o.Store
	if temporary {
		store = m.temp
	}
	return m.adopt(meta, store, true)
}

// turnBytes is the length of a turn's id: unique, but no secret. It stands in
// each delta.
const turnBytes = 12

// newTurn makes a turn's id.
func (m *Manager) newTurn() string {
	id := m.o.NewID()
	return "t_" + id[:min(turnBytes, len(id))]
}

func (m *Manager) adopt(meta Meta, store Store, fresh bool) (*actor, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if a := m.actors[meta.ID]; a != nil {
		return a, nil
	}
	if m.closed || fresh && m.draining {
		return nil, drainingProblem()
	}
	if meta.Temporary {
		if m.temporary >= m.o.MaxTemporary {
			return nil, &protocol.Problem{
				Code: protocol.Busy, Field: "temporary", RetryAfter: m.o.IdleAfter,
				Err: fmt.Errorf("%d temporary sessions are open", m.temporary),
			}
		}
		m.temporary++
	}
	a := newActor(m, meta, store, fresh)
	m.actors[meta.ID] = a
	m.all.Go(a.loop)
	return a, nil
}

// drop takes an actor out of memory; what asks it from now on finds another.
func (m *Manager) drop(a *actor) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.actors, a.meta.ID)
	if a.meta.Temporary {
		m.temporary--
	}
}

// over tells whether the goroutines of all sessions have been told to end.
func (m *Manager) over() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.closed
}

// begin counts a turn that is about to be accepted, unless the host stops.
func (m *Manager) begin() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.draining {
		return drainingProblem()
	}
	m.open++
	return nil
}

// began counts a turn that came out of another one.
func (m *Manager) began() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.open++
}

// ended counts turns that are done, or were not accepted after all.
func (m *Manager) ended(turns int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.open -= turns
	if m.draining && m.open == 0 && turns > 0 {
		close(m.told)
	}
}

// queued counts turns that begin to wait, or no longer do.
func (m *Manager) queued(delta int) {
	if delta == 0 {
		return
	}
	m.mu.Lock()
	m.waiting += delta
	waiting := m.waiting
	m.mu.Unlock()
	m.o.QueueDepth(waiting)
}

// follow subscribes s to a room, see room.join.
func (m *Manager) follow(s Subscriber, r *room, frames []Frame, from func(turn string) int) {
	if s == nil {
		return
	}
	m.following.Lock()
	defer m.following.Unlock()
	if m.rooms[s] == nil {
		m.rooms[s] = map[*room]struct{}{}
	}
	m.rooms[s][r] = struct{}{}
	r.join(s, frames, from)
}

// clear ends all subscriptions of a room.
func (m *Manager) clear(r *room) {
	m.following.Lock()
	defer m.following.Unlock()
	for s, rooms := range m.rooms {
		if _, ok := rooms[r]; ok {
			r.leave(s)
			m.forget(s, r)
		}
	}
}

func (m *Manager) forget(s Subscriber, r *room) {
	delete(m.rooms[s], r)
	if len(m.rooms[s]) == 0 {
		delete(m.rooms, s)
	}
}

// drainRetry is when a client may try again while the host stops.
const drainRetry = 5 * time.Second

func drainingProblem() error {
	return &protocol.Problem{
		Code: protocol.Busy, Text: protocol.WordDraining, RetryAfter: drainRetry,
		Err: errors.New("the host stops"),
	}
}

// unavailable is the problem of what could not be kept.
func unavailable(err error) error {
	if errors.Is(err, ErrNotFound) {
		return err
	}
	return &protocol.Problem{Code: protocol.Unavailable, RetryAfter: time.Second, Err: err}
}
