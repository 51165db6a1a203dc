package talk

import (
	"context"

	"github.com/jarvis-host/jarvis/host/memory"
	"github.com/jarvis-host/jarvis/host/turn"
)

// both is the choice of who says that neither of two facts is wrong.
const both = "both"

// clear asks about the latest contradiction that nobody has settled. Whoever does
// not answer, or says that both hold, is not asked again.
func (r *reply) clear(ctx context.Context) error {
	doubts, err := r.Memory.Doubts(ctx, r.owner)
	if err != nil || len(doubts) == 0 || r.t.Temporary {
		return err
	}
	d := doubts[0]
	q := &turn.Question{
		Kind: turn.AskChoice, Text: r.Words(r.lang, "memory.doubt", d.Older.Text, r.date(d.Older.From), d.Newer.Text, r.date(d.Newer.From)),
		Options: []turn.Option{
			{Value: d.Newer.ID, Label: d.Newer.Text}, {Value: d.Older.ID, Label: d.Older.Text}, {Value: both, Label: r.Words(r.lang, "memory.both")},
		},
		Resume: freeze(waiting{Doubt: &[2]string{d.Older.ID, d.Newer.ID}, Lang: r.lang}),
	}
	if !r.yield(q) {
		return nil
	}
	return r.settle(ctx, d, q.Reply)
}

func (r *reply) settle(ctx context.Context, d memory.Doubt, answer turn.Reply) error {
	if err := r.Memory.Settle(context.WithoutCancel(ctx), r.owner, d, answer.Value); err != nil {
		return err
	}
	switch answer.Value {
	case d.Older.ID:
		r.say("\n" + r.Words(r.lang, "memory.noted", d.Older.Text))
	case d.Newer.ID:
		r.say("\n" + r.Words(r.lang, "memory.noted", d.Newer.Text))
	default:
		r.say("\n" + r.Words(r.lang, "memory.both_kept"))
	}
	return nil
}
