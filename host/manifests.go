package host

import (
	"context"
	"time"

	"github.com/jarvis-host/jarvis/host/builtin"
	"github.com/jarvis-host/jarvis/host/config"
	"github.com/jarvis-host/jarvis/host/supervisor"
	"github.com/jarvis-host/jarvis/host/texts"
	"github.com/jarvis-host/jarvis/host/tool"
	"github.com/jarvis-host/jarvis/sdk"
)

// Manifests asks every plugin that would run, and the built-in tools, what
// they are, without a host: in the order in which a host adds their sentences.
// A plugin that can't be asked is left out and named in the error.
func Manifests(ctx context.Context, c *config.Config, o Options) ([]*sdk.Manifest, error) {
	return describeAll(ctx, c, o, func(supervisor.Config, sdk.Handler, *sdk.Manifest) error { return nil })
}

// describeAll is Manifests, and also looks at each plugin.
func describeAll(ctx context.Context, c *config.Config, o Options, also look) ([]*sdk.Manifest, error) {
	own := builtin.New(builtin.Options{
		ID: tool.BuiltinPlugin, Version: o.Version, Now: time.Now, Words: texts.Get,
		FormatTime: texts.FormatTime, FormatDate: texts.FormatDate,
	})
	m, err := own.Describe(ctx)
	if err != nil {
		return nil, err
	}
	all := []*sdk.Manifest{m}
	err = eachPlugin(ctx, c, o, func(p supervisor.Config, h sdk.Handler, m *sdk.Manifest) error {
		all = append(all, m)
		return also(p, h, m)
	})
	return all, err
}

// Sentences compiles what manifests can be asked, as a host does: an intent's
// source is the plugin, its name the tool.
func Sentences(manifests []*sdk.Manifest) (*tool.Catalogue, error) {
	c := tool.NewCatalogue()
	return c, c.Replace(manifests)
}
