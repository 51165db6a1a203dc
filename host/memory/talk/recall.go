package talk

import (
	"context"

	"github.com/jarvis-host/jarvis/host/memory"
	"github.com/jarvis-host/jarvis/host/memory/analysis"
	"github.com/jarvis-host/jarvis/host/turn"
)

// Recalled is what may matter for a turn, for a model to read.
type Recalled struct {
	Text     string
	Used     []turn.Recollection // what Text is made of
	Degraded bool                // more might have been found
}

// Recall returns at most budget tokens of what is known that may matter for a
// turn; where own, nothing that a tool or a plugin brought in. A temporary session
// gets nothing.
func Recall(ctx context.Context, m *memory.Memory, t *turn.Turn, budget int, own bool) (out Recalled, err error) {
	o, err := memory.OwnerOf(t.User)
	if err != nil || t.Temporary {
		return out, err
	}
	at := t.At
	if t.Zone != nil {
		at = at.In(t.Zone)
	}
	look := analysis.Analyze(t.Text, t.Lang)
	got, err := m.Recall(ctx, o, memory.Prompt{
		Text: t.Text, Lang: t.Lang, At: at, Session: t.Session, Budget: budget,
		Asked: look.Asks() && look.FirstPerson() > 0, Own: own,
	})
	if err != nil {
		return out, err
	}
	for _, i := range got.Items {
		out.Used = append(out.Used, turn.Recollection{ID: i.ID, Quote: i.Text, At: i.At, Foreign: i.Foreign})
	}
	out.Text, out.Degraded = got.Text, got.Degraded
	return out, nil
}
