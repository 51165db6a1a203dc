package talk

import (
	"context"

	"github.com/jarvis-host/jarvis/host/memory"
	"github.com/jarvis-host/jarvis/host/memory/analysis"
	"github.com/jarvis-host/jarvis/host/turn"
)

// Recall returns at most budget tokens of what is known that may matter for a
// turn, for a model to read, and what that is made of. A temporary session gets
// nothing.
func Recall(ctx context.Context, m *memory.Memory, t *turn.Turn, budget int) (text string, used []turn.Recollection, err error) {
	o, err := memory.OwnerOf(t.User)
	if err != nil || t.Temporary {
		return "", nil, err
	}
	at := t.At
	if t.Zone != nil {
		at = at.In(t.Zone)
	}
	look := analysis.Analyze(t.Text, t.Lang)
	got, err := m.Recall(ctx, o, memory.Prompt{
		Text: t.Text, Lang: t.Lang, At: at, Session: t.Session, Budget: budget,
		Asked: look.Asks() && look.FirstPerson() > 0,
	})
	if err != nil {
		return "", nil, err
	}
	for _, i := range got.Items {
		used = append(used, turn.Recollection{ID: i.ID, Quote: i.Text, At: i.At})
	}
	return got.Text, used, nil
}
