package dialog

import (
	"context"

	"github.com/jarvis-host/jarvis/host/turn"
)

// asked takes what is said to memory: remember that, what do you know about me.
func (a *answer) asked(ctx context.Context, text string) (bool, error) {
	if a.d.Memory == nil {
		return false, nil
	}
	d, ok, err := a.d.Memory.Answer(ctx, a.t, text, a.emit)
	if a.missed(ctx, err) || !ok {
		return false, nil
	}
	a.remembered(d)
	return true, nil
}

// recollect answers from memory what no model can answer now.
func (a *answer) recollect(ctx context.Context, text string) (bool, error) {
	if a.d.Memory == nil {
		return false, nil
	}
	d, ok, err := a.d.Memory.Recollect(ctx, a.t, text, a.emit)
	failed := a.missed(ctx, err)
	a.saved = a.saved || d.MemorySaved
	if failed || !ok {
		return false, nil
	}
	a.remembered(d)
	a.degraded = true // a model would have said it better
	return true, nil
}

// missed says whether memory failed, and tells the operator: the chat goes on
// without it, and says that it does.
func (a *answer) missed(ctx context.Context, err error) bool {
	if err == nil {
		return false
	}
	a.degraded = true
	if a.d.Log != nil {
		a.d.Log(ctx, "memory did not answer", a.t, err.Error())
	}
	return true
}

func (a *answer) remembered(d turn.Done) {
	a.state, a.code, a.source = d.State, d.Code, d.Source
	a.degraded, a.saved = a.degraded || d.Degraded, a.saved || d.MemorySaved
	a.memory = append(a.memory, d.Memory...)
	if !a.t.LangForced {
		a.lang = d.Lang
	}
}
