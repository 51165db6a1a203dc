package host

import (
	"context"
	"errors"

	"github.com/jarvis-host/jarvis/host/telemetry"
	"github.com/jarvis-host/jarvis/host/tool"
	"github.com/jarvis-host/jarvis/sdk"
)

// undo takes back what a session did last, and writes that down.
func (h *Host) undo(ctx context.Context, who sdk.CallInfo) (plugin, name, text string, err error) {
	plugin, name, text, err = h.runner.Undo(ctx, who)
	if errors.Is(err, tool.ErrNothingToUndo) {
		return "", "", "", nil
	}
	h.log.Info("effect taken back", telemetry.KeyPlugin, plugin, telemetry.KeyTool, name, telemetry.KeyUser, who.User,
		telemetry.KeyRequestID, who.RequestID, "done", err == nil)
	return plugin, name, text, err
}
