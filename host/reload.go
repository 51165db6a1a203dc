package host

import (
	"fmt"
	"slices"

	"github.com/jarvis-host/jarvis/host/agent"
	"github.com/jarvis-host/jarvis/host/config"
	"github.com/jarvis-host/jarvis/host/telemetry"
)

// live are the keys, and sections, whose changes count while the host runs.
// All others count from its next start on.
var live = []string{
	"llm", "limits", "home", "gateway.allowed_hosts", "gateway.allowed_origins", "gateway.trusted_proxies",
	"metrics.allow_loopback", "log.level", "operator_key", "operator_key_file",
}

// Complain tells the operator in the log of what the program could not do.
func (h *Host) Complain(msg string, err error) { h.log.Error(msg, telemetry.KeyError, err) }

// Reload takes over a configuration while the host runs, and tells in the log
// what changed and what counts only after a restart. When it fails, all stays
// as it was.
func (h *Host) Reload(snapshot *config.Snapshot) error {
	h.reloading.Lock()
	defer h.reloading.Unlock()
	changes := h.snapshot.Changes(snapshot)
	if len(changes) == 0 {
		h.log.Info("configuration read again, nothing changed")
		return nil
	}
	for _, secret := range snapshot.Secrets() {
		h.conceal(secret) // those before stay known
	}
	c := snapshot.Config()
	plugins, err := discover(c, h.o.Program)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrConfig, err)
	}
	if err := h.prompts.Change(c.LLM.PromptsDir, agent.Home(c.Home)); err != nil {
		return err
	}
	if err := h.model.Configure(c); err != nil {
		return err
	}
	h.limits.Set(limitsOf(c.Limits))
	h.gateway.Configure(h.edgeOf(c))
	h.accounts.SetOperatorKeys(operatorKeys(c))
	h.log.SetLevel(telemetry.Level(c.Log.Level))
	h.snapshot = snapshot
	now, later := config.Split(changes, slices.Concat(live, h.reloadPlugins(c, plugins))...)
	for _, change := range now {
		h.log.Info("configuration changed", telemetry.KeySetting, change.Key, telemetry.KeyOld, change.Old, telemetry.KeyNew, change.New)
	}
	for _, change := range later {
		h.log.Warn("configuration change counts after a restart", telemetry.KeySetting, change.Key, telemetry.KeyOld, change.Old, telemetry.KeyNew, change.New)
	}
	return nil
}
