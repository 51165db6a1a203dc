package session

import (
	"context"
	"sync"

	"github.com/jarvis-host/jarvis/host/turn"
)

// Drain takes no new utterances and lets open turns end until ctx is done; those
// left then end as interrupted. It returns when all are told, and every
// goroutine of the sessions has ended. An answerer that lingers is abandoned.
func (m *Manager) Drain(ctx context.Context) error {
	m.mu.Lock()
	first, told := !m.draining, m.told
	m.draining = true
	if first && m.open == 0 {
		close(told)
	}
	m.mu.Unlock()
	m.each(func(a *actor) (<-chan struct{}, error) { a.suspend(); return nil, nil })
	select {
	case <-told:
	case <-ctx.Done():
		m.interrupt()
	}
	m.end()
	return nil
}

// interrupt ends all open turns and returns when they are told.
func (m *Manager) interrupt() { m.each((*actor).interrupt) }

// each does something in every session and waits for what it closes, but not
// for long.
func (m *Manager) each(do func(*actor) (closed <-chan struct{}, err error)) {
	m.mu.Lock()
	actors := make([]*actor, 0, len(m.actors))
	for _, a := range m.actors {
		actors = append(actors, a)
	}
	m.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), 10*m.o.StopGrace)
	defer cancel()
	var all sync.WaitGroup
	for _, a := range actors {
		all.Go(func() {
			closed, err := perform(ctx, a, func() (<-chan struct{}, error) { return do(a) })
			if err != nil || closed == nil {
				return
			}
			select {
			case <-closed:
			case <-ctx.Done(): // the disk does not take it: the next start will tell
			}
		})
	}
	all.Wait()
}

func (a *actor) interrupt() (closed <-chan struct{}, err error) {
	if a.run == nil {
		return nil, nil
	}
	return a.halt(turn.Interrupted), nil
}

// end ends the goroutines of all sessions.
func (m *Manager) end() {
	m.mu.Lock()
	if !m.closed {
		m.closed = true
		close(m.quit)
	}
	m.mu.Unlock()
	m.all.Wait()
}
