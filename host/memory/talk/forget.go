package talk

import (
	"context"
	"slices"
	"strings"

	"github.com/jarvis-host/jarvis/host/memory"
	"github.com/jarvis-host/jarvis/host/turn"
)

// forgetWhen forgets what was said at some time.
func (r *reply) forgetWhen(ctx context.Context, words string) error {
	from, to, ok := when(words, r.local(r.Now()))
	if ok {
		return r.forget(ctx, memory.Selection{From: from, To: to})
	}
	// "what I said on gardening" is no time, but may be a topic.
	chosen, err := r.Memory.Select(ctx, r.owner, memory.Selection{About: words})
	if err != nil {
		return err
	}
	if len(chosen.IDs()) > 0 {
		return r.agree(ctx, chosen)
	}
	r.say(r.Words(r.lang, "memory.when"))
	return nil
}

// forgetLast forgets what was said last in this conversation.
func (r *reply) forgetLast(ctx context.Context) error {
	last, err := r.Memory.Episodes(ctx, r.owner, memory.EpisodeFilter{Session: r.t.Session, Newest: true, Limit: 4})
	if err != nil {
		return err
	}
	var ids []string
	for i := range last {
		if last[i].Turn == last[0].Turn {
			ids = append(ids, last[i].ID)
		}
	}
	if len(ids) == 0 {
		r.say(r.Words(r.lang, "memory.forget_nothing"))
		return nil
	}
	return r.forget(ctx, memory.Selection{IDs: ids})
}

// forgetAll forgets everything.
func (r *reply) forgetAll(ctx context.Context) error {
	episodes, err := r.Memory.Episodes(ctx, r.owner, memory.EpisodeFilter{Faded: true})
	if err != nil {
		return err
	}
	facts, err := r.Memory.Facts(ctx, r.owner, memory.FactFilter{Past: true, Faded: true})
	if err != nil {
		return err
	}
	return r.agree(ctx, &memory.Selected{Episodes: episodes, Facts: facts})
}

// forget shows what would go, and forgets it when the end user agrees.
func (r *reply) forget(ctx context.Context, s memory.Selection) error {
	chosen, err := r.Memory.Select(ctx, r.owner, s)
	if err != nil {
		return err
	}
	return r.agree(ctx, chosen)
}

// shown is how many items a preview shows; it tells how many more there are.
const shown = 20

func (r *reply) agree(ctx context.Context, chosen *memory.Selected) error {
	n := len(chosen.Episodes) + len(chosen.Facts)
	if n == 0 {
		r.say(r.Words(r.lang, "memory.forget_nothing"))
		return nil
	}
	q := &turn.Question{Kind: turn.AskConfirm, Text: r.preview(chosen, n), Resume: freeze(waiting{Forget: chosen.IDs(), Lang: r.lang})}
	if !r.yield(q) {
		return nil
	}
	return r.forgetAgreed(ctx, chosen, q.Reply)
}

// forgetAgreed forgets what was shown, if the end user agrees.
func (r *reply) forgetAgreed(ctx context.Context, chosen *memory.Selected, answer turn.Reply) error {
	if answer.Expired || answer.Value != "true" {
		r.say(r.Words(r.lang, "memory.kept"))
		return nil
	}
	// Once agreed it is done to its end: half a forgetting helps nobody.
	ctx = context.WithoutCancel(ctx)
	gone, err := Forget(ctx, r.Memory, r.owner, chosen, r.Erase, r.t.ID)
	if err != nil {
		return err
	}
	r.say(r.Words(r.lang, "memory.forgotten", len(gone)))
	return nil
}

func (r *reply) preview(chosen *memory.Selected, n int) string {
	var lines []string
	for i := range chosen.Facts {
		lines = append(lines, "- "+chosen.Facts[i].Text)
	}
	for i := range chosen.Episodes {
		e := &chosen.Episodes[i]
		lines = append(lines, "- "+r.quote("memory.quote", e.Text, e))
	}
	if len(lines) > shown {
		lines = append(lines[:shown], r.Words(r.lang, "memory.more", len(lines)-shown))
	}
	return r.Words(r.lang, "memory.forget_ask", n, strings.Join(lines, "\n"))
}

// Forget deletes what was selected, from memory and from the conversations that
// it was said or quoted in, and returns the ids that went. turns are further
// turns to erase, such as the one that asks for it.
func Forget(
	ctx context.Context, m *memory.Memory, o memory.Owner, chosen *memory.Selected,
	erase func(ctx context.Context, user string, turns, items []string) error, turns ...string,
) ([]string, error) {
	ids := chosen.IDs()
	for i := range chosen.Episodes {
		if t := chosen.Episodes[i].Turn; t != "" && !slices.Contains(turns, t) {
			turns = append(turns, t)
		}
	}
	// The conversations first: were this the last that happens, what is still in
	// memory could be forgotten again, but no one would know the turns any more.
	if erase != nil {
		if err := erase(ctx, o.User(), turns, ids); err != nil {
			return nil, err
		}
	}
	return m.Forget(ctx, o, ids...)
}
