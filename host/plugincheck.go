package host

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jarvis-host/jarvis/host/config"
	"github.com/jarvis-host/jarvis/host/supervisor"
	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/launch"
)

// CheckPlugins starts every plugin that is on, one after the other, and asks it
// what is wrong with its section. Each problem is an error of its own among those
// joined.
func CheckPlugins(ctx context.Context, c *config.Config, o Options) error {
	return eachPlugin(ctx, c, o, sectionCheck(ctx, c, o))
}

// sectionCheck is a look at each plugin that asks it about its section.
// The grants are looked at too.
func sectionCheck(ctx context.Context, c *config.Config, o Options) look {
	return func(p supervisor.Config, h sdk.Handler, m *sdk.Manifest) error {
		errs := checkGrants(p.ID, c.Plugins[p.ID].Grants, m)
		return errors.Join(append(errs, checkSection(ctx, p, h, m, o.Version))...)
	}
}

// look is taken at a plugin while it runs.
type look func(supervisor.Config, sdk.Handler, *sdk.Manifest) error

// eachPlugin starts every plugin that is on, one after the other, and hands it to
// do. One that does not start is named in the error.
func eachPlugin(ctx context.Context, c *config.Config, o Options, do look) error {
	plugins, err := discover(c, o.Program)
	errs := []error{err}
	for _, p := range plugins {
		if p.Enabled {
			errs = append(errs, withProgram(ctx, p, o, func(h sdk.Handler, m *sdk.Manifest) error { return do(p, h, m) }))
		}
	}
	return errors.Join(errs...)
}

// checkSection lets a plugin look at its section without taking it over.
func checkSection(ctx context.Context, p supervisor.Config, h sdk.Handler, m *sdk.Manifest, version string) error {
	granted := p.Grants
	if p.GrantAll {
		granted = m.Needs
	}
	done, err := h.Configure(ctx, sdk.Configuration{Values: p.Values, ValidateOnly: true, Granted: granted, HostVersion: version})
	if err != nil {
		return fmt.Errorf("plugins.%s: check configuration: %w", p.ID, err)
	}
	var errs []error
	for _, d := range done.Diagnostics {
		text := d.Summary
		if d.Detail != "" {
			text += " (" + d.Detail + ")"
		}
		errs = append(errs, fmt.Errorf("plugins.%s.config%s: %s", p.ID, strings.ReplaceAll(d.Path, "/", "."), text))
	}
	return errors.Join(errs...)
}

// withProgram runs a plugin's program while do asks it something.
func withProgram(ctx context.Context, c supervisor.Config, o Options, do func(sdk.Handler, *sdk.Manifest) error) error {
	p, err := launch.Start(ctx, launch.Spec{Path: c.Path, Env: c.Env, Shim: []string{o.Program, "__exec"}})
	if err != nil {
		return fmt.Errorf("plugins.%s: %w", c.ID, err)
	}
	defer p.Kill()
	m, err := p.Handler().Describe(ctx)
	if err != nil {
		return fmt.Errorf("plugins.%s: %w", c.ID, err)
	}
	return do(p.Handler(), m)
}
