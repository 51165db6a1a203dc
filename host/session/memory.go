package session

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/turn"
)

// maxKeptFrames is what a session in memory keeps of its frames, and an eighth
// more at times; the oldest go first.
const maxKeptFrames = 4096

// Memory is a Store that ends with its process. It serves temporary sessions
// and tests.
type Memory struct {
	mu       sync.Mutex
	sessions map[string]*remembered
	used     int64 // counts uses, to order sessions of one instant
}

// remembered is a session in memory.
type remembered struct {
	meta     Meta
	used     int64
	seq      int64
	frames   []Frame
	accepted map[string]Frame // by client id
	open     []OpenTurn
	messages []turn.Message
	vars     map[string][]byte
}

var _ Store = (*Memory)(nil)

// NewMemory returns an empty store.
func NewMemory() *Memory { return &Memory{sessions: map[string]*remembered{}} }

// CreateSession implements Store.
func (m *Memory) CreateSession(_ context.Context, meta Meta, entries ...Entry) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.sessions[meta.ID] != nil {
		return fmt.Errorf("create session %s: it is there already", meta.ID)
	}
	s := &remembered{meta: meta, accepted: map[string]Frame{}, vars: map[string][]byte{}}
	if err := s.check(entries); err != nil {
		return err
	}
	m.sessions[meta.ID] = s
	m.add(s, entries)
	return nil
}

// Session implements Store.
func (m *Memory) Session(_ context.Context, user, id string) (Meta, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, err := m.of(user, id)
	if err != nil {
		return Meta{}, err
	}
	return s.meta, nil
}

// Sessions implements Store.
func (m *Memory) Sessions(_ context.Context, user, after string, limit int) ([]Meta, string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var all []*remembered
	for _, s := range m.sessions {
		if s.meta.User == user {
			all = append(all, s)
		}
	}
	slices.SortFunc(all, func(x, y *remembered) int {
		if c := y.meta.Updated.Compare(x.meta.Updated); c != 0 {
			return c
		}
		return int(y.used - x.used)
	})
	from, err := number(after)
	if err != nil {
		return nil, "", err
	}
	var items []Meta
	for i := from; i < len(all); i++ {
		if len(items) == limit {
			return items, strconv.Itoa(i), nil
		}
		items = append(items, all[i].meta)
	}
	return items, "", nil
}

// RenameSession implements Store.
func (m *Memory) RenameSession(_ context.Context, user, id, title string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	s, err := m.of(user, id)
	if err == nil {
		s.meta.Title = title
	}
	return err
}

// DeleteSession implements Store.
func (m *Memory) DeleteSession(_ context.Context, user, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	_, err := m.of(user, id)
	if err == nil {
		delete(m.sessions, id)
	}
	return err
}

// Append implements Store.
func (m *Memory) Append(_ context.Context, session string, entries ...Entry) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.sessions[session]
	if s == nil {
		return ErrNotFound
	}
	if err := s.check(entries); err != nil {
		return err
	}
	m.add(s, entries)
	return nil
}

// LastSeq implements Store.
func (m *Memory) LastSeq(_ context.Context, session string) (int64, error) {
	return in(m, session, func(s *remembered) int64 { return s.seq })
}

// Frames implements Store.
func (m *Memory) Frames(_ context.Context, session string, after int64, limit int) ([]Frame, error) {
	return in(m, session, func(s *remembered) []Frame {
		first := s.seq - int64(len(s.frames)) // the seq before the oldest
		rest := s.frames[min(max(after-first, 0), int64(len(s.frames))):]
		return slices.Clone(rest[:min(limit, len(rest))])
	})
}

// Steps implements Store.
func (m *Memory) Steps(_ context.Context, session string, limit int) ([]Frame, error) {
	return in(m, session, func(s *remembered) (steps []Frame) {
		for _, f := range slices.Backward(s.frames) {
			if len(steps) < limit && (f.Type == protocol.TypeAccepted || f.Type == protocol.TypeTool) {
				steps = append(steps, f)
			}
		}
		slices.Reverse(steps)
		return steps
	})
}

// Accepted implements Store.
func (m *Memory) Accepted(_ context.Context, session, clientID string) (f Frame, ok bool, err error) {
	_, err = in(m, session, func(s *remembered) bool { f, ok = s.accepted[clientID]; return ok })
	return f, ok, err
}

// Messages implements Store.
func (m *Memory) Messages(_ context.Context, session, after string, limit int) (items []turn.Message, next string, err error) {
	from, err := number(after)
	if err != nil {
		return nil, "", err
	}
	_, err = in(m, session, func(s *remembered) bool {
		rest := s.messages[min(from, len(s.messages)):]
		if len(rest) > limit {
			rest, next = rest[:limit], strconv.Itoa(from+limit)
		}
		items = slices.Clone(rest)
		return true
	})
	return items, next, err
}

// Recent implements Store.
func (m *Memory) Recent(_ context.Context, session string, limit int) ([]turn.Message, error) {
	return in(m, session, func(s *remembered) []turn.Message {
		return slices.Clone(s.messages[max(0, len(s.messages)-limit):])
	})
}

// Search implements Store.
func (m *Memory) Search(_ context.Context, user, query string, limit int) ([]Hit, error) {
	words := Sought(query)
	if len(words) == 0 {
		return nil, nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var hits []Hit
	for _, s := range m.sessions {
		if s.meta.User != user {
			continue
		}
		for _, msg := range s.messages {
			if holds(Words(msg.Text), words) {
				hits = append(hits, Hit{Session: s.meta.ID, Title: s.meta.Title, Message: msg})
			}
		}
	}
	slices.SortStableFunc(hits, func(x, y Hit) int { return y.Message.At.Compare(x.Message.At) })
	return hits[:min(limit, len(hits))], nil
}

// OpenTurns implements Store.
func (m *Memory) OpenTurns(context.Context) ([]OpenTurn, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var open []OpenTurn
	for _, s := range m.sessions {
		open = append(open, s.open...)
	}
	return open, nil
}

// Var implements Store.
func (m *Memory) Var(_ context.Context, session, name string) ([]byte, error) {
	return in(m, session, func(s *remembered) []byte { return bytes.Clone(s.vars[name]) })
}

// SetVar implements Store.
func (m *Memory) SetVar(_ context.Context, session, name string, value []byte) error {
	_, err := in(m, session, func(s *remembered) bool { s.set(name, value); return true })
	return err
}

func (m *Memory) of(user, id string) (*remembered, error) {
	s := m.sessions[id]
	if s == nil || s.meta.User != user {
		return nil, ErrNotFound
	}
	return s, nil
}

func (m *Memory) add(s *remembered, entries []Entry) {
	m.used++
	s.used = m.used
	for _, e := range entries {
		s.add(e)
	}
	if n := len(s.frames) - maxKeptFrames; n > maxKeptFrames/8 { // not at each step
		s.frames = slices.Clone(s.frames[n:])
	}
}

// in runs f for a session, alone.
func in[T any](m *Memory, session string, f func(*remembered) T) (T, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := m.sessions[session]
	if s == nil {
		var none T
		return none, ErrNotFound
	}
	return f(s), nil
}

func (s *remembered) check(entries []Entry) error {
	clients := map[string]bool{}
	for i, e := range entries {
		if want := s.seq + 1 + int64(i); e.Frame.Seq != want {
			return fmt.Errorf("append frame: seq is %d, want %d", e.Frame.Seq, want)
		}
		if _, ok := s.accepted[e.ClientID]; ok || clients[e.ClientID] {
			return fmt.Errorf("append frame: client id %q is there already", e.ClientID)
		}
		clients[e.ClientID] = e.ClientID != ""
	}
	return nil
}

func (s *remembered) add(e Entry) {
	s.seq = e.Frame.Seq
	s.frames = append(s.frames, e.Frame)
	if e.ClientID != "" {
		s.accepted[e.ClientID] = e.Frame
	}
	isTurn := func(t OpenTurn) bool { return t.Turn == e.Frame.Turn }
	switch e.Frame.Type {
	case protocol.TypeAccepted:
		if !slices.ContainsFunc(s.open, isTurn) {
			s.open = append(s.open, OpenTurn{Session: s.meta.ID, Turn: e.Frame.Turn, User: s.meta.User, Accepted: e.Frame})
		}
	case protocol.TypeDone:
		s.open = slices.DeleteFunc(s.open, isTurn)
	}
	if e.Message != nil {
		s.messages = append(s.messages, *e.Message)
		if e.Message.At.After(s.meta.Updated) {
			s.meta.Updated = e.Message.At
		}
	}
	for _, v := range e.Vars {
		s.set(v.Name, v.Value)
	}
}

func (s *remembered) set(name string, value []byte) {
	if value == nil {
		delete(s.vars, name)
		return
	}
	s.vars[name] = bytes.Clone(value)
}

// holds says whether each wanted word begins one of words.
func holds(words, wanted []string) bool {
	return !slices.ContainsFunc(wanted, func(w string) bool {
		return !slices.ContainsFunc(words, func(have string) bool { return strings.HasPrefix(have, w) })
	})
}

// number reads a cursor that counts.
func number(cursor string) (int, error) {
	if cursor == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(cursor)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("%w %q", ErrCursor, cursor)
	}
	return n, nil
}
