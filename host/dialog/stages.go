package dialog

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jarvis-host/jarvis/host/tool"
	"github.com/jarvis-host/jarvis/host/turn"
	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/intent"
)

// stop takes a stop word said alone.
func (a *answer) stop(ctx context.Context, text string) (bool, error) {
	if !a.d.IsStop(text) {
		return false, nil
	}
	f, err := a.holder(ctx)
	if err != nil {
		return true, err
	}
	key := "dialogue.nothing_to_stop"
	if a.t.StoppedTurns > 0 {
		key = "dialogue.stopped"
	}
	if f != nil {
		key = "dialogue.floor_released"
		if err := a.hold(ctx, nil); err != nil {
			return true, err
		}
	}
	a.source = turn.SourceDialogue
	a.say(a.d.Words(a.lang, key))
	return true, nil
}

// floor offers the utterance to the plugin that holds the floor.
func (a *answer) floor(ctx context.Context, text string) (taken bool, fallback string, err error) {
	f, err := a.holder(ctx)
	if err != nil || f == nil {
		return false, "", err
	}
	args, err := json.Marshal(map[string]string{f.Slot: text})
	if err != nil {
		return false, "", fmt.Errorf("encode utterance: %w", err)
	}
	res, err := a.call(ctx, tool.Request{
		Plugin: f.Plugin, Tool: f.Tool, Args: args, Origin: sdk.OriginFloor, Utterance: text,
	})
	if err != nil {
		return false, "", err
	}
	if res.NotMine != nil {
		return false, res.NotMine.Fallback, nil
	}
	a.source = turn.SourceDialogue
	return true, "", nil
}

// sentence looks for a plugin's sentence, in the turn's language first.
func (a *answer) sentence(ctx context.Context, text string) (bool, error) {
	m, lang, ok := a.match(text)
	if !ok {
		return false, nil
	}
	args, err := json.Marshal(m.Slots)
	if err != nil {
		return false, fmt.Errorf("encode slots: %w", err)
	}
	if !a.t.LangForced {
		a.lang = lang
	}
	a.source = turn.SourceIntent
	_, err = a.call(ctx, tool.Request{
		Plugin: m.Source, Tool: m.Intent, Args: args, Origin: sdk.OriginSentence, Utterance: text, Lang: a.lang,
	})
	return true, err
}

func (a *answer) match(text string) (intent.Match, string, bool) {
	began := a.d.Now()
	defer func() {
		if a.d.Matched != nil {
			a.d.Matched(a.d.Now().Sub(began))
		}
	}()
	if ms := a.d.Sentences.Match(a.t.Lang, text); len(ms) > 0 {
		return ms[0], a.t.Lang, true
	}
	for _, lang := range a.d.Languages {
		if lang == a.t.Lang {
			continue
		}
		if ms := a.d.Sentences.Match(lang, text); len(ms) > 0 {
			return ms[0], lang, true
		}
	}
	return intent.Match{}, "", false
}

// call runs a tool and takes over what it said and whether it wants the floor.
func (a *answer) call(ctx context.Context, q tool.Request) (tool.Result, error) {
	streamed := a.text.Len()
	res, err := a.d.Tools.Run(ctx, a.t, q, a.emit)
	if err != nil || res.NotMine != nil {
		return res, err
	}
	return res, a.took(ctx, q, res, streamed)
}

// took takes over how a call ended; streamed is how much was said before it.
func (a *answer) took(ctx context.Context, q tool.Request, res tool.Result, streamed int) error {
	if !res.OK() {
		a.state, a.code = turn.Failed, string(res.Code)
		if said := a.text.Len() - streamed; said < len(res.Text) {
			a.quote(q, res.Text[said:])
		}
		if a.d.Log != nil && !personal(res.Code) {
			a.d.Log(ctx, "tool call did not succeed", a.t, q.Plugin+"."+q.Tool+": "+res.Detail)
		}
		return nil
	}
	return a.listen(ctx, q.Plugin, res.Listen)
}

// personal reports whether a failure concerns the end user alone: what they
// asked for is not there, not allowed, or was declined. Operators need not act.
func personal(code sdk.Code) bool {
	switch code {
	case sdk.CodeInvalid, sdk.CodeNotFound, sdk.CodeForbidden, sdk.CodeConflict:
		return true
	default:
		return false
	}
}

// fallback says what the plugin that is the holder of the floor would say if no one knew better.
func (a *answer) fallback(text string) (bool, error) {
	if text == "" {
		return false, nil
	}
	a.source = turn.SourceDialogue
	a.emit(turn.Delta{Text: text, Foreign: true})
	return true, nil
}

// agent lets the model answer, when there is one.
func (a *answer) agent(ctx context.Context, text string) (bool, error) {
	if ready, _, _ := a.d.Agent.Status(); !ready {
		return false, nil
	}
	t := *a.t
	t.Text = text
	a.source = turn.SourceModel
	for ev, err := range a.d.Agent.Answer(ctx, &t) {
		if err != nil {
			return true, err
		}
		if d, ok := ev.(turn.Done); ok {
			a.state, a.code, a.source, a.usage, a.memory = d.State, d.Code, d.Source, d.Usage, d.Memory
			a.degraded = a.degraded || d.Degraded
			return true, nil
		}
		if !a.emit(ev) {
			return true, nil
		}
	}
	return true, fmt.Errorf("agent ended without an answer")
}

// cannot says plainly that no one can answer this now, and what would help.
func (a *answer) cannot() (bool, error) {
	a.source, a.degraded = turn.SourceHost, true
	_, key, args := a.d.Agent.Status()
	if key == "" {
		key = "model.none"
	}
	a.say(a.d.Words(a.lang, "dialogue.cannot") + "\n\n" + a.d.Words(a.lang, key, args...))
	return true, nil
}
