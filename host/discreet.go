package host

import (
	"context"
	"iter"
	"slices"

	"github.com/jarvis-host/jarvis/host/scrub"
	"github.com/jarvis-host/jarvis/host/turn"
)

// discreet takes secrets that the host knows out of answers, before they are
// shown, kept, remembered or read by a model again.
type discreet struct {
	turn.Answerer
	scrubber *scrub.Scrubber
}

// Answer implements [turn.Answerer].
func (d discreet) Answer(ctx context.Context, t *turn.Turn) iter.Seq2[turn.Event, error] {
	return func(yield func(turn.Event, error) bool) {
		text := scrub.NewRunning(d.scrubber)
		foreign := false // something that was said: what is held back may be of it
		for ev, err := range d.Answerer.Answer(ctx, t) {
			if ends(ev) { // what was held back was no secret's beginning
				if rest := text.Rest(); rest != "" && !yield(turn.Delta{Text: rest, Foreign: foreign}, nil) {
					return
				}
			}
			switch e := ev.(type) {
			case turn.Delta:
				foreign = foreign || e.Foreign
				if e.Text, e.Foreign = text.Next(e.Text), foreign; e.Text == "" {
					continue
				}
				ev = e
			case turn.Progress:
				e.Text = d.scrubber.ScrubKnown(e.Text)
				ev = e
			case turn.ToolStep:
				e.Summary = d.scrubber.ScrubKnown(e.Summary)
				ev = e
			case *turn.Question: // who asked looks for the reply in this very one
				e.Text, e.Options = d.scrubber.ScrubKnown(e.Text), d.labels(e.Options)
				if d.scrubber.HoldsKnown(e.Resume) { // it is not written down, and ends with the host
					e.Resume = nil
				}
			case turn.Done:
				e.Text = d.scrubber.ScrubKnown(e.Text)
				ev = e
			}
			if !yield(ev, err) {
				return
			}
		}
	}
}

// ends tells whether the answer pauses or is over: what was said is to be seen whole.
func ends(ev turn.Event) bool {
	switch ev.(type) {
	case turn.Done, *turn.Question, nil: // errors come without an event
		return true
	default:
		return false
	}
}

// labels are options as they may be shown; their values come back as they are.
func (d discreet) labels(options []turn.Option) []turn.Option {
	options = slices.Clone(options)
	for i := range options {
		options[i].Label = d.scrubber.ScrubKnown(options[i].Label)
	}
	return options
}
