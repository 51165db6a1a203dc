package host

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jarvis-host/jarvis/host/protocol"
)

// spoken implements gateway.Options.Spoken, by what is kept.
func (h *Host) spoken(ctx context.Context, user, client string) (session, text string, err error) {
	id, f, ok, err := h.accounts.db.Spoken(ctx, user, client)
	if err != nil || !ok {
		return "", "", err
	}
	var said protocol.Accepted
	if err := json.Unmarshal(f.Body, &said); err != nil {
		return "", "", fmt.Errorf("read accepted frame: %w", err)
	}
	return id, said.Text, nil
}
