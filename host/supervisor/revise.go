package supervisor

import (
	"context"
	"errors"
	"fmt"

	"github.com/jarvis-host/jarvis/sdk"
)

// Verify asks a plugin whether what a call did holds. All else is as with
// [Supervisor.Tell].
func (s *Supervisor) Verify(ctx context.Context, plugin string, d *sdk.Deed) (seen sdk.Sight, err error) {
	err = s.revise(ctx, plugin, d, func(ctx context.Context, r sdk.Reviser) (err error) {
		seen, err = r.Verify(ctx, d)
		return err
	})
	return seen, err
}

// Undo asks a plugin to take back what a call did, and returns what to tell the
// person. It is never asked twice by itself. Errors of the plugin keep their
// code and words.
func (s *Supervisor) Undo(ctx context.Context, plugin string, d *sdk.Deed) (text string, err error) {
	err = s.revise(ctx, plugin, d, func(ctx context.Context, r sdk.Reviser) (err error) {
		text, err = r.Undo(ctx, d)
		return err
	})
	return text, err
}

func (s *Supervisor) revise(ctx context.Context, plugin string, d *sdk.Deed, ask func(ctx context.Context, r sdk.Reviser) error) error {
	k, err := s.find(plugin)
	if err != nil {
		return unsent{err}
	}
	ctx, cancel := context.WithTimeout(ctx, k.s.timing.call)
	defer cancel()
	leave, err := k.gate.enter(ctx, sdk.ToolSpec{})
	if err != nil {
		return unsent{failure(sdk.CodeUnavailable, err)}
	}
	defer leave()
	in, err := k.acquire(ctx)
	if err != nil {
		return unsent{err}
	}
	r, ok := in.Handler().(sdk.Reviser)
	if !ok {
		return failure(sdk.CodeUnsupported, errors.New("the plugin can't look after what it did"))
	}
	defer in.begin(d.Info)()
	err = ask(ctx, r)
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		k.suspected() // its code may still run
	}
	if e, ok := errors.AsType[*sdk.Error](err); ok && (e.Message != "" || e.Code == sdk.CodeUnsupported) {
		return err
	}
	return fmt.Errorf("ask plugin %s about what it did: %w", plugin, lostCall(ctx, in, err))
}
