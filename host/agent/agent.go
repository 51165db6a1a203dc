package agent

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/tool"
	"github.com/jarvis-host/jarvis/host/turn"
	"github.com/jarvis-host/jarvis/sdk"
)

// Model generates text; the router of package llm does. Tests use llmtest.
type Model interface {
	Stream(ctx context.Context, r llm.Request) iter.Seq2[llm.Event, error]
	// Choose tells which model would answer a request now, and what is known of
	// it: its window and whether it can call tools.
	Choose(r llm.Request) (llm.RouteHealth, bool)
	// Status says whether a model answers now, and if not why: the key of a
	// text for the end user, with its arguments.
	Status() (ready bool, key string, args []any)
}

// Tools runs tool calls; the runner of package tool does.
type Tools interface {
	Run(ctx context.Context, t *turn.Turn, q tool.Request, yield tool.Yield) (tool.Result, error)
}

// Memory finds what is known that may matter for a turn. It is asked once a
// turn, and answered without it when it takes longer than RecallWithin.
type Memory interface {
	// Recall returns at most budget tokens of text, ready to be read by a model,
	// and what that text is made of. Nothing is a good answer. Where own, none of it
	// may be what a tool or a plugin brought in.
	Recall(ctx context.Context, t *turn.Turn, budget int, own bool) (Recalled, error)
}

// Recalled is what memory brings to a turn.
type Recalled struct {
	Text string
	Used []turn.Recollection
	// Degraded says that more might have been found.
	Degraded bool
}

// Agent answers turns with a model. Safe for concurrent use.
type Agent struct {
	Model      Model
	Tools      Tools
	Offers     func() []*tool.Offer
	Relevance  *Relevance
	Prompts    *Prompts
	Words      tool.Words
	FormatDate func(lang string, t time.Time) string
	FormatTime func(lang string, t time.Time) string
	Now        func() time.Time
	// Memory may be nil: nothing is recalled. It has RecallWithin to answer.
	Memory       Memory
	RecallWithin time.Duration
	// Window is how many tokens a model has that tells nothing of its own.
	Window int
	// MaxSteps bounds how often the model is asked in a turn, MaxCalls how many
	// tool calls it may make, MaxTime how long all of it may take.
	MaxSteps, MaxCalls int
	MaxTime            time.Duration
	// FirstToken is told how long the model took to say something, Dropped how
	// many messages of a conversation did not fit; nil is allowed.
	FirstToken func(time.Duration)
	Dropped    func(messages int)
	// Log is told of what only the operator can act on; nil is allowed.
	Log func(ctx context.Context, msg string, t *turn.Turn, detail string)

	gauge gauge
}

// Status says whether a model answers now; see [Model].
func (a *Agent) Status() (ready bool, key string, args []any) { return a.Model.Status() }

// errTooLong ends a turn that took longer than it may.
var errTooLong = &llm.Error{Class: llm.Timeout, Message: "the turn took longer than it may"}

// Answer implements [turn.Answerer].
func (a *Agent) Answer(ctx context.Context, t *turn.Turn) iter.Seq2[turn.Event, error] {
	return func(yield func(turn.Event, error) bool) {
		inner, cancel := ctx, context.CancelFunc(func() {})
		if a.MaxTime > 0 {
			inner, cancel = context.WithTimeoutCause(ctx, a.MaxTime, errTooLong)
		}
		defer cancel()
		r := &run{a: a, t: t, yield: yield, seen: map[string]bool{}, done: turn.Done{
			State: turn.Answered, Source: turn.SourceModel, Lang: t.Lang,
		}}
		err := r.loop(inner)
		if err != nil && ctx.Err() == nil && inner.Err() != nil {
			err = context.Cause(inner)
		}
		switch {
		case r.gone:
		case err != nil && ctx.Err() != nil:
			yield(nil, context.Cause(ctx))
		case err != nil:
			r.fail(ctx, err)
		}
		if !r.gone && ctx.Err() == nil {
			r.done.Text = r.text.String()
			yield(r.done, nil)
		}
	}
}

// fail turns the model's failure into an honest end: what was said stands, an
// answer cut short is called interrupted, and nothing said is a failure with
// its reason.
func (r *run) fail(ctx context.Context, err error) {
	r.log(ctx, "model did not answer", err.Error())
	r.done.Degraded = true
	r.done.State, r.done.Code = turn.Failed, string(sdk.CodeInternal)
	key := "model.failed"
	var args []any
	if e, ok := errors.AsType[*llm.Error](err); ok {
		r.done.Code, key = failure(e.Class)
	}
	if ready, why, with := r.a.Model.Status(); !ready {
		key, args = why, with
	}
	if r.text.Len() > 0 {
		r.done.State = turn.Interrupted
		return
	}
	r.done.Source = turn.SourceHost
	r.emit(turn.Delta{Text: r.a.Words(r.t.Lang, key, args...)})
}

// failure is the code of a failure's class, and the key of its words.
func failure(c llm.Class) (code, key string) {
	switch c {
	case llm.Resting:
		return string(sdk.CodeBusy), "model.resting"
	case llm.Overloaded:
		return string(sdk.CodeBusy), "model.busy"
	case llm.OverBudget:
		return string(sdk.CodeRateLimited), "model.budget"
	case llm.Timeout:
		return string(sdk.CodeTimeout), "model.timeout"
	case llm.TooLarge:
		return string(sdk.CodeTooLarge), "model.too_large"
	default:
		return string(sdk.CodeUnavailable), "model.failed"
	}
}
