package tool

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/jarvis-host/jarvis/host/effect"
	"github.com/jarvis-host/jarvis/host/turn"
	"github.com/jarvis-host/jarvis/sdk"
)

// Reviser asks plugins after what their calls did. The supervisor implements it.
type Reviser interface {
	Verify(ctx context.Context, plugin string, d *sdk.Deed) (sdk.Sight, error)
	Undo(ctx context.Context, plugin string, d *sdk.Deed) (text string, err error)
}

// verifyTimeout is how long a plugin may look whether an effect holds.
const verifyTimeout = 5 * time.Second

// intend writes the receipt of a call that may change something, before it can.
func (c *call) intend(ctx context.Context) error {
	spec := c.offer.Spec
	if spec.Effect == sdk.EffectReadOnly || c.r.Receipts == nil || c.offer.Plugin == BuiltinPlugin {
		return nil
	}
	r := effect.Receipt{
		ID: c.id, User: c.t.User, Session: c.t.Session, Turn: c.t.ID, RequestID: c.t.RequestID, Plugin: c.offer.Plugin, Tool: spec.Name,
		Origin: c.q.Origin, Locale: c.lang, Zone: c.t.Zone.String(), Args: c.args, Undoable: spec.Undoable && c.r.Reviser != nil,
		Temporary: c.t.Temporary,
	}
	c.receipt = nil // a call that is made anew, and whose receipt can't be begun anew, keeps that of before
	if err := c.r.Receipts.Intend(ctx, r); err != nil {
		return err //nolint:wrapcheck // it says what failed
	}
	c.receipt = &r
	return nil
}

// conclude writes how the call ended, if it has a receipt. One that can't be
// written stays as it was: begun, and nobody knows how it ended.
func (c *call) conclude(ctx context.Context, state turn.ToolState, summary string, data json.RawMessage) {
	if c.receipt == nil {
		return
	}
	err := c.r.Receipts.Conclude(context.WithoutCancel(ctx), *c.receipt, state, summary, data)
	if err != nil && c.r.Failed != nil {
		c.r.Failed(err)
	}
}

// done looks after a call that had its effect: whether it holds, and that it can
// be taken back.
func (c *call) done(ctx context.Context, data json.RawMessage) (state turn.ToolState, summary string) {
	spec := c.offer.Spec
	if spec.Effect == sdk.EffectReadOnly {
		return turn.ToolRead, ""
	}
	d := sdk.Deed{Tool: spec.Name, Args: c.args, Data: data, Info: c.info(false)}
	if c.r.Reviser == nil || !spec.Verifiable {
		return turn.ToolExecuted, ""
	}
	ctx, cancel := context.WithTimeout(ctx, verifyTimeout)
	defer cancel()
	seen, err := c.r.Reviser.Verify(ctx, c.offer.Plugin, &d)
	if err == nil && seen.Finding == sdk.FindingVerified {
		return turn.ToolVerified, seen.Seen
	}
	return turn.ToolUnverified, seen.Seen
}

// Agree asks the end user whether an effect may be taken back, in the words of a
// question. An error ends the call; it may be made anew with the answer.
type Agree func(question string) (bool, error)

// Undo takes back what the session of a call did last and can be taken back,
// and returns what to tell the person, whom it asks where the tool asks. The
// error is [effect.ErrNothing], or what the plugin says. What the plugin refuses
// for good is not tried again. The call in whose context it is done tells that
// the other is undone, with its result.
func (r *Runner) Undo(ctx context.Context, who sdk.CallInfo, agree Agree) (plugin, tool, text string, err error) {
	if r.Receipts == nil {
		return "", "", "", effect.ErrNothing
	}
	last, err := r.Receipts.Last(ctx, who.User, who.Session)
	if err != nil {
		return "", "", "", err
	}
	a := effect.Attempt{User: who.User}
	c, _ := ctx.Value(callKey{}).(*call)
	if c != nil {
		a.Key = c.t.ID
		if err := r.mayUndo(c.t, who.Locale, last); err != nil {
			return last.Plugin, last.Tool, "", err
		}
		if err := r.agreed(ctx, c, last, who.Locale, agree); err != nil {
			return last.Plugin, last.Tool, "", err
		}
	}
	text, err = r.takeBack(ctx, last, a, who)
	if c != nil && err == nil {
		c.undone = append(c.undone, turn.ToolStep{Call: last.ID, Plugin: last.Plugin, Tool: last.Tool, State: turn.ToolUndone})
	}
	return last.Plugin, last.Tool, text, err
}

// agreed asks before the effect of a tool that asks is taken back: to take back
// that a door was locked is to unlock it.
func (r *Runner) agreed(ctx context.Context, c *call, done effect.Receipt, lang string, agree Agree) error {
	if !r.asksToUndo(done, c.q.Origin) {
		return nil
	}
	yes, err := agree(r.Words(lang, "receipt.confirm", done.Plugin, done.Tool, string(done.Args)))
	if err != nil {
		return err
	}
	if !yes {
		return &sdk.Error{Code: sdk.CodeForbidden, Message: r.Words(lang, "tool.declined", done.Plugin, done.Tool)}
	}
	// The person agreed to what was the last then.
	return r.Receipts.Untouched(ctx, done.User, done.Session, c.t.At, c.t.ID)
}

// asksToUndo says whether a tool asks before its effect is taken back: where it
// asks before the effect. One that is gone is for its plugin to refuse.
func (r *Runner) asksToUndo(done effect.Receipt, origin sdk.Origin) bool {
	o, ok := r.Catalogue.Find(done.Plugin, done.Tool)
	if !ok {
		return false
	}
	when := o.Spec.Confirm.When
	return when == sdk.ConfirmAlways || when == sdk.ConfirmWhenModel && origin == sdk.OriginModel
}

// ErrNeedsPerson says that the end user has to agree, and nobody can ask them.
var ErrNeedsPerson = errors.New("its tool asks for a confirmation")

// UndoReceipt takes back the effect of a receipt for a person outside of a
// conversation; key tells their request from others. The errors are those of
// package effect, ErrNeedsPerson, or what the plugin says.
func (r *Runner) UndoReceipt(ctx context.Context, t *turn.Turn, done effect.Receipt, key string) (text string, err error) {
	if r.Receipts == nil {
		return "", effect.ErrNotFound
	}
	if err := r.Receipts.Problem(done); err != nil {
		return "", err
	}
	if err := r.mayUndo(t, t.Lang, done); err != nil {
		return "", err
	}
	if r.asksToUndo(done, sdk.OriginAPI) {
		return "", ErrNeedsPerson
	}
	return r.takeBack(ctx, done, effect.Attempt{User: t.User, Key: key},
		sdk.CallInfo{Locale: t.Lang, RequestID: t.RequestID, TraceParent: t.TraceParent})
}

// mayUndo says whether a person may use the tool whose effect it is: who may not
// lock may not unlock either. A tool that is gone is for its plugin to refuse.
func (r *Runner) mayUndo(t *turn.Turn, lang string, done effect.Receipt) error {
	o, ok := r.Catalogue.Find(done.Plugin, done.Tool)
	if !ok {
		return nil
	}
	if ok, reason := r.Grants().allows(t, o); !ok {
		return &sdk.Error{Code: sdk.CodeForbidden, Message: r.Words(lang, reason, done.Plugin, done.Tool)}
	}
	return nil
}

func (r *Runner) takeBack(ctx context.Context, done effect.Receipt, a effect.Attempt, who sdk.CallInfo) (text string, err error) {
	if r.Reviser == nil {
		return "", effect.ErrIrreversible
	}
	if err := r.Receipts.Claim(ctx, done, a); err != nil {
		return "", err
	}
	d := done.Deed()
	d.Info.Locale, d.Info.RequestID, d.Info.TraceParent = who.Locale, who.RequestID, who.TraceParent
	text, err = r.Reviser.Undo(ctx, done.Plugin, d)
	a.Redress, a.Text = redressOf(err), text
	if e, ok := errors.AsType[*sdk.Error](err); ok {
		a.Text = e.Message
	}
	if kept := r.Receipts.Settle(context.WithoutCancel(ctx), done, a); kept != nil && r.Failed != nil {
		r.Failed(kept) // nobody tries again: it stays with who tried
	}
	return text, err
}

// redressOf is what became of taking something back.
func redressOf(err error) effect.Redress {
	if err == nil {
		return effect.Undone
	}
	if unsent(err) { // whoever waited for it may have left meanwhile
		return effect.NotTried
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return effect.Unknown
	}
	switch sdk.ErrorCode(err) {
	case sdk.CodeUnavailable, sdk.CodeBusy:
		if e, ok := errors.AsType[*sdk.Error](err); ok && e.Message != "" {
			return effect.NotTried // its plugin says so; what it needs was not there
		}
		return effect.Unknown // its process is gone
	case sdk.CodeConflict:
		return effect.Refused
	case sdk.CodeTimeout:
		return effect.Unknown
	default:
		return effect.Impossible
	}
}
