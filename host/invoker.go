package host

import (
	"context"
	"iter"

	"github.com/jarvis-host/jarvis/host/recording"
	"github.com/jarvis-host/jarvis/host/supervisor"
	"github.com/jarvis-host/jarvis/host/tool"
	"github.com/jarvis-host/jarvis/sdk"
)

// providers serve all tools: the built-ins in this process, plugins in theirs.
type providers struct {
	builtin *sdk.Plugin
	plugins *supervisor.Supervisor
	// record is told of each call of a plugin and its end, where the operator
	// asks for it; recorded says where.
	recorded func(plugin string) bool
	record   func(plugin string, c recording.Call)
}

// Invoke implements [tool.Invoker].
func (p *providers) Invoke(ctx context.Context, plugin string, in *sdk.Invocation) iter.Seq2[sdk.Event, error] {
	if plugin == tool.BuiltinPlugin {
		return p.builtin.Invoke(ctx, in)
	}
	if p.recorded == nil || !p.recorded(plugin) {
		return p.plugins.Invoke(ctx, plugin, in)
	}
	return p.recording(ctx, plugin, in)
}

// recording passes a call's events on and records how it ended.
func (p *providers) recording(ctx context.Context, plugin string, in *sdk.Invocation) iter.Seq2[sdk.Event, error] {
	return func(yield func(sdk.Event, error) bool) {
		said := ""
		for ev, err := range p.plugins.Invoke(ctx, plugin, in) {
			switch e := ev.(type) {
			case sdk.Text:
				said += e.Text
			case sdk.Progress:
			default:
				p.record(plugin, recording.Call{Invocation: in, End: recording.Of(said, ev, err)})
			}
			if !yield(ev, err) {
				return
			}
		}
	}
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
