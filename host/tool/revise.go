package tool

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/jarvis-host/jarvis/host/turn"
	"github.com/jarvis-host/jarvis/sdk"
)

// Reviser asks plugins after what their calls did. The supervisor implements it.
type Reviser interface {
	Verify(ctx context.Context, plugin string, d *sdk.Deed) (sdk.Sight, error)
	Undo(ctx context.Context, plugin string, d *sdk.Deed) (text string, err error)
}

// Bounds of what can be taken back.
const (
	keptDeeds     = 20 // of an end user, the newest
	keptUsers     = 1000
	keptFor       = 24 * time.Hour
	verifyTimeout = 5 * time.Second
)

// deed is a call that can be taken back.
type deed struct {
	sdk.Deed
	plugin string
	at     time.Time
}

// deeds are the latest calls that can be taken back, by end user. They are kept
// in memory only, for what was said stands in them. The zero value is empty, and
// safe for concurrent use.
type deeds struct {
	mu  sync.Mutex
	all map[string][]deed
}

func (k *deeds) add(d deed) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.all == nil {
		k.all = map[string][]deed{}
	}
	user := d.Info.User
	for other, old := range k.all { // what is too old, and who is one too many
		if last := old[len(old)-1]; d.at.Sub(last.at) > keptFor || len(k.all) >= keptUsers && other != user {
			delete(k.all, other)
		}
	}
	mine := append(k.all[user], d)
	k.all[user] = slices.Clone(mine[max(0, len(mine)-keptDeeds):])
}

// take removes the newest deed of a session, so that no other takes it back as
// well.
func (k *deeds) take(user, session string, now time.Time) (deed, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	mine := k.all[user]
	for i := len(mine) - 1; i >= 0; i-- {
		if d := mine[i]; d.Info.Session == session && now.Sub(d.at) <= keptFor {
			rest := slices.Delete(slices.Clone(mine), i, i+1)
			k.all[user] = rest
			if len(rest) == 0 {
				delete(k.all, user)
			}
			return d, true
		}
	}
	return deed{}, false
}

// done looks after a call that had its effect: whether it holds, and that it can
// be taken back.
func (c *call) done(ctx context.Context, data json.RawMessage) (state turn.ToolState, summary string) {
	spec := c.offer.Spec
	if spec.Effect == sdk.EffectReadOnly {
		return turn.ToolRead, ""
	}
	d := sdk.Deed{Tool: spec.Name, Args: c.args, Data: data, Info: c.info(false)}
	if c.r.Reviser == nil {
		return turn.ToolExecuted, ""
	}
	if spec.Undoable {
		c.r.deeds.add(deed{Deed: d, plugin: c.offer.Plugin, at: c.r.Now()})
	}
	if !spec.Verifiable {
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

// ErrNothingToUndo says that no call of the session can be taken back.
var ErrNothingToUndo = errors.New("there is no call that can be taken back")

// Undo takes back what the session of a call did last and can be taken back,
// and returns what to tell the person. The error is [ErrNothingToUndo], or what
// the plugin says. What the plugin refuses for good is not tried again. The call
// in whose context it is done tells that the other is undone, with its result.
func (r *Runner) Undo(ctx context.Context, who sdk.CallInfo) (plugin, tool, text string, err error) {
	d, ok := r.deeds.take(who.User, who.Session, r.Now())
	if !ok || r.Reviser == nil {
		return "", "", "", ErrNothingToUndo
	}
	d.Info.Locale, d.Info.RequestID = who.Locale, who.RequestID
	text, err = r.Reviser.Undo(ctx, d.plugin, &d.Deed)
	if c, ok := ctx.Value(callKey{}).(*call); ok && err == nil {
		c.undone = append(c.undone, turn.ToolStep{Call: d.Info.Call, Plugin: d.plugin, Tool: d.Tool, State: turn.ToolUndone})
	}
	switch sdk.ErrorCode(err) {
	case sdk.CodeUnavailable, sdk.CodeBusy:
		r.deeds.add(d) // it never got there
	default:
	}
	return d.plugin, d.Tool, text, err
}
