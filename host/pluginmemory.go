package host

import (
	"context"
	"errors"

	"github.com/jarvis-host/jarvis/host/memory"
	"github.com/jarvis-host/jarvis/host/memory/talk"
	"github.com/jarvis-host/jarvis/host/services"
	"github.com/jarvis-host/jarvis/sdk"
)

// pluginMemory lets plugins ask what the host remembers of the end user for
// whom they work.
type pluginMemory struct {
	m     *memory.Memory
	erase func(ctx context.Context, user string, turns, items []string) error
}

// memoryForPlugins is nil where nothing is remembered.
func (h *Host) memoryForPlugins() services.Memory {
	if h.memory == nil {
		return nil
	}
	return pluginMemory{h.memory, h.redact}
}

// SearchMemory implements [services.Memory].
func (p pluginMemory) SearchMemory(ctx context.Context, user, query string, limit int) ([]sdk.Memory, error) {
	o, err := memory.OwnerOf(user)
	if err != nil {
		return nil, err
	}
	found, err := p.m.Find(ctx, o, memory.Question{Text: query, Limit: limit, Facts: true})
	if err != nil {
		return nil, err
	}
	var all []sdk.Memory
	for _, r := range found.Results {
		all = append(all, sdk.Memory{ID: r.ID, Text: r.Text, At: r.At})
	}
	return all, nil
}

// Remember implements [services.Memory].
func (p pluginMemory) Remember(ctx context.Context, _, user, _, text string) (string, error) {
	o, err := memory.OwnerOf(user)
	if err != nil {
		return "", err
	}
	f, err := p.m.State(ctx, o, memory.Statement{Text: text, Origin: memory.OriginPlugin})
	if errors.Is(err, memory.ErrInvalid) {
		return "", &sdk.Error{Code: sdk.CodeInvalid, Err: err}
	}
	if err != nil {
		return "", err
	}
	return f.ID, nil
}

// ForgetMemory implements [services.Memory].
func (p pluginMemory) ForgetMemory(ctx context.Context, user, id string) (bool, error) {
	o, err := memory.OwnerOf(user)
	if err != nil {
		return false, err
	}
	chosen, err := p.m.Select(ctx, o, memory.Selection{IDs: []string{id}})
	if err != nil || len(chosen.IDs()) == 0 {
		return false, err
	}
	gone, err := talk.Forget(context.WithoutCancel(ctx), p.m, o, chosen, p.erase)
	return len(gone) > 0, err
}
