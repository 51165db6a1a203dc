package session

import (
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

// room is who follows a session, and the text of its running turn. Deltas come
// straight from the turn's goroutine, durable frames from the session's: the
// lock puts them in one order for every subscriber.
type room struct {
	session string

	mu    sync.Mutex
	subs  []Subscriber
	run   *run // whose deltas are taken; nil when no turn runs
	text  strings.Builder
	runes int
}

// open begins a turn's text.
func (m *room) open(r *run) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.run, m.runes = r, 0
	m.text.Reset()
}

// delta adds to the text of r and sends it. It is false when r was stopped.
// length is the text's bytes so far.
func (m *room) delta(r *run, text string) (length int, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.run != r {
		return 0, false
	}
	for _, s := range m.subs {
		s.Delta(m.session, r.turn.ID, m.runes, text)
	}
	m.text.WriteString(text)
	m.runes += utf8.RuneCountInString(text)
	return m.text.Len(), true
}

// progress shows how the turn of r comes on to those who care.
func (m *room) progress(r *run, frame []byte) (ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.run != r {
		return false
	}
	for _, s := range m.subs {
		if w, ok := s.(Watcher); ok {
			w.Passing(m.session, frame)
		}
	}
	return true
}

// silence takes no more deltas of the running turn and returns its text.
func (m *room) silence() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.run = nil
	return m.text.String()
}

// sofar is the running turn's text.
func (m *room) sofar() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.text.String()
}

// publish sends durable frames to every subscriber.
func (m *room) publish(frames ...Frame) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.subs {
		for _, f := range frames {
			s.Durable(m.session, f)
		}
	}
}

// join subscribes s, after it got frames and the running turn's text. from
// tells, for the running turn's id, how many code points of it s has.
func (m *room) join(s Subscriber, frames []Frame, from func(turn string) int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, f := range frames {
		s.Durable(m.session, f)
	}
	if m.run != nil {
		offset := min(from(m.run.turn.ID), m.runes)
		if rest, _ := after(m.text.String(), offset); rest != "" {
			s.Delta(m.session, m.run.turn.ID, offset, rest)
		}
	}
	if !slices.Contains(m.subs, s) {
		m.subs = append(m.subs, s)
	}
}

// has says whether s is subscribed.
func (m *room) has(s Subscriber) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Contains(m.subs, s)
}

func (m *room) leave(s Subscriber) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if i := slices.Index(m.subs, s); i >= 0 {
		m.subs = slices.Delete(m.subs, i, i+1)
	}
}

func (m *room) empty() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.subs) == 0
}

// spoken is how many code points of a turn's text were sent; ok is false when
// the turn does not run.
func (m *room) spoken(turn string) (runes int, ok bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.run == nil || m.run.turn.ID != turn {
		return 0, false
	}
	return m.runes, true
}
