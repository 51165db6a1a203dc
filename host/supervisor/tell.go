package supervisor

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/jarvis-host/jarvis/sdk"
)

// Tell hands an event to a plugin and returns when it was handled. A plugin
// that is just restarting is waited for. Errors are [*sdk.Error]: unavailable
// for a plugin that is not there, unsupported for one that hears no events.
func (s *Supervisor) Tell(ctx context.Context, plugin string, ev *sdk.Occurrence) error {
	k, err := s.find(plugin)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, k.s.timing.call)
	defer cancel()
	leave, err := k.gate.enter(ctx, sdk.ToolSpec{})
	if err != nil {
		return failure(sdk.CodeUnavailable, err)
	}
	defer func() {
		k.used.Store(k.s.opts.Clock().UnixNano())
		leave()
	}()
	in, err := k.acquire(ctx)
	if err != nil {
		return err
	}
	h, ok := in.Handler().(sdk.EventHandler)
	if !ok {
		return failure(sdk.CodeUnsupported, errors.New("the plugin hears no events"))
	}
	defer in.begin(ev.Info)()
	if err := h.OnEvent(ctx, ev); err != nil {
		if ctx.Err() != nil {
			k.suspected() // its code may still run
		}
		if sdk.ErrorCode(err) == sdk.CodeUnsupported {
			return err
		}
		return fmt.Errorf("tell plugin %s: %w", plugin, lostCall(ctx, in, err))
	}
	return nil
}

// metricsTimeout bounds what a plugin may take to tell its figures.
const metricsTimeout = 500 * time.Millisecond

// Metrics asks all plugins that run for their own figures, at once. A plugin
// that has none, or does not answer in half a second, is left out.
func (s *Supervisor) Metrics(ctx context.Context) map[string][]sdk.Metric {
	ctx, cancel := context.WithTimeout(ctx, metricsTimeout)
	defer cancel()
	var mu sync.Mutex
	var asked sync.WaitGroup
	all := map[string][]sdk.Metric{}
	for id, k := range s.keepers {
		in, _, _ := k.current()
		if in == nil {
			continue
		}
		h, ok := in.Handler().(sdk.Meter)
		if !ok {
			continue
		}
		asked.Go(func() {
			metrics, err := h.Metrics(ctx)
			if err != nil || len(metrics) == 0 {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			all[id] = metrics
		})
	}
	asked.Wait()
	return all
}
