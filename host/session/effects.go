package session

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/turn"
)

// Undone tells everyone who follows a session that a call of a turn of the past
// was taken back, and keeps it. A session that is gone has nobody to tell.
func (m *Manager) Undone(ctx context.Context, user, session, turnID string, e turn.ToolStep) error {
	_, err := within(ctx, m, user, session, func(a *actor) (struct{}, error) {
		if err := a.load(); err != nil {
			return struct{}{}, unavailable(err)
		}
		frames, err := a.keep(a.toolEntry(turnID, e))
		if err != nil {
			return struct{}{}, unavailable(err)
		}
		a.room.publish(frames...)
		return struct{}{}, nil
	})
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// effects implements Turn.Effects from the frames that are kept. A call that
// was running when its turn ended counts: no one knows how far it came.
func (a *actor) effects(ctx context.Context, turnID string) ([]string, error) {
	var calls []protocol.Tool // the latest step of each
	for after := int64(0); ; {
		page, err := a.store.Frames(ctx, a.meta.ID, after, replayPage)
		if err != nil {
			return nil, fmt.Errorf("read frames: %w", err)
		}
		for _, f := range page {
			if f.Type != protocol.TypeTool {
				continue
			}
			var step protocol.Tool
			if err := json.Unmarshal(f.Body, &step); err != nil {
				return nil, fmt.Errorf("read frame %d: %w", f.Seq, err)
			}
			at := slices.IndexFunc(calls, func(c protocol.Tool) bool { return c.Call == step.Call })
			if at >= 0 { // maybe a later turn took it back
				calls = slices.Delete(calls, at, at+1)
			}
			if at >= 0 || f.Turn == turnID {
				calls = append(calls, step)
			}
		}
		if len(page) < replayPage {
			break
		}
		after = page[len(page)-1].Seq
	}
	var done []string
	for _, c := range calls {
		switch turn.ToolState(c.State) {
		case turn.ToolRunning, turn.ToolExecuted, turn.ToolVerified, turn.ToolUnverified:
			done = append(done, cmp.Or(c.Summary, c.Plugin+" "+c.Tool))
		case turn.ToolRead, turn.ToolFailed, turn.ToolRefused, turn.ToolUndone:
		}
	}
	return done, nil
}
