package session

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/turn"
)

// Deed is a call of an end user's turn, as the durable frames tell of it.
type Deed struct {
	Plugin, Tool string
	// State is how far it came; turn.ToolRunning is that of a call whose end no
	// one knows, and of one that runs now.
	State   turn.ToolState
	Summary string
	Said    string    // what the end user had said; empty once it is erased
	At      time.Time // when it ended, or began if its end is not known
	Undone  time.Time // when it was taken back; zero if it was not
}

// Bounds of what Deeds looks at.
const (
	deedSessions = 20  // the sessions used last
	deedSteps    = 200 // of each, the newest
)

// Deeds lists an end user's calls since a time, the newest first: those of a
// session, which may be empty, and of the others that are kept. complete says
// that there can be no others; of calls without an end it lists all.
func (m *Manager) Deeds(ctx context.Context, user, session string, since time.Time) (deeds []Deed, complete bool, err error) {
	kept, next, err := m.o.Store.Sessions(ctx, user, "", deedSessions)
	if err != nil {
		return nil, false, unavailable(err)
	}
	used := slices.DeleteFunc(kept, func(s Meta) bool { return s.Updated.Before(since) })
	complete = next == "" || len(used) < len(kept)
	for _, s := range used {
		whole, err := addDeeds(ctx, m.o.Store, s.ID, since, &deeds)
		if err != nil {
			return nil, false, err
		}
		complete = complete && whole
	}
	if _, err := m.temp.Session(ctx, user, session); err == nil {
		whole, err := addDeeds(ctx, m.temp, session, since, &deeds)
		if err != nil {
			return nil, false, err
		}
		complete = complete && whole
	}
	slices.SortStableFunc(deeds, func(x, y Deed) int { return y.At.Compare(x.At) })
	return deeds, complete, nil
}

// addDeeds adds the calls of a session. A session that was deleted meanwhile has
// none.
func addDeeds(ctx context.Context, s Store, id string, since time.Time, deeds *[]Deed) (whole bool, err error) {
	steps, err := s.Steps(ctx, id, deedSteps)
	if errors.Is(err, ErrNotFound) {
		return true, nil
	}
	if err != nil {
		return false, unavailable(err)
	}
	l := ledger{said: map[string]protocol.Accepted{}, deeds: map[string]*Deed{}}
	for _, f := range steps {
		if err := l.add(f); err != nil {
			return false, fmt.Errorf("read frame %d: %w", f.Seq, err)
		}
	}
	for _, call := range slices.Backward(l.calls) {
		if d := l.deeds[call]; !d.At.Before(since) {
			*deeds = append(*deeds, *d)
		}
	}
	return len(steps) < deedSteps || l.oldest.Before(since), nil
}

// Called says whether a plugin was called in a session that is kept, as far as its
// newest steps tell.
func (m *Manager) Called(ctx context.Context, session, plugin string) (bool, error) {
	steps, err := m.o.Store.Steps(ctx, session, deedSteps)
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(steps, func(f Frame) bool {
		var t protocol.Tool
		return f.Type == protocol.TypeTool && json.Unmarshal(f.Body, &t) == nil && t.Plugin == plugin && t.State != string(turn.ToolRefused)
	}), nil
}

// ledger gathers the calls of a session from its frames, in their order.
type ledger struct {
	oldest time.Time
	said   map[string]protocol.Accepted // the latest of each turn
	calls  []string                     // in the order in which they began
	deeds  map[string]*Deed
}

func (l *ledger) add(f Frame) error {
	if f.Type == protocol.TypeAccepted {
		var a protocol.Accepted
		if err := json.Unmarshal(f.Body, &a); err != nil {
			return err
		}
		l.said[f.Turn] = a
		return l.begin(a.At)
	}
	var t protocol.Tool
	if err := json.Unmarshal(f.Body, &t); err != nil {
		return err
	}
	// Older frames of tools have no time of their own.
	said := l.said[f.Turn]
	at, err := instant(cmp.Or(t.At, said.At))
	if err != nil {
		return err
	}
	state := turn.ToolState(t.State)
	d := l.deeds[t.Call]
	if d == nil {
		d = &Deed{Plugin: t.Plugin, Tool: t.Tool, State: state, Said: said.Text, At: at}
		l.calls, l.deeds[t.Call] = append(l.calls, t.Call), d
	}
	if state == turn.ToolUndone {
		d.Undone = at
		return nil
	}
	d.State, d.Summary, d.At = state, t.Summary, at
	return nil
}

func (l *ledger) begin(stamped string) error {
	at, err := instant(stamped)
	if err == nil && l.oldest.IsZero() {
		l.oldest = at
	}
	return err
}

// instant reads a frame's time; a frame without one is of no time.
func instant(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	return time.Parse(stamp, s)
}
