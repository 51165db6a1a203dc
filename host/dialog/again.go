package dialog

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jarvis-host/jarvis/host/turn"
)

// again returns what has to be answered: the turn's utterance, or, when that
// only asks to try once more what was not answered to its end, what was said
// then. What may have happened in the world already does not happen twice
// unless the end user agrees; taken is set when they do not.
func (a *answer) again(ctx context.Context) (said []string, taken bool, err error) {
	said = []string{a.t.Text}
	if a.d.IsAgain == nil || !a.d.IsAgain(a.t.Text) {
		return said, false, nil
	}
	earlier, turns, before := broken(a.t.History, a.d.IsAgain)
	if earlier == nil {
		return said, false, nil
	}
	t := *a.t
	t.History = before
	a.t = &t
	effects, err := a.effects(ctx, turns)
	if err != nil || len(effects) == 0 {
		return earlier, false, err
	}
	q := &turn.Question{Kind: turn.AskConfirm, Text: a.d.Words(a.lang, "dialogue.again", strings.Join(effects, " · "))}
	if !a.emit(q) {
		return nil, true, nil
	}
	if q.Reply.Value == "true" {
		return earlier, false, nil
	}
	a.source, a.state = turn.SourceDialogue, turn.Answered
	a.say(a.d.Words(a.lang, "dialogue.left"))
	return nil, true, nil
}

// broken returns what the end user said in the session's last turn, if that did
// not come to its end, the turns that tried to answer it, the first one first,
// and what was said before them: a turn that only asked to try again stands for
// the one before it.
func broken(history []turn.Message, isAgain func(string) bool) (said, turns []string, before []turn.Message) {
	for len(history) > 0 {
		last := history[len(history)-1]
		if last.Role == turn.FromAssistant && last.State == turn.Answered {
			return nil, nil, nil
		}
		from := slices.IndexFunc(history, func(m turn.Message) bool { return m.Turn == last.Turn })
		said = nil
		for _, m := range history[from:] {
			if m.Role == turn.FromUser {
				said = append(said, m.Text)
			}
		}
		turns = append([]string{last.Turn}, turns...)
		if len(said) != 1 || !isAgain(said[0]) {
			return said, turns, history[:from]
		}
		history = history[:from]
	}
	return nil, nil, nil
}

func (a *answer) effects(ctx context.Context, turns []string) ([]string, error) {
	if a.t.Effects == nil {
		return nil, nil
	}
	var all []string
	for _, id := range turns {
		some, err := a.t.Effects(ctx, id)
		if err != nil {
			return nil, fmt.Errorf("read what happened: %w", err)
		}
		all = append(all, some...)
	}
	return all, nil
}
