package supervisor

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jarvis-host/jarvis/sdk"
)

// Adopt gives a plugin another configuration: its values and grants while it
// runs, without a restart. A plugin that refuses the values keeps those that it
// has, and the error says why; its code is then invalid. Everything else that
// differs, and a grant that is taken from a plugin that needs it, restarts it.
// One that is disabled starts with it when it is enabled.
func (s *Supervisor) Adopt(ctx context.Context, c Config) error {
	k, err := s.find(c.ID)
	if err != nil {
		return err
	}
	var refused error
	if err := k.hand(ctx, command{verb: adopt, settled: make(chan struct{}), cfg: c, refused: &refused}); err != nil {
		return err
	}
	return refused
}

// adopt configures a process that runs; false means that it has to be another
// one.
func (k *keeper) adopt(ctx context.Context, in *instance, m *sdk.Manifest, c command) (done bool) {
	granted := c.cfg.Grants
	if c.cfg.GrantAll {
		granted = m.Needs
	}
	same := k.cfg.Path == c.cfg.Path && k.cfg.SHA256 == c.cfg.SHA256 && slices.Equal(k.cfg.Env, c.cfg.Env) && k.cfg.Brokered == c.cfg.Brokered
	if !same || judgeNeeds(m.Needs, c.cfg) != nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, k.s.timing.start)
	defer cancel()
	in.grant(granted)
	answer, err := in.Handler().Configure(ctx, sdk.Configuration{
		Values: c.cfg.values(), Granted: granted, HostVersion: k.s.opts.HostVersion, Host: in.access,
	})
	if err != nil {
		return false
	}
	defer close(c.settled)
	if err := judgeConfigured(answer); err != nil {
		*c.refused = failure(sdk.CodeInvalid, fmt.Errorf("plugin %s keeps its configuration: %w", k.id, unblocked(err)))
		in.grant(k.granted(m))
		return true
	}
	k.cfg = c.cfg
	if answer.Tools != nil {
		in.news.offer(answer.Tools)
		k.offers(in.news.amended(m))
	}
	return true
}

func (k *keeper) granted(m *sdk.Manifest) []sdk.Need {
	if k.cfg.GrantAll {
		return m.Needs
	}
	return k.cfg.Grants
}

// unblocked is the reason alone: nothing is blocked.
func unblocked(err error) error {
	if b, ok := errors.AsType[*blockedError](err); ok {
		return b.err
	}
	return err
}
