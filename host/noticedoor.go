package host

import (
	"context"
	"errors"
	"time"

	"github.com/jarvis-host/jarvis/host/notice"
	"github.com/jarvis-host/jarvis/host/protocol"
)

// noticeDoor shows the room of notices to the gateway.
type noticeDoor struct{ room *notice.Room }

// Watch implements gateway.Notices.
func (d noticeDoor) Watch(ctx context.Context, user string, show func(protocol.Notice)) (func(), error) {
	return d.room.Watch(ctx, user, func(n notice.Notice) {
		show(protocol.Notice{
			Type: protocol.TypeNotice, Notice: n.ID, Kind: n.Kind, Text: n.Text, Due: n.Due.Format(time.RFC3339), Late: n.Late,
		})
	})
}

// Acknowledge implements gateway.Notices.
func (d noticeDoor) Acknowledge(ctx context.Context, user, id string) error {
	err := d.room.Acknowledge(ctx, user, id)
	if errors.Is(err, notice.ErrNotFound) {
		return &protocol.Problem{Code: protocol.NotFound, Field: "notice", Text: protocol.WordNotice, Args: []any{id}}
	}
	return err
}
