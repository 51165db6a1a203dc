package tool

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/jarvis-host/jarvis/host/effect"
	"github.com/jarvis-host/jarvis/host/turn"
	"github.com/jarvis-host/jarvis/sdk"
)

// Bounds of what a plugin may answer.
const (
	maxText = 256 << 10 // bytes of text in one call
	maxData = 1 << 20   // bytes of structured result
)

// run invokes the plugin, again after each of its questions.
func (c *call) run(ctx context.Context, confirmed bool, answers []sdk.Answer) (Result, error) {
	began := c.r.Now()
	// A plugin that holds the floor may find that an utterance is not its own:
	// its call is shown once it says something. Effects are shown before they
	// can happen, always.
	lazy := c.q.Origin == sdk.OriginFloor && c.offer.Spec.Effect == sdk.EffectReadOnly
	if !lazy && !c.show() {
		return Result{}, errGone
	}
	in := &sdk.Invocation{Tool: c.offer.Spec.Name, Args: c.args, Info: c.info(confirmed), Answers: answers}
	for {
		state, err := c.t.Vars.Get(ctx, c.stateVar())
		if err != nil {
			return c.failed(fmt.Errorf("read session state: %w", err))
		}
		in.State = state
		if err := c.intend(ctx); err != nil {
			return c.fell(Result{State: turn.ToolFailed, Code: sdk.CodeUnavailable, Text: c.r.Words(c.lang, "error.unavailable"), Detail: err.Error()})
		}
		end, err := c.invoke(ctx, in)
		if err != nil {
			if ctx.Err() != nil {
				if unsent(err) {
					c.conclude(ctx, turn.ToolFailed, "", nil)
				}
				return Result{}, context.Cause(ctx)
			}
			if errors.Is(err, errGone) {
				return Result{}, err
			}
			return c.lost(err)
		}
		if need, ok := end.(sdk.NeedInput); ok {
			if len(in.Answers) == sdk.MaxQuestions {
				return c.failed(fmt.Errorf("plugin asked more than %d questions", sdk.MaxQuestions))
			}
			c.conclude(ctx, turn.ToolRefused, "", nil) // so far; it is called anew with the answer
			reply, err := c.question(ctx, need, waiting{Need: need.Kind, Confirmed: confirmed, Answers: in.Answers})
			if err != nil {
				return Result{}, err
			}
			if c.abandoned(reply) {
				return c.refuse(sdk.CodeForbidden, "tool.unanswered", "nobody answered the plugin's question")
			}
			in.Answers = append(in.Answers, answerOf(need.Kind, reply))
			continue
		}
		res, err := c.end(ctx, end)
		if c.r.Observe != nil && err == nil && res.NotMine == nil {
			c.r.Observe(c.offer.Plugin, c.offer.Spec.Name, res.State, c.r.Now().Sub(began))
		}
		return res, err
	}
}

func (c *call) show() bool {
	if c.shown {
		return true
	}
	c.shown = true
	return c.step(turn.ToolRunning, "")
}

func (c *call) stateVar() string { return "plugin/" + c.offer.Plugin }

func (c *call) info(confirmed bool) sdk.CallInfo {
	return sdk.CallInfo{
		Call: c.id, Session: c.t.Session, User: c.t.User, Locale: c.lang, TimeZone: c.t.Zone.String(),
		Origin: c.q.Origin, Confirmed: confirmed, RequestID: c.t.RequestID, TraceParent: c.t.TraceParent, Utterance: c.q.Utterance,
	}
}

// callKey finds the call in its context.
type callKey struct{}

// TurnOf is the id of the turn in which a call is made, or "".
func TurnOf(ctx context.Context) string {
	if c, ok := ctx.Value(callKey{}).(*call); ok {
		return c.t.ID
	}
	return ""
}

// invoke runs the call once and returns its end.
func (c *call) invoke(ctx context.Context, in *sdk.Invocation) (sdk.Event, error) {
	for ev, err := range c.r.Invoker.Invoke(context.WithValue(ctx, callKey{}, c), c.offer.Plugin, in) {
		if err != nil {
			return nil, err
		}
		switch e := ev.(type) {
		case sdk.Text:
			if err := c.say(e.Text); err != nil {
				return nil, err
			}
		case sdk.Progress:
			if !c.show() || !c.step(turn.ToolRunning, e.Message) {
				return nil, errGone
			}
		default:
			return ev, nil
		}
	}
	return nil, errors.New("plugin ended the call without an end")
}

// say passes on a piece of the answer.
func (c *call) say(text string) error {
	if c.text.Len()+len(text) > maxText {
		return fmt.Errorf("plugin said more than %d bytes", maxText)
	}
	c.text.WriteString(text)
	if !c.show() || c.q.Origin != sdk.OriginModel && text != "" && !c.yield(c.delta(text)) {
		return errGone
	}
	return nil
}

// delta is a piece of the answer that is the tool's.
func (c *call) delta(text string) turn.Delta {
	return turn.Delta{Text: text, Foreign: Foreign(c.offer.Plugin, c.offer.Spec.Name)}
}

func (c *call) question(ctx context.Context, need sdk.NeedInput, w waiting) (turn.Reply, error) {
	if !c.show() {
		return turn.Reply{}, errGone
	}
	q := &turn.Question{Kind: turn.QuestionKind(need.Kind), Text: need.Text, Call: c.id}
	for _, o := range need.Options {
		q.Options = append(q.Options, turn.Option(o))
	}
	if err := c.ask(ctx, q, w); err != nil {
		return turn.Reply{}, err
	}
	return q.Reply, nil
}

// abandoned says whether a call ends because nobody answered its question. One
// that only reads goes on: its plugin may have something to say to that. One
// that may change something does not: called anew, it may not come to its
// question any more, and do what nobody agreed to.
func (c *call) abandoned(r turn.Reply) bool {
	return r.Expired && c.offer.Spec.Effect != sdk.EffectReadOnly
}

func answerOf(kind sdk.InputKind, r turn.Reply) sdk.Answer {
	return sdk.Answer{Value: r.Value, Declined: r.Expired || kind == sdk.InputConfirm && r.Value != "true"}
}

// end turns a call's end into its result.
func (c *call) end(ctx context.Context, ev sdk.Event) (Result, error) {
	switch e := ev.(type) {
	case sdk.NotMine:
		c.conclude(ctx, turn.ToolRead, "", nil) // it has done nothing
		return Result{NotMine: &e}, nil
	case sdk.Problem:
		return c.problem(e)
	case sdk.Result:
		return c.result(ctx, e)
	}
	return c.lost(fmt.Errorf("plugin ended the call with a %T", ev))
}

func (c *call) result(ctx context.Context, e sdk.Result) (Result, error) {
	if err := c.keep(ctx, e); err != nil {
		return c.lost(err)
	}
	if err := c.say(e.Text); err != nil {
		if errors.Is(err, errGone) {
			return c.unheard(ctx, e.Data)
		}
		return c.lost(err)
	}
	for _, undone := range c.undone {
		if !c.yield(undone) {
			return c.unheard(ctx, e.Data)
		}
	}
	state, summary := c.done(ctx, e.Data)
	c.conclude(ctx, state, summary, e.Data)
	doubt, heard := c.doubt(state, summary)
	if !heard || !c.step(state, summary) {
		return Result{}, errGone
	}
	res := Result{State: state, Text: c.text.String(), Data: e.Data, Listen: e.Listen, Doubt: doubt}
	if c.receipt != nil {
		res.Receipt = c.id
	}
	return res, nil
}

// doubt says, where an effect was not seen to hold, that what the plugin said of it is
// not confirmed: to the end user, or to the model that chose the call.
func (c *call) doubt(state turn.ToolState, seen string) (text string, heard bool) {
	if state != turn.ToolUnverified {
		return "", true
	}
	text = c.r.Words(c.lang, "tool.unseen")
	if seen = strings.TrimRight(seen, ". \n"); seen != "" {
		text = c.r.Words(c.lang, "tool.unconfirmed", seen)
	}
	if c.q.Origin == sdk.OriginModel {
		return text, true
	}
	said := text
	if c.text.Len() > 0 {
		said = " " + text
	}
	c.text.WriteString(said)
	return text, c.yield(c.delta(said))
}

// unheard ends a call that did what was asked and whose result no one listens to
// any more: its receipt tells of it, and it can be taken back.
func (c *call) unheard(ctx context.Context, data json.RawMessage) (Result, error) {
	c.conclude(ctx, turn.ToolExecuted, "", data)
	return Result{}, errGone
}

// keep checks what the plugin answered and stores its session state, before
// anyone is told: a letter that was answered is a letter that was kept.
func (c *call) keep(ctx context.Context, e sdk.Result) error {
	switch {
	case len(e.Data) > maxData:
		return fmt.Errorf("structured result weighs %d bytes, expected at most %d", len(e.Data), maxData)
	case len(e.State) > sdk.MaxState:
		return fmt.Errorf("session state weighs %d bytes, expected at most %d", len(e.State), sdk.MaxState)
	}
	if c.offer.output != nil && len(e.Data) > 0 {
		var data any
		if err := json.Unmarshal(e.Data, &data); err != nil {
			return fmt.Errorf("structured result is no JSON: %w", err)
		}
		if err := c.offer.output.Validate(data); err != nil {
			return fmt.Errorf("structured result does not fit its schema: %w", err)
		}
	}
	if e.State == nil {
		return nil
	}
	state := []byte(e.State)
	if string(state) == "null" {
		state = nil
	}
	if err := c.t.Vars.Set(ctx, c.stateVar(), state); err != nil {
		return fmt.Errorf("keep session state: %w", err)
	}
	return nil
}

// problem ends a call as its plugin says. One that ran out of time there may
// have reached the world all the same: its plugin doesn't know either.
func (c *call) problem(p sdk.Problem) (Result, error) {
	end := Result{State: turn.ToolFailed, Code: p.Code, Text: p.Message, Detail: p.Detail}
	if p.Code == sdk.CodeTimeout {
		end = c.maybe(end)
	}
	return c.fell(end)
}

// failed ends a call that did nothing: it never reached its plugin, or only
// asked.
func (c *call) failed(err error) (Result, error) { return c.fell(c.failure(err)) }

// lost ends a call whose plugin did not answer as it must.
func (c *call) lost(err error) (Result, error) {
	end := c.failure(err)
	if !unsent(err) {
		end = c.maybe(end)
	}
	return c.fell(end)
}

func (c *call) failure(err error) Result {
	code := sdk.ErrorCode(err)
	return Result{State: turn.ToolFailed, Code: code, Text: c.r.Words(c.lang, failureKey(code), c.offer.Plugin), Detail: err.Error()}
}

// maybe says that what the call was to change may have happened, where it can
// have changed anything.
func (c *call) maybe(end Result) Result {
	if !c.reaches() {
		return end
	}
	end.State = turn.ToolUnverified
	end.Text = strings.TrimSpace(end.Text + " " + c.r.Words(c.lang, "plugin.maybe", c.offer.Plugin))
	return end
}

// reaches says whether the call can change anything that outlasts its loss. What
// a tool keeps in its session only comes back with a result.
func (c *call) reaches() bool {
	spec := c.offer.Spec
	kept := spec.Stateful && !spec.OpenWorld && spec.Effect == sdk.EffectAdditive
	return spec.Effect != sdk.EffectReadOnly && !kept && c.offer.Plugin != BuiltinPlugin
}

// fell ends a call that did not succeed. The receipt of one that may have
// happened stays [effect.Intended]: nobody knows.
func (c *call) fell(end Result) (Result, error) {
	written := end.State
	if written == turn.ToolUnverified {
		written = effect.Intended
	}
	c.conclude(context.Background(), written, end.Text, nil)
	if !c.show() || !c.step(end.State, end.Text) {
		return Result{}, errGone
	}
	end.Text = c.after(end.Text)
	return end, nil
}

// unsent says of an error of an [Invoker] that the call never reached its
// plugin.
func unsent(err error) bool {
	e, ok := errors.AsType[interface {
		error
		Unsent() bool
	}](err)
	return ok && e.Unsent()
}

// after appends to what was said already.
func (c *call) after(text string) string {
	if c.text.Len() == 0 {
		return text
	}
	return c.text.String() + "\n\n" + text
}

func failureKey(code sdk.Code) string {
	switch code {
	case sdk.CodeTimeout:
		return "plugin.timeout"
	case sdk.CodeUnavailable:
		return "plugin.unavailable"
	case sdk.CodeBusy:
		return "plugin.busy"
	default:
		return "plugin.failed"
	}
}
