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
	for _, t := range open {
		if bySession[t.Session] == nil {
			order = append(order, t.Session)
		}
		bySession[t.Session] = append(bySession[t.Session], t)
	}
	for _, id := range order {
		if err := m.recoverSession(ctx, id, bySession[id]); err != nil {
			return fmt.Errorf("recover session %s: %w", id, err)
		}
	}
	if len(open) > 0 {
		m.o.Log.Warn("turns that an earlier run left open were interrupted", "turns", len(open))
	}
	return nil
}

// recoverSession ends a session's open turns in one step.
func (m *Manager) recoverSession(ctx context.Context, id string, open []OpenTurn) error {
	seq, err := m.o.Store.LastSeq(ctx, id)
	if err != nil {
		return fmt.Errorf("read last seq: %w", err)
	}
	kept, err := m.keptText(ctx, id)
	if err != nil {
		return err
	}
	now := m.o.Now()
	var entries []Entry
	for _, t := range open {
		seq++
		done := turn.Done{State: turn.Interrupted, Source: turn.SourceHost, Lang: languageOf(t.Accepted)}
		if kept.Turn == t.Turn {
			done.Text = kept.Text
		}
		h := protocol.Head{Type: protocol.TypeDone, Session: id, Turn: t.Turn, Seq: seq}
		entries = append(entries, doneEntry(h, done, now))
	}
	if kept.Turn != "" {
		entries[0].Vars = []Var{{Name: partialVar}}
	}
	if err := m.o.Store.Append(ctx, id, entries...); err != nil {
		return fmt.Errorf("keep ends: %w", err)
	}
	return nil
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
