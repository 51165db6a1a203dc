package host

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/hashicorp/go-hclog"

	"github.com/jarvis-host/jarvis/host/supervisor"
	"github.com/jarvis-host/jarvis/host/telemetry"
	"github.com/jarvis-host/jarvis/sdk"
)

// pluginStates tells operators of plugins' states.
type pluginStates struct {
	mu      sync.Mutex        // one at a time: what is told last is what is so
	refused map[string]string // why plugins are not on offer, as of the last look
}

// seen is a plugin's state as operators see it: one whose section is wrong, or
// that answers and can't be taken over, is blocked.
func (h *Host) seen(s supervisor.Status) supervisor.Status {
	if problem := h.sections.of(s.Name).Problem; problem != "" {
		s.State, s.Reason = supervisor.StateBlocked, problem
		return s
	}
	switch s.State {
	case supervisor.StateReady, supervisor.StateDegraded, supervisor.StateIdle:
		if err := h.catalogue.Refused(s.Name); err != nil {
			s.State, s.Reason = supervisor.StateBlocked, "refused: "+err.Error()
		}
	case supervisor.StateDisabled, supervisor.StateBlocked, supervisor.StateStarting, supervisor.StateCrashed,
		supervisor.StateBackoff, supervisor.StateQuarantined, supervisor.StateDraining:
	}
	return s
}

// pluginState tells operators of a plugin's new state.
func (h *Host) pluginState(plugin string, state supervisor.State, reason string) {
	h.states.mu.Lock()
	defer h.states.mu.Unlock()
	h.tellState(supervisor.Status{Name: plugin, State: state, Reason: reason})
}

// tellState needs h.states.mu. It tells in the log, in /ready and in the metrics:
// until a plugin is ready, /ready says so and why.
func (h *Host) tellState(s supervisor.Status) {
	s = h.seen(s)
	h.metrics.PluginState(s.Name, string(s.State))
	var err error
	level := hclog.Info
	switch s.State {
	case supervisor.StateReady, supervisor.StateIdle, supervisor.StateDisabled, supervisor.StateDraining:
	case supervisor.StateStarting:
		err = fmt.Errorf("%s: %s", s.State, s.Reason)
	default:
		level, err = hclog.Warn, fmt.Errorf("%s: %s", s.State, s.Reason)
	}
	h.health.Set("plugin:"+s.Name, err)
	h.log.Log(level, "plugin "+string(s.State), telemetry.KeyPlugin, s.Name, telemetry.KeyReason, s.Reason)
	h.keepState(s.Name, level, string(s.State), s.Reason)
}

// rebuild takes over what is on offer now. Plugins that come before the port is
// open, or go after it was closed, change nothing for anybody.
func (h *Host) rebuild() {
	if h.offering.Load() {
		h.takeOver()
		h.clashes.changed(h.catalogue.Matcher())
	}
}

func (h *Host) takeOver() {
	h.taking.Lock() // who comes last has read last
	defer h.taking.Unlock()
	manifests, err := h.providers.manifests(context.Background())
	if err == nil {
		err = h.catalogue.Replace(manifests)
	}
	if err != nil {
		h.log.Error("plugins left out of the catalogue", telemetry.KeyError, err)
	}
	h.tellRefused()
}

// tellRefused tells the states of the plugins that another, which came or went,
// keeps out, or does no more.
func (h *Host) tellRefused() {
	h.states.mu.Lock()
	defer h.states.mu.Unlock()
	now := map[string]string{}
	for _, s := range h.plugins.List() {
		if err := h.catalogue.Refused(s.Name); err != nil {
			now[s.Name] = err.Error()
		}
		// One that starts tells its state by itself.
		if now[s.Name] != h.states.refused[s.Name] && s.State != supervisor.StateStarting {
			h.tellState(s)
		}
	}
	h.states.refused = now
}

// offered are the manifests of the plugins that are on offer.
func (h *Host) offered() []*sdk.Manifest {
	return slices.DeleteFunc(h.plugins.Ready(), func(m *sdk.Manifest) bool { return h.catalogue.Refused(m.ID) != nil })
}
