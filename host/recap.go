package host

import (
	"context"
	"time"

	"github.com/jarvis-host/jarvis/host/builtin"
	"github.com/jarvis-host/jarvis/host/tool"
	"github.com/jarvis-host/jarvis/host/turn"
	"github.com/jarvis-host/jarvis/sdk"
)

// outcomes are what came of calls that reached the world, or may have.
var outcomes = map[turn.ToolState]builtin.Outcome{
	turn.ToolRunning:    builtin.Unknown,
	turn.ToolExecuted:   builtin.Executed,
	turn.ToolVerified:   builtin.Verified,
	turn.ToolUnverified: builtin.Unverified,
	turn.ToolFailed:     builtin.Failed,
	turn.ToolUndone:     builtin.Executed, // what was before is no longer looked at
}

// deeds lists what was done for an end user, by the steps of calls that were
// kept: nobody's word counts, a model's least of all.
func (h *Host) deeds(ctx context.Context, who sdk.CallInfo, since time.Time) (deeds []builtin.Deed, complete bool, err error) {
	all, complete, err := h.sessions.Deeds(ctx, who.User, who.Session, since)
	if err != nil {
		return nil, false, err
	}
	for _, d := range all {
		outcome, ok := outcomes[d.State]
		if !ok || d.Plugin == tool.BuiltinPlugin {
			continue
		}
		if o, known := h.catalogue.Find(d.Plugin, d.Tool); known && o.ReadOnly() {
			continue // it failed, or its end is not known; there is no effect in either
		}
		deeds = append(deeds, builtin.Deed{
			Plugin: d.Plugin, Tool: d.Tool, Outcome: outcome, Seen: d.Summary, Said: d.Said, At: d.At, Undone: d.Undone,
		})
	}
	return deeds, complete, nil
}
