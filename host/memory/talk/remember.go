package talk

import (
	"context"
	"strings"
	"time"

	"github.com/jarvis-host/jarvis/host/memory"
	"github.com/jarvis-host/jarvis/host/turn"
)

// remember keeps what the end user wants kept, and says so once it is on disk.
func (r *reply) remember(ctx context.Context, what string) error {
	if r.t.Temporary || !r.t.Remember {
		r.say(r.Words(r.lang, "memory.not_here"))
		return nil
	}
	kept, err := r.keep(ctx)
	if err != nil {
		return err
	}
	if r.noted(ctx, kept) {
		return nil
	}
	k, err := r.Memory.State(ctx, r.owner, memory.Statement{Text: what, Origin: memory.OriginExplicit})
	if err != nil {
		return err
	}
	r.say(r.Words(r.lang, "memory.noted", k.Text))
	r.use(k.ID, k.Text, k.From)
	return nil
}

// keep remembers the utterance itself.
func (r *reply) keep(ctx context.Context) (*memory.Kept, error) {
	kept, err := r.Memory.Remember(ctx, r.owner, memory.Said{
		Session: r.t.Session, Turn: r.t.ID, Text: r.text, Lang: r.lang, At: r.t.At, Zone: zoneName(r.t),
	})
	r.done.MemorySaved = err == nil && len(kept.Episodes) > 0
	return kept, err
}

// noted says which facts were learnt, if any were.
func (r *reply) noted(ctx context.Context, kept *memory.Kept) bool {
	before := map[string]string{} // what a new fact took the place of
	for i := range kept.Facts {
		if k := &kept.Facts[i]; k.SupersededBy != "" {
			before[k.SupersededBy] = k.Text
		}
	}
	var lines []string
	for i := range kept.Facts {
		k := &kept.Facts[i]
		old, corrected := before[k.ID]
		switch {
		case k.SupersededBy != "":
			continue
		case !k.To.IsZero():
			lines = append(lines, r.Words(r.lang, "memory.ended", k.Text))
		case corrected:
			lines = append(lines, r.Words(r.lang, "memory.corrected", k.Text, old))
		default:
			lines = append(lines, r.Words(r.lang, "memory.noted", k.Text))
		}
		r.use(k.ID, k.Text, k.From)
	}
	if len(lines) > 0 {
		r.say(strings.Join(lines, "\n"))
	}
	return len(lines) > 0
}

// use tells that the answer is given with an item.
func (r *reply) use(id, quote string, at time.Time) {
	r.used = append(r.used, turn.Recollection{ID: id, Quote: quote, At: at})
}

func zoneName(t *turn.Turn) string {
	if t.Zone == nil {
		return ""
	}
	return t.Zone.String()
}
