package host

import (
	"context"
	"iter"

	"github.com/jarvis-host/jarvis/host/supervisor"
	"github.com/jarvis-host/jarvis/host/tool"
	"github.com/jarvis-host/jarvis/sdk"
)

// providers serve all tools: the built-ins in this process, plugins in theirs.
type providers struct {
	builtin *sdk.Plugin
	plugins *supervisor.Supervisor
}

// Invoke implements [tool.Invoker].
func (p *providers) Invoke(ctx context.Context, plugin string, in *sdk.Invocation) iter.Seq2[sdk.Event, error] {
	if plugin == tool.BuiltinPlugin {
		return p.builtin.Invoke(ctx, in)
	}
	return p.plugins.Invoke(ctx, plugin, in)
}

// manifests lists what is on offer, the built-ins first: theirs are the
// sentences that win a tie.
func (p *providers) manifests(ctx context.Context) ([]*sdk.Manifest, error) {
	own, err := p.builtin.Describe(ctx)
	if err != nil {
		return nil, err
	}
	return append([]*sdk.Manifest{own}, p.plugins.Ready()...), nil
}
