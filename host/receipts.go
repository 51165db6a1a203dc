package host

import (
	"context"
	"errors"
	"time"

	"github.com/jarvis-host/jarvis/host/auth"
	"github.com/jarvis-host/jarvis/host/effect"
	"github.com/jarvis-host/jarvis/host/gateway"
	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/session"
	"github.com/jarvis-host/jarvis/host/telemetry"
	"github.com/jarvis-host/jarvis/host/texts"
	"github.com/jarvis-host/jarvis/host/tool"
	"github.com/jarvis-host/jarvis/host/turn"
	"github.com/jarvis-host/jarvis/sdk"
)

// undo takes back what a session did last.
func (h *Host) undo(ctx context.Context, who sdk.CallInfo, agree func(question string) (bool, error)) (plugin, name, text string, err error) {
	asking := false
	plugin, name, text, err = h.runner.Undo(ctx, who, func(question string) (bool, error) {
		yes, err := agree(question)
		asking = err != nil
		return yes, err
	})
	if asking {
		return plugin, name, text, err
	}
	if errors.Is(err, effect.ErrNothing) {
		return "", "", "", nil
	}
	h.tookBack(plugin, name, who.User, who.RequestID, err)
	return plugin, name, text, err
}

// tookBack writes down what came of a try to take an effect back.
func (h *Host) tookBack(plugin, name, user, request string, err error) {
	args := []any{telemetry.KeyPlugin, plugin, telemetry.KeyTool, name, telemetry.KeyUser, user, telemetry.KeyRequestID, request}
	if err != nil {
		h.log.Info("effect not taken back", append(args, telemetry.KeyError, err)...)
		return
	}
	h.log.Info("effect taken back", args...)
}

// receiptsDoor implements gateway.Receipts.
type receiptsDoor struct{ h *Host }

// Receipts implements gateway.Receipts.
func (d receiptsDoor) Receipts(ctx context.Context, _ session.Identity, q gateway.ReceiptQuery) ([]gateway.Receipt, string, error) {
	if q.User != "" {
		u, err := d.h.accounts.FindUser(ctx, q.User)
		if errors.Is(err, auth.ErrNotFound) {
			return nil, "", &protocol.Problem{Code: protocol.NotFound, Field: "user", Text: "error.not_found", Err: err}
		}
		if err != nil {
			return nil, "", err
		}
		q.User = u.ID
	}
	all, next, err := d.h.runner.Receipts.List(ctx, effect.Query{User: q.User, Session: q.Session, Plugin: q.Plugin, After: q.After, Limit: q.Limit})
	if errors.Is(err, effect.ErrCursor) {
		return nil, "", protocol.BadValue("after", q.After, "next")
	}
	if err != nil {
		return nil, "", &protocol.Problem{Code: protocol.Unavailable, Err: err}
	}
	items := make([]gateway.Receipt, 0, len(all))
	for _, r := range all {
		items = append(items, d.shown(r))
	}
	return items, next, nil
}

func (d receiptsDoor) shown(r effect.Receipt) gateway.Receipt {
	return gateway.Receipt{
		ID: r.ID, User: r.User, Session: r.Session, Turn: r.Turn, RequestID: r.RequestID, Plugin: r.Plugin, Tool: r.Tool, Origin: string(r.Origin),
		Arguments: r.Args, State: string(r.State), Summary: r.Summary, At: r.At, Ended: set(r.Ended),
		Undoable: d.h.runner.Receipts.Problem(r) == nil, Undo: string(r.Redress), UndoAt: set(r.Redressed),
		UndoBy: r.Redresser, UndoText: r.RedressText,
	}
}

// set is nil for a time that is not set.
func set(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// UndoReceipt implements gateway.Receipts.
func (d receiptsDoor) UndoReceipt(ctx context.Context, who session.Identity, id, key string) (gateway.Undone, error) {
	owner := who.User
	if who.Role == turn.RoleOperator {
		owner = "" // an operator's receipts are everybody's
	}
	done, err := d.h.runner.Receipts.Get(ctx, owner, id)
	if errors.Is(err, effect.ErrNotFound) {
		return gateway.Undone{}, &protocol.Problem{Code: protocol.NotFound, Text: "receipt.not_found", Args: []any{id}, Err: err}
	}
	if err != nil {
		return gateway.Undone{}, &protocol.Problem{Code: protocol.Unavailable, Err: err}
	}
	t := (&direct{d.h}).turn(who)
	if key != "" && done.RedressKey == key && done.Redresser == who.User {
		return again(done, t.Lang)
	}
	text, err := d.h.runner.UndoReceipt(ctx, t, done, key)
	d.h.tookBack(done.Plugin, done.Tool, who.User, who.RequestID, err)
	if err != nil {
		return gateway.Undone{}, notUndone(done, err)
	}
	if done.Session != "" {
		err := d.h.sessions.Undone(context.WithoutCancel(ctx), done.User, done.Session, done.Turn, turn.ToolStep{
			Call: done.ID, Plugin: done.Plugin, Tool: done.Tool, State: turn.ToolUndone,
		})
		if err != nil {
			d.h.log.Warn("an effect was taken back and its conversation can't tell", telemetry.KeySession, done.Session, telemetry.KeyError, err)
		}
	}
	return undone(done, t.Lang, text), nil
}

func undone(done effect.Receipt, lang, text string) gateway.Undone {
	if text == "" {
		text = texts.Get(lang, "builtin.undo_done", done.Plugin, done.Tool)
	}
	return gateway.Undone{ID: done.ID, State: string(effect.Undone), Text: text}
}

// again answers a request that was made before as it was answered then, as far
// as that is known.
func again(done effect.Receipt, lang string) (gateway.Undone, error) {
	switch {
	case done.Redress == effect.Undone:
		return undone(done, lang, done.RedressText), nil
	case done.Redress == effect.Refused && done.RedressText != "":
		return gateway.Undone{}, &protocol.Problem{Code: protocol.Conflict, Text: "error.as_is", Args: []any{done.RedressText}}
	default:
		return gateway.Undone{}, notUndone(done, effect.ErrTaken)
	}
}

// whyNot are the texts of what can't be taken back.
var whyNot = map[error]string{
	effect.ErrIrreversible: "receipt.irreversible", effect.ErrDidNotHappen: "receipt.did_not_happen",
	effect.ErrTaken: "receipt.taken", effect.ErrTooLate: "receipt.too_late", effect.ErrHidden: "receipt.hidden",
	tool.ErrNeedsPerson: "tool.needs_person",
}

// notUndone says why an effect was not taken back.
func notUndone(done effect.Receipt, err error) error {
	for known, text := range whyNot {
		if errors.Is(err, known) {
			return &protocol.Problem{Code: protocol.Conflict, Text: text, Args: []any{done.Plugin, done.Tool}, Err: err}
		}
	}
	code := protocol.Code(sdk.ErrorCode(err))
	if code == protocol.Unsupported { // the table's is of the request
		return &protocol.Problem{Code: protocol.Conflict, Text: "receipt.irreversible", Args: []any{done.Plugin, done.Tool}, Err: err}
	}
	if e, ok := errors.AsType[*sdk.Error](err); ok && e.Message != "" {
		return &protocol.Problem{Code: code, Text: "error.as_is", Args: []any{e.Message}, Err: err}
	}
	return &protocol.Problem{Code: code, Text: "builtin.undo_failed", Args: []any{done.Plugin, done.Tool}, Err: err}
}
