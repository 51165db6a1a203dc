package session

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/jarvis-host/jarvis/host/turn"
)

// Redacted is the title of a session whose first utterance was erased.
const Redacted = "…"

// Redact erases what was said in turns of an end user, and in those of the same
// end user whose answers name one of mentions, from what is kept of all
// sessions. Durable frames stay, with their texts empty, so that seq has no gap.
func (m *Manager) Redact(ctx context.Context, user string, turns, mentions []string) error {
	gone, err := m.o.Store.Redact(ctx, user, turns, mentions)
	if err != nil {
		return unavailable(err)
	}
	more, err := m.temp.Redact(ctx, user, turns, mentions)
	if err != nil {
		return unavailable(err)
	}
	gone = append(gone, more...)
	for _, a := range m.of(user) {
		// A session that leaves memory meanwhile has nothing to forget.
		_, _ = perform(ctx, a, func() (struct{}, error) {
			a.history = slices.DeleteFunc(slices.Clone(a.history), func(m turn.Message) bool { return slices.Contains(gone, m.Turn) })
			return struct{}{}, nil
		})
	}
	return nil
}

// of returns the sessions of an end user that are in memory.
func (m *Manager) of(user string) (actors []*actor) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, a := range m.actors {
		if a.meta.User == user {
			actors = append(actors, a)
		}
	}
	return actors
}

// said are the members of frames that hold what people and models said.
var saidMembers = []string{"text", "summary", "options", "memory"}

// Blank returns the body of a durable frame without what was said in it.
func Blank(body []byte) ([]byte, error) {
	members := map[string]json.RawMessage{}
	if err := json.Unmarshal(body, &members); err != nil {
		return nil, fmt.Errorf("read frame: %w", err)
	}
	for _, name := range saidMembers {
		if _, ok := members[name]; ok {
			delete(members, name)
			if name == "text" {
				members[name] = json.RawMessage(`""`)
			}
		}
	}
	return json.Marshal(members)
}

// Redact implements Store.
func (m *Memory) Redact(_ context.Context, user string, turns, mentions []string) (gone []string, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.sessions {
		if s.meta.User != user {
			continue
		}
		some, err := s.redact(turns, mentions)
		if err != nil {
			return gone, err
		}
		gone = append(gone, some...)
	}
	return gone, nil
}

func (s *remembered) redact(turns, mentions []string) (gone []string, err error) {
	for _, f := range s.frames {
		named := slices.ContainsFunc(mentions, func(id string) bool { return bytes.Contains(f.Body, []byte(id)) })
		if (named || slices.Contains(turns, f.Turn)) && !slices.Contains(gone, f.Turn) {
			gone = append(gone, f.Turn)
		}
	}
	for i, f := range s.frames {
		if !slices.Contains(gone, f.Turn) {
			continue
		}
		if s.frames[i].Body, err = Blank(f.Body); err != nil {
			return gone, err
		}
		if i == 0 && f.Seq == 1 {
			s.meta.Title = Redacted
		}
	}
	for id, f := range s.accepted {
		if slices.Contains(gone, f.Turn) {
			if f.Body, err = Blank(f.Body); err != nil {
				return gone, err
			}
			s.accepted[id] = f
		}
	}
	s.messages = slices.DeleteFunc(s.messages, func(m turn.Message) bool { return slices.Contains(gone, m.Turn) })
	return gone, nil
}
