package services

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/jarvis-host/jarvis/sdk"
)

// Memory is what the host remembers of end users. It is safe for concurrent
// use. A user is the id of an account.
type Memory interface {
	SearchMemory(ctx context.Context, user, query string, limit int) ([]sdk.Memory, error)
	Remember(ctx context.Context, plugin, user, session, text string) (id string, err error)
	ForgetMemory(ctx context.Context, user, id string) (found bool, err error)
}

const (
	maxMemories     = 50
	defaultMemories = 10
	maxFact         = 1000
)

func (g *guest) memory(call, scope, method string) (sdk.CallInfo, error) {
	if err := g.need(sdk.NeedMemory, scope, method, call); err != nil {
		return sdk.CallInfo{}, err
	}
	if g.desk.o.Memory == nil {
		return sdk.CallInfo{}, absent("memory")
	}
	return g.someone(call)
}

// SearchMemory implements [sdk.Services].
func (g *guest) SearchMemory(ctx context.Context, call, query string, limit int) ([]sdk.Memory, error) {
	info, err := g.memory(call, "read", "SearchMemory")
	switch {
	case err != nil:
		return nil, err
	case limit < 0 || limit > maxMemories:
		return nil, fault(sdk.CodeInvalid, "limit %d: expected 0 to %d", limit, maxMemories)
	case limit == 0:
		limit = defaultMemories
	}
	own, stop := g.during(ctx, call)
	defer stop()
	found, err := g.desk.o.Memory.SearchMemory(own, info.User, query, limit)
	return found, ended(own, explain(err))
}

// Remember implements [sdk.Services].
func (g *guest) Remember(ctx context.Context, call, text string) (string, error) {
	info, err := g.memory(call, "write", "Remember")
	if err != nil {
		return "", err
	}
	if n := utf8.RuneCountInString(text); strings.TrimSpace(text) == "" || n > maxFact {
		return "", fault(sdk.CodeInvalid, "fact has %d characters, expected 1 to %d that can be read", n, maxFact)
	}
	id, err := g.desk.o.Memory.Remember(ctx, g.plugin, info.User, info.Session, text)
	return id, explain(err)
}

// Forget implements [sdk.Services].
func (g *guest) Forget(ctx context.Context, call, id string) (bool, error) {
	info, err := g.memory(call, "write", "Forget")
	if err != nil {
		return false, err
	}
	found, err := g.desk.o.Memory.ForgetMemory(ctx, info.User, id)
	return found, explain(err)
}
