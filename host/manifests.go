package host

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jarvis-host/jarvis/host/builtin"
	"github.com/jarvis-host/jarvis/host/config"
	"github.com/jarvis-host/jarvis/host/supervisor"
	"github.com/jarvis-host/jarvis/host/texts"
	"github.com/jarvis-host/jarvis/host/tool"
	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/launch"
)

// Manifests asks every plugin that would run, and the built-in tools, what
// they are, without a host: in the order in which a host adds their sentences.
// A plugin that can't be asked is left out and named in the error.
func Manifests(ctx context.Context, c *config.Config, o Options) ([]*sdk.Manifest, error) {
	own := builtin.New(builtin.Options{
		ID: tool.BuiltinPlugin, Version: o.Version, Now: time.Now, Words: texts.Get,
		FormatTime: texts.FormatTime, FormatDate: texts.FormatDate,
	})
	m, err := own.Describe(ctx)
	if err != nil {
		return nil, err
	}
	all := []*sdk.Manifest{m}
	plugins, err := discover(c, o.Program)
	errs := []error{err}
	for _, p := range plugins {
		if !p.Enabled {
			continue
		}
		m, err := describeProgram(ctx, p, []string{o.Program, "__exec"})
		if err != nil {
			errs = append(errs, fmt.Errorf("plugin %s: %w", p.ID, err))
			continue
		}
		all = append(all, m)
	}
	return all, errors.Join(errs...)
}

func describeProgram(ctx context.Context, c supervisor.Config, shim []string) (*sdk.Manifest, error) {
	p, err := launch.Start(ctx, launch.Spec{Path: c.Path, Env: c.Env, Shim: shim})
	if err != nil {
		return nil, err
	}
	defer p.Kill()
	return p.Handler().Describe(ctx)
}

// Sentences compiles what manifests can be asked, as a host does: an intent's
// source is the plugin, its name the tool.
func Sentences(manifests []*sdk.Manifest) (*tool.Catalogue, error) {
	c := tool.NewCatalogue()
	return c, c.Replace(manifests)
}
