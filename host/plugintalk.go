package host

import (
	"context"
	"errors"

	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/services"
	"github.com/jarvis-host/jarvis/host/session"
	"github.com/jarvis-host/jarvis/host/telemetry"
	"github.com/jarvis-host/jarvis/sdk"
)

// pluginTalk lets plugins say something in the sessions in which they were called.
type pluginTalk struct{ h *Host }

// Called implements [services.Sessions]: by the newest steps of a session that is
// on disk.
func (p pluginTalk) Called(ctx context.Context, plugin, id string) (string, error) {
	user, err := p.h.accounts.db.Owner(ctx, id)
	if errors.Is(err, session.ErrNotFound) {
		return "", services.ErrNoSession
	}
	if err != nil {
		return "", err
	}
	called, err := p.h.sessions.Called(ctx, id, plugin)
	if err == nil && !called || errors.Is(err, session.ErrNotFound) {
		return "", services.ErrNoSession
	}
	return user, err
}

// SpeakUp implements [services.Sessions].
func (p pluginTalk) SpeakUp(ctx context.Context, plugin, user, id, text string) (string, error) {
	turn, err := p.h.sessions.SpeakUp(ctx, user, id, p.h.scrubber.ScrubKnown(text))
	if errors.Is(err, session.ErrNotFound) {
		return "", services.ErrNoSession
	}
	if problem, ok := errors.AsType[*protocol.Problem](err); ok {
		return "", &sdk.Error{Code: sdk.Code(problem.Code), Err: problem}
	}
	if err != nil {
		return "", err
	}
	p.h.log.Info("plugin spoke up", telemetry.KeyPlugin, plugin, telemetry.KeyUser, user, telemetry.KeySession, id, telemetry.KeyTurn, turn)
	return turn, nil
}
