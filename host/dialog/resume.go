package dialog

import (
	"context"

	"github.com/jarvis-host/jarvis/host/tool"
	"github.com/jarvis-host/jarvis/host/turn"
	"github.com/jarvis-host/jarvis/sdk"
)

// begin returns what has to be answered; taken is set when the beginning was
// all of it.
func (a *answer) begin(ctx context.Context) (said []string, taken bool, err error) {
	if a.t.Resumed == nil {
		return a.again(ctx)
	}
	return nil, true, a.resume(ctx, *a.t.Resumed)
}

// resume goes on with the call whose question waited while the host was
// stopped. A model that wanted the call is not asked again: what the tool says
// is the answer.
func (a *answer) resume(ctx context.Context, from turn.Resumed) error {
	if a.d.Memory != nil {
		if d, ok := a.d.Memory.Resume(ctx, a.t, from, a.emit); ok {
			a.remembered(d)
			return nil
		}
	}
	a.state, a.source = turn.Answered, turn.SourceIntent
	streamed := a.text.Len()
	q, res, err := a.d.Tools.Resume(ctx, a.t, from.State, from.Reply, a.emit)
	if err != nil {
		return err
	}
	if res.NotMine != nil {
		_, err := a.fallback(res.NotMine.Fallback)
		return err
	}
	a.source = a.sourceOf(q)
	if said := a.text.Len() - streamed; res.OK() && said < len(res.Text) {
		a.quote(q, res.Text[said:])
	}
	return a.took(ctx, q, res, streamed)
}

func (a *answer) sourceOf(q tool.Request) turn.Source {
	switch q.Origin {
	case sdk.OriginModel:
		return turn.SourceModel
	case sdk.OriginFloor:
		return turn.SourceDialogue
	default:
		return turn.SourceIntent
	}
}
