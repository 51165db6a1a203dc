package dialog

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jarvis-host/jarvis/sdk"
)

// floorVar is the session's variable that says who holds the floor.
const floorVar = "floor"

// maxFloor is the longest that a plugin may hold the floor in silence.
const maxFloor = 24 * time.Hour

// floor is who hears the session's next utterance first.
type floor struct {
	Plugin string    `json:"plugin"`
	Tool   string    `json:"tool"`
	Slot   string    `json:"slot"`
	Until  time.Time `json:"until"`
}

// holder returns who holds the floor, nil when no one does.
func (a *answer) holder(ctx context.Context) (*floor, error) {
	raw, err := a.t.Vars.Get(ctx, floorVar)
	if err != nil {
		return nil, fmt.Errorf("read floor: %w", err)
	}
	if raw == nil {
		return nil, nil
	}
	var f floor
	if err := json.Unmarshal(raw, &f); err != nil {
		return nil, fmt.Errorf("read floor: %w", err)
	}
	if !a.d.Now().Before(f.Until) {
		return nil, nil
	}
	return &f, nil
}

// hold gives the floor to f; nil takes it from whoever had it.
func (a *answer) hold(ctx context.Context, f *floor) error {
	var raw []byte
	if f != nil {
		var err error
		if raw, err = json.Marshal(f); err != nil {
			return fmt.Errorf("encode floor: %w", err)
		}
	}
	if err := a.t.Vars.Set(ctx, floorVar, raw); err != nil {
		return fmt.Errorf("keep floor: %w", err)
	}
	return nil
}

// listen moves the floor as a plugin's result says: to it, or away from it if
// it had it and asks no more. Another plugin's result leaves it alone.
func (a *answer) listen(ctx context.Context, plugin string, l *sdk.Listen) error {
	if l != nil {
		until := a.d.Now().Add(min(max(l.TTL, time.Second), maxFloor))
		return a.hold(ctx, &floor{Plugin: plugin, Tool: l.Tool, Slot: l.Slot, Until: until})
	}
	f, err := a.holder(ctx)
	if err != nil || f == nil || f.Plugin != plugin {
		return err
	}
	return a.hold(ctx, nil)
}
