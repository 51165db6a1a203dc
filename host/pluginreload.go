package host

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jarvis-host/jarvis/host/config"
	"github.com/jarvis-host/jarvis/host/supervisor"
	"github.com/jarvis-host/jarvis/host/telemetry"
	"github.com/jarvis-host/jarvis/host/tool"
)

// pluginSections is what the operator set for plugins, as it counts now.
type pluginSections struct {
	now    atomic.Pointer[map[string]config.PluginConfig]
	grants atomic.Pointer[tool.Grants]
}

func (p *pluginSections) set(sections map[string]config.PluginConfig) {
	grants := tool.Grants{}
	for id, s := range sections {
		grants[id] = toolGrants(s.Grants)
	}
	p.now.Store(&sections)
	p.grants.Store(&grants)
}

func (p *pluginSections) of(id string) config.PluginConfig { return (*p.now.Load())[id] }

func (p *pluginSections) toolGrants() tool.Grants { return *p.grants.Load() }

// adoptPatience bounds what a plugin may take for another configuration.
const adoptPatience = 20 * time.Second

// reloadPlugins hands plugins that are known their new sections, while they
// run, and ends those that the configuration no longer has. What one refuses is
// told in the log; the others have theirs. It returns the keys that count now.
func (h *Host) reloadPlugins(c *config.Config, next []supervisor.Config) (live []string) {
	ctx, cancel := context.WithTimeout(context.Background(), adoptPatience)
	defer cancel()
	before := *h.sections.now.Load()
	h.sections.set(c.Plugins)
	for _, st := range h.plugins.List() {
		live = append(live, "plugins."+st.Name)
		var err error
		i := slices.IndexFunc(next, func(p supervisor.Config) bool { return p.ID == st.Name })
		switch {
		case i < 0:
			err = h.remove(ctx, st.Name)
		case h.on[st.Name] != next[i].Enabled || !reflect.DeepEqual(before[st.Name], c.Plugins[st.Name]):
			err = h.adopt(ctx, next[i])
		}
		if err != nil {
			h.log.Error("plugin did not take its configuration", telemetry.KeyPlugin, st.Name, telemetry.KeyError, strings.TrimSpace(err.Error()))
		}
	}
	return live
}

// remove ends a plugin that the configuration no longer has, after its calls.
func (h *Host) remove(ctx context.Context, id string) error {
	if !h.on[id] {
		return nil
	}
	h.on[id] = false
	return h.plugins.Disable(ctx, id)
}

// adopt gives one plugin its new section; whether it is on is part of it.
func (h *Host) adopt(ctx context.Context, p supervisor.Config) error {
	was := h.on[p.ID]
	h.on[p.ID] = p.Enabled
	if was && !p.Enabled {
		return errors.Join(h.plugins.Disable(ctx, p.ID), h.plugins.Adopt(ctx, p))
	}
	err := h.plugins.Adopt(ctx, p)
	if !was && p.Enabled {
		err = errors.Join(err, h.plugins.Enable(ctx, p.ID))
	}
	return err
}

// enabled tells which plugins a configuration turns on.
func enabled(plugins []supervisor.Config) map[string]bool {
	on := map[string]bool{}
	for _, p := range plugins {
		on[p.ID] = p.Enabled
	}
	return on
}
