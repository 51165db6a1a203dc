package tool

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/jarvis-host/jarvis/host/effect"
	"github.com/jarvis-host/jarvis/host/turn"
	"github.com/jarvis-host/jarvis/sdk"
)

// Invoker carries a checked call to whoever serves the tool. The supervisor
// and the built-ins implement it. An error that has a method Unsent() bool and
// answers true says that the call never got there: after any other, what it was
// to change may have happened.
type Invoker interface {
	Invoke(ctx context.Context, plugin string, in *sdk.Invocation) iter.Seq2[sdk.Event, error]
}

// Words says a text of the host in an end user's language.
type Words func(lang, key string, args ...any) string

// Runner runs tool calls. Safe for concurrent use.
type Runner struct {
	Catalogue *Catalogue
	Invoker   Invoker
	// Grants returns what the operator allows now.
	Grants func() Grants
	Words  Words
	// QuestionTTL is how long a question waits for its answer.
	QuestionTTL time.Duration
	// Observe is told of each call that reached a plugin; nil is allowed.
	Observe func(plugin, tool string, state turn.ToolState, took time.Duration)
	Now     func() time.Time
	// Reviser looks after what calls did; nil: nobody does.
	Reviser Reviser
	// Receipts keeps what calls did; nil: nobody does, and nothing can be taken
	// back.
	Receipts *effect.Book
	// Failed is told when a receipt's end can't be written; nil is allowed.
	Failed func(error)
}

// Request is one call that someone wants to make.
type Request struct {
	Plugin, Tool string
	Args         json.RawMessage
	Origin       sdk.Origin
	Utterance    string
	Lang         string // of the answer; empty is the turn's
	// Untrusted says that text of others (a tool's result, something recalled)
	// was there before the wish: an effect then needs the end user's consent.
	Untrusted bool
}

// Result is how a call ended; State is turn.ToolUnverified with a Code where
// nobody knows whether what was asked for happened. Text is all that it said to the end user.
type Result struct {
	State   turn.ToolState
	Code    sdk.Code // why it failed or was refused; empty when it did not
	Text    string
	Data    json.RawMessage
	Listen  *sdk.Listen
	NotMine *sdk.NotMine
	// Receipt is the id of the call's receipt; empty for one that changes nothing.
	Receipt string
	// Doubt says that the effect was not seen to hold; empty when it was, or nobody
	// looked. Where no model asked, it is a part of Text.
	Doubt string
	// Detail is for the operator's log, and for a model that chose the call.
	Detail string
}

// OK reports whether the call did what was asked.
func (r Result) OK() bool {
	return r.NotMine == nil && r.Code == "" && r.State != turn.ToolFailed && r.State != turn.ToolRefused
}

// Yield takes the events of a running call: [turn.Delta], [turn.ToolStep] and
// *[turn.Question]. False means that no one listens any more.
type Yield func(turn.Event) bool

// errGone ends a call whose turn was stopped.
var errGone = errors.New("turn ended during the call")

// Run makes a call. Its steps go to yield, the texts that a plugin streams as
// deltas unless a model asked. The error is the context's, or says that yield
// returned false; everything else that can go wrong is a Result.
func (r *Runner) Run(ctx context.Context, t *turn.Turn, q Request, yield Yield) (Result, error) {
	c := r.newCall(t, q, yield)
	if res, err := c.admit(); res != nil || err != nil {
		return deref(res), err
	}
	confirmed, res, err := c.confirm(ctx)
	if err != nil || res != nil {
		return deref(res), err
	}
	return c.run(ctx, confirmed, nil)
}

func (r *Runner) newCall(t *turn.Turn, q Request, yield Yield) *call {
	return &call{r: r, t: t, q: q, yield: yield, id: "call_" + strings.ToLower(rand.Text()[:16]), lang: cmp.Or(q.Lang, t.Lang)}
}

// admit finds the tool and checks permission and arguments. A call that may not
// be made has a result already.
func (c *call) admit() (*Result, error) {
	refused := func(code sdk.Code, key, detail string) (*Result, error) {
		res, err := c.refuse(code, key, detail)
		return &res, err
	}
	o, ok := c.r.Catalogue.Find(c.q.Plugin, c.q.Tool)
	if !ok {
		c.offer = &Offer{Plugin: c.q.Plugin, Spec: sdk.ToolSpec{Name: c.q.Tool}}
		return refused(sdk.CodeNotFound, "tool.unknown", "there is no such tool")
	}
	c.offer = o
	if ok, reason := c.r.Grants().allows(c.t, o); !ok {
		return refused(sdk.CodeForbidden, reason, "not allowed: "+reason)
	}
	var err error
	if c.args, err = o.check(c.q.Args, c.q.Origin); err != nil {
		return refused(sdk.CodeInvalid, "tool.bad_arguments", err.Error())
	}
	return nil, nil
}

// Allowed reports whether a turn's end user may call a tool at all.
func (r *Runner) Allowed(t *turn.Turn, o *Offer) bool {
	ok, _ := r.Grants().allows(t, o)
	return ok
}

func deref(r *Result) Result {
	if r == nil {
		return Result{}
	}
	return *r
}

// call is one call on its way.
type call struct {
	r     *Runner
	t     *turn.Turn
	q     Request
	offer *Offer
	args  json.RawMessage
	id    string
	lang  string
	yield Yield

	shown   bool            // the running step was told
	receipt *effect.Receipt // of a call that may change something
	undone  []turn.ToolStep // of the calls that this one took back
	text    strings.Builder
}

func (c *call) step(state turn.ToolState, summary string) bool {
	return c.yield(turn.ToolStep{
		Call: c.id, Plugin: c.offer.Plugin, Tool: c.offer.Spec.Name, State: state, Summary: summary,
	})
}

// refuse ends a call that never reached its plugin.
func (c *call) refuse(code sdk.Code, key, detail string) (Result, error) {
	text := c.r.Words(c.lang, key, c.offer.Plugin, c.offer.Spec.Name)
	if !c.step(turn.ToolRefused, text) {
		return Result{}, errGone
	}
	return Result{State: turn.ToolRefused, Code: code, Text: text, Detail: detail}, nil
}

// confirm asks the end user where the tool wants it. The answer is bound to
// these very arguments, because the call goes on with them or not at all.
func (c *call) confirm(ctx context.Context) (confirmed bool, res *Result, err error) {
	if !c.asks() {
		return false, nil, nil
	}
	q := &turn.Question{Kind: turn.AskConfirm, Text: c.confirmText(), Call: c.id}
	if err := c.ask(ctx, q, waiting{}); err != nil {
		return false, nil, err
	}
	if q.Reply.Expired || q.Reply.Value != "true" {
		r, err := c.refuse(sdk.CodeForbidden, "tool.declined", "the end user did not agree")
		return false, &r, err
	}
	return true, nil, nil
}

// asks reports whether the end user has to agree: where the tool wants it, and
// for every effect that someone else's text may have put into the model's head.
func (c *call) asks() bool {
	if c.q.Untrusted && !c.offer.ReadOnly() {
		return true
	}
	switch c.offer.Spec.Confirm.When {
	case sdk.ConfirmNever:
		return false
	case sdk.ConfirmWhenModel:
		return c.q.Origin == sdk.OriginModel
	case sdk.ConfirmAlways:
	}
	return true
}

// confirmText is the tool's question with the arguments' values filled in: a
// person agrees to what will happen, not to a name.
func (c *call) confirmText() string {
	text := c.offer.Spec.Confirm.Text[c.lang]
	if text == "" {
		text = c.r.Words(c.lang, "tool.confirm", c.offer.Plugin, c.offer.Spec.Name, string(c.args))
	}
	var args map[string]any
	if json.Unmarshal(c.args, &args) != nil {
		return text
	}
	pairs := make([]string, 0, 2*len(args)+2)
	for name, v := range args {
		pairs = append(pairs, "{"+name+"}", fmt.Sprint(v))
	}
	pairs = append(pairs, "{arguments}", string(c.args)) // after one of that name
	return strings.NewReplacer(pairs...).Replace(text)
}

// ask puts a question; w is what the call has come to.
func (c *call) ask(ctx context.Context, q *turn.Question, w waiting) error {
	var err error
	if q.Resume, err = c.freeze(w); err != nil {
		return err
	}
	q.ID = "q_" + rand.Text()[:16]
	q.ExpiresIn = c.r.QuestionTTL
	if !c.yield(q) {
		return errGone
	}
	return ctx.Err()
}
