package talk

import (
	"context"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/jarvis-host/jarvis/host/memory"
	"github.com/jarvis-host/jarvis/host/memory/analysis"
	"github.com/jarvis-host/jarvis/host/turn"
)

// Keeper remembers what is said in the turns that Next answers. A turn's done
// event says whether it is kept, which it is then, durably. Safe for concurrent
// use.
type Keeper struct {
	Next   turn.Answerer
	Memory *memory.Memory
	// Log is told of what only the operator can act on; nil is allowed.
	Log func(ctx context.Context, msg string, t *turn.Turn, detail string)
	// Counted is told of each write and how it went; nil is allowed.
	Counted func(operation string, err error)
}

// writeLimit is how long an answer's end waits for what it says to be kept.
const writeLimit = time.Second

// Answer implements [turn.Answerer].
func (k *Keeper) Answer(ctx context.Context, t *turn.Turn) iter.Seq2[turn.Event, error] {
	return func(yield func(turn.Event, error) bool) {
		n := notes{said: []string{t.Text}}
		own := *t
		own.Steer = func() []string {
			added := t.Steer()
			n.said = append(n.said, added...)
			return added
		}
		for ev, err := range k.Next.Answer(ctx, &own) {
			if step, ok := ev.(turn.ToolStep); ok && step.State != turn.ToolRunning {
				n.tools = true
			}
			if d, ok := ev.(turn.Done); ok && err == nil {
				ev = k.keep(ctx, t, &n, d)
			}
			if !yield(ev, err) {
				return
			}
		}
	}
}

// notes are what is known of a turn when it ends.
type notes struct {
	said  []string // by the end user
	tools bool     // the answer may hold what a tool said, now or when it was remembered
}

func (k *Keeper) keep(ctx context.Context, t *turn.Turn, n *notes, d turn.Done) turn.Done {
	o, err := memory.OwnerOf(t.User)
	if err != nil {
		return d
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeLimit)
	defer cancel()
	recalled := d.Memory
	if d.Source == turn.SourceModel {
		d.Memory = drawnOn(t.Text, d.Text, recalled)
		if fresh := noteUsed(ctx, t, d.Memory); len(fresh) > 0 && !t.Temporary {
			if err := k.Memory.Used(ctx, o, fresh...); err != nil {
				k.log(ctx, "use of memories not kept", t, err)
			}
		}
	}
	if d.MemorySaved || !worthKeeping(t, &d) {
		return d
	}
	kept, err := k.Memory.Remember(ctx, o, n.items(t, &d, recalled)...)
	if k.Counted != nil {
		k.Counted("remember", err)
	}
	if err != nil {
		d.Degraded = true
		k.log(ctx, "what was said is not remembered", t, err)
		return d
	}
	d.MemorySaved = len(kept.Episodes) > 0
	return d
}

func (k *Keeper) log(ctx context.Context, msg string, t *turn.Turn, err error) {
	if k.Log != nil {
		k.Log(ctx, msg, t, err.Error())
	}
}

// worthKeeping says whether a turn is conversation: commands, and what was said
// to memory itself, are not, and what the end user wants private is never kept.
func worthKeeping(t *turn.Turn, d *turn.Done) bool {
	if t.Temporary || !t.Remember || d.State == turn.Stopped {
		return false
	}
	return d.Source == turn.SourceModel || d.Source == turn.SourceHost
}

// items are the episodes of a turn: what the end user said, and what a model
// answered.
func (n *notes) items(t *turn.Turn, d *turn.Done, recalled []turn.Recollection) []memory.Said {
	base := memory.Said{Session: t.Session, Turn: t.ID, At: t.At, Zone: zoneName(t)}
	var out []memory.Said
	for _, text := range n.said {
		s := base
		s.Role, s.Text = memory.RoleUser, text
		if text == t.Text {
			s.Lang = t.Lang
		}
		out = append(out, s)
	}
	if d.Source != turn.SourceModel || d.State != turn.Answered || strings.TrimSpace(d.Text) == "" || len(d.Text) > memory.MaxText {
		return out
	}
	s := base
	s.Role, s.Text, s.Lang = memory.RoleAssistant, d.Text, d.Lang
	for _, r := range recalled {
		s.Recalled = append(s.Recalled, r.Quote)
		n.tools = n.tools || r.Foreign
	}
	if n.tools {
		s.Flags = memory.FlagTool
	}
	return append(out, s)
}

// drawnOn returns which of the recalled items an answer was given with: those
// that hold one of its words that the question does not.
func drawnOn(question, answer string, recalled []turn.Recollection) []turn.Recollection {
	if len(recalled) == 0 {
		return nil
	}
	asked, given := stems(question), stems(answer)
	var used []turn.Recollection
	for _, r := range recalled {
		if slices.ContainsFunc(stems(r.Quote), func(s string) bool { return slices.Contains(given, s) && !slices.Contains(asked, s) }) {
			used = append(used, r)
		}
	}
	return used
}

// stems are those of a text in both languages: what was recalled may be in the
// other one.
func stems(text string) []string {
	return append(analysis.Terms(text, "fr"), analysis.Terms(text, "en")...)
}
