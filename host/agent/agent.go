package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/tool"
	"github.com/jarvis-host/jarvis/host/turn"
	"github.com/jarvis-host/jarvis/sdk"
)

// Model generates text; the router of package llm does. Tests use llmtest.
type Model interface {
	Stream(ctx context.Context, r llm.Request) iter.Seq2[llm.Event, error]
	// Status says whether a model answers now, and if not why: the key of a
	// text for the end user, with its arguments.
	Status() (ready bool, key string, args []any)
}

// Tools runs tool calls; the runner of package tool does.
type Tools interface {
	Run(ctx context.Context, t *turn.Turn, q tool.Request, yield tool.Yield) (tool.Result, error)
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
	// Budget is how much of the model's window the prompt may take, in tokens.
	Budget int
	// MaxSteps bounds how often the model is asked in a turn, MaxCalls how many
	// tool calls it may make.
	MaxSteps, MaxCalls int
	// FirstToken is told how long the model took to say something; nil is allowed.
	FirstToken func(time.Duration)
	// Log is told of what only the operator can act on; nil is allowed.
	Log func(ctx context.Context, msg string, t *turn.Turn, detail string)
}

// Status says whether a model answers now; see [Model].
func (a *Agent) Status() (ready bool, key string, args []any) { return a.Model.Status() }

// Answer implements [turn.Answerer].
func (a *Agent) Answer(ctx context.Context, t *turn.Turn) iter.Seq2[turn.Event, error] {
	return func(yield func(turn.Event, error) bool) {
		r := &run{a: a, t: t, yield: yield, seen: map[string]bool{}, done: turn.Done{
			State: turn.Answered, Source: turn.SourceModel, Lang: t.Lang,
		}}
		err := r.loop(ctx)
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

// run is one turn's work.
type run struct {
	a     *Agent
	t     *turn.Turn
	yield func(turn.Event, error) bool
	gone  bool

	messages []llm.Message
	offered  map[string]*tool.Offer
	calls    int
	seen     map[string]bool // calls made, by name and arguments
	text     strings.Builder
	done     turn.Done
}

func (r *run) loop(ctx context.Context) error {
	messages, err := r.a.conversation(r.t)
	if err != nil {
		return err
	}
	r.messages = messages
	picked := r.a.Relevance.Pick(r.t.Text, r.a.Offers())
	for step := range r.a.MaxSteps {
		if step == r.a.MaxSteps-1 {
			picked = nil // the last word is text
		}
		calls, err := r.step(ctx, picked)
		if err != nil || r.gone {
			return err
		}
		added := r.t.Steer()
		if len(calls) == 0 && len(added) == 0 {
			return nil
		}
		for _, c := range calls {
			if err := r.call(ctx, c); err != nil || r.gone {
				return err
			}
		}
		for _, text := range added {
			r.messages = append(r.messages, llm.Message{Role: llm.User, Content: neutral(text)})
		}
		if r.text.Len() > 0 {
			r.emit(turn.Delta{Text: "\n\n"})
		}
	}
	return nil
}

// step asks the model once and returns the calls that it wants made.
func (r *run) step(ctx context.Context, picked []*tool.Offer) ([]llm.ToolCall, error) {
	r.offered = map[string]*tool.Offer{}
	for _, o := range picked {
		r.offered[o.Name()] = o
	}
	said := llm.Message{Role: llm.Assistant}
	var text strings.Builder
	began, first := r.a.Now(), true
	for ev, err := range r.a.Model.Stream(ctx, llm.Request{
		Messages: r.messages, Tools: definitions(picked), RequestID: r.t.RequestID,
	}) {
		if err != nil {
			return nil, err
		}
		switch e := ev.(type) {
		case llm.Delta:
			if first && r.a.FirstToken != nil {
				r.a.FirstToken(r.a.Now().Sub(began))
			}
			first = false
			text.WriteString(e.Text)
			if !r.emit(turn.Delta{Text: e.Text}) {
				return nil, nil
			}
		case llm.ToolCall:
			said.ToolCalls = append(said.ToolCalls, e)
		case llm.Finish:
			r.count(e.Usage)
		}
	}
	said.Content = text.String()
	r.messages = append(r.messages, said)
	return said.ToolCalls, nil
}

func (r *run) count(u llm.Usage) {
	if r.done.Usage == nil {
		r.done.Usage = &turn.Usage{}
	}
	r.done.Usage.PromptTokens += u.PromptTokens
	r.done.Usage.CompletionTokens += u.CompletionTokens
	r.done.Usage.Model = u.Model
}

// call makes one tool call and hands its result to the model, as data.
func (r *run) call(ctx context.Context, c llm.ToolCall) error {
	result, err := r.make(ctx, c)
	if err != nil {
		return err
	}
	r.messages = append(r.messages, llm.Message{
		Role: llm.Tool, ToolName: c.Name, ToolCallID: c.ID,
		Content: "<data>" + neutral(result) + "</data>",
	})
	return nil
}

// make runs the call, unless it is one too many, and returns what the model is
// told of it.
func (r *run) make(ctx context.Context, c llm.ToolCall) (string, error) {
	key := c.Name + " " + compact(c.Arguments)
	r.calls++
	switch {
	case r.offered[c.Name] == nil:
		return "error: there is no such tool here; answer without it", nil
	case r.seen[key]:
		return "error: this call was made already; its result stands above", nil
	case r.calls > r.a.MaxCalls:
		return fmt.Sprintf("error: at most %d calls are allowed in one answer", r.a.MaxCalls), nil
	}
	r.seen[key] = true
	o := r.offered[c.Name]
	res, err := r.a.Tools.Run(ctx, r.t, tool.Request{
		Plugin: o.Plugin, Tool: o.Spec.Name, Args: c.Arguments, Origin: sdk.OriginModel, Utterance: r.t.Text,
	}, r.emit)
	switch {
	case err != nil:
		return "", err
	case !res.OK():
		return "error: " + res.Text + " " + res.Detail, nil
	case res.Text == "" && len(res.Data) > 0:
		return string(res.Data), nil
	default:
		return res.Text, nil
	}
}

func compact(raw json.RawMessage) string {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return string(raw)
	}
	return b.String()
}

func (r *run) emit(ev turn.Event) bool {
	if r.gone {
		return false
	}
	if d, ok := ev.(turn.Delta); ok {
		r.text.WriteString(d.Text)
	}
	r.gone = !r.yield(ev, nil)
	return !r.gone
}

// fail turns the model's failure into an honest end: what was said stands, an
// answer cut short is called interrupted, and nothing said is a failure with
// its reason.
func (r *run) fail(ctx context.Context, err error) {
	if r.a.Log != nil {
		r.a.Log(ctx, "model did not answer", r.t, err.Error())
	}
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
	case llm.Overloaded:
		return string(sdk.CodeBusy), "model.busy"
	case llm.Timeout:
		return string(sdk.CodeTimeout), "model.timeout"
	case llm.TooLarge:
		return string(sdk.CodeTooLarge), "model.too_large"
	default:
		return string(sdk.CodeUnavailable), "model.failed"
	}
}
