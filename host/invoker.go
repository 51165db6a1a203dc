package host

import (
	"context"
	"iter"

	"github.com/jarvis-host/jarvis/host/recording"
	"github.com/jarvis-host/jarvis/host/scrub"
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
	scrubber *scrub.Scrubber
}

// Invoke implements [tool.Invoker].
func (p *providers) Invoke(ctx context.Context, plugin string, in *sdk.Invocation) iter.Seq2[sdk.Event, error] {
	if plugin == tool.BuiltinPlugin {
		return p.builtin.Invoke(ctx, in)
	}
	if p.recorded == nil || !p.recorded(plugin) {
		return cleaned(p.plugins.Invoke(ctx, plugin, in), p.scrubber)
	}
	return cleaned(p.recording(ctx, plugin, in), p.scrubber)
}

// cleaned takes secrets that the host knows out of what a plugin says, in
// however many pieces, so that none gets into a transcript, to a model or before
// a person.
func cleaned(events iter.Seq2[sdk.Event, error], scrubber *scrub.Scrubber) iter.Seq2[sdk.Event, error] {
	return func(yield func(sdk.Event, error) bool) {
		text := scrub.NewRunning(scrubber)
		for ev, err := range events {
			switch e := ev.(type) {
			case sdk.Text:
				if e.Text = text.Next(e.Text); e.Text == "" {
					continue
				}
				ev = e
			case sdk.Progress:
				e.Message = scrubber.ScrubKnown(e.Message)
				ev = e
			case sdk.Result: // its text goes on with what was said before
				e.Text = text.Next(e.Text) + text.Rest()
				e.Data = scrubber.ScrubKnownJSON(e.Data)
				ev = e
			default:
				ev = cleanEnd(ev, scrubber)
				if rest := text.Rest(); rest != "" && !yield(sdk.Text{Text: rest}, nil) {
					return
				}
			}
			if !yield(ev, err) {
				return
			}
		}
	}
}

// cleanEnd cleans an event that ends a call without a result.
func cleanEnd(ev sdk.Event, scrubber *scrub.Scrubber) sdk.Event {
	clean := scrubber.ScrubKnown
	switch e := ev.(type) {
	case sdk.Problem:
		e.Message = clean(e.Message)
		return e
	case sdk.NeedInput:
		e.Text = clean(e.Text)
		return e
	default:
		return ev
	}
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
				p.record(plugin, recording.Call{Turn: tool.TurnOf(ctx), Invocation: in, End: recording.Of(said, ev, err)})
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
