package session

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/turn"
)

// Recover ends the turns that a stopped host left open as interrupted, each with
// the text that was kept. Call it before anything is served.
func (m *Manager) Recover(ctx context.Context) error {
	open, err := m.o.Store.OpenTurns(ctx)
	if err != nil {
		return fmt.Errorf("list open turns: %w", err)
	}
	bySession := map[string][]OpenTurn{}
	var order []string
	interrupted := 0
	for _, t := range open {
		if bySession[t.Session] == nil {
			order = append(order, t.Session)
		}
		bySession[t.Session] = append(bySession[t.Session], t)
	}
	for _, id := range order {
		n, err := m.recoverSession(ctx, id, bySession[id])
		if err != nil {
			return fmt.Errorf("recover session %s: %w", id, err)
		}
		interrupted += n
	}
	if interrupted > 0 {
		m.o.Log.Warn("turns that an earlier run left open were interrupted", keyTurns, interrupted)
	}
	return nil
}

// recoverSession ends a session's open turns in one step, but for one that waits
// for a reply: that goes on when it comes. It returns how many ended.
func (m *Manager) recoverSession(ctx context.Context, id string, open []OpenTurn) (ended int, err error) {
	seq, err := m.o.Store.LastSeq(ctx, id)
	if err != nil {
		return 0, fmt.Errorf("read last seq: %w", err)
	}
	kept, err := m.keptText(ctx, id)
	if err != nil {
		return 0, err
	}
	waiting, err := m.parkedIn(ctx, id)
	if err != nil {
		return 0, err
	}
	if !waitsIn(open, waiting) {
		waiting = nil
	}
	now := m.o.Now()
	var entries []Entry
	for _, t := range open {
		if waiting != nil && t.Turn == waiting.Turn {
			continue
		}
		seq++
		done := turn.Done{State: turn.Interrupted, Source: turn.SourceHost, Lang: languageOf(t.Accepted)}
		if kept.Turn == t.Turn {
			done.Text = kept.Text
		}
		h := protocol.Head{Type: protocol.TypeDone, Session: id, Turn: t.Turn, Seq: seq}
		end := doneEntry(h, done, now)
		end.Message.Foreign = kept.Turn == t.Turn && kept.Foreign
		entries = append(entries, end)
	}
	if len(entries) > 0 {
		if waiting == nil {
			entries[0].Vars = []Var{{Name: partialVar}, {Name: questionVar}}
		}
		if err := m.o.Store.Append(ctx, id, entries...); err != nil {
			return 0, fmt.Errorf("keep ends: %w", err)
		}
	}
	if waiting == nil {
		return len(entries), nil
	}
	if kept.Turn == waiting.Turn {
		waiting.said = kept
	}
	return len(entries), m.wait(ctx, id, waiting)
}

// keptText is the text of the turn that ran last. A damaged one must not keep
// the host from starting.
func (m *Manager) keptText(ctx context.Context, id string) (partial, error) {
	raw, err := m.o.Store.Var(ctx, id, partialVar)
	if err != nil {
		return partial{}, fmt.Errorf("read kept text: %w", err)
	}
	var p partial
	if raw == nil {
		return p, nil
	}
	if err := json.Unmarshal(raw, &p); err != nil {
		m.o.Log.Warn("kept text of interrupted turn is damaged", keySession, id, keyError, err)
		return partial{}, nil
	}
	return p, nil
}

func languageOf(accepted Frame) string {
	var f protocol.Accepted
	if json.Unmarshal(accepted.Body, &f) != nil {
		return ""
	}
	return f.Lang
}
