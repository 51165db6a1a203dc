package host

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

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

// RunTool implements gateway.Tools.
func (d *direct) RunTool(ctx context.Context, who session.Identity, plugin, name string, args json.RawMessage, key string) (gateway.ToolRun, error) {
	t := d.turn(who)
	if key == "" {
		a, err := d.run(ctx, t, plugin, name, args)
		if err != nil {
			return gateway.ToolRun{}, err
		}
		return a.told()
	}
	now := time.Now()
	r := effect.Run{User: who.User, Key: key, Request: requested(plugin, name, args), At: now}
	was, err := d.h.accounts.db.BeginRun(ctx, r, now.Add(-effect.RunFor))
	if err != nil {
		return gateway.ToolRun{}, &protocol.Problem{Code: protocol.Unavailable, Err: err}
	}
	if was != nil {
		return repeated(r, *was, plugin, t.Lang)
	}
	// Whoever asks with a key asks again when the line breaks: what has begun goes
	// on, for as long as its tool may take, so that there is an answer then.
	ctx = context.WithoutCancel(ctx)
	a, err := d.run(ctx, t, plugin, name, args)
	if err != nil { // nobody knows how far it came
		return gateway.ToolRun{}, err
	}
	d.keep(ctx, r, a)
	return a.told()
}

// requested tells a request from another with the same key.
func requested(plugin, name string, args json.RawMessage) string {
	sum := sha256.Sum256([]byte(plugin + "/" + name + " " + string(args)))
	return hex.EncodeToString(sum[:])
}

// keep keeps the answer to a run. Where nothing happened, and that may be
// otherwise next time, it is as if nobody had asked.
func (d *direct) keep(ctx context.Context, r effect.Run, a answered) {
	var raw json.RawMessage
	if !a.passing() {
		var err error
		if raw, err = json.Marshal(a); err != nil {
			d.h.log.Error("an answer can't be kept", telemetry.KeyError, err)
			return
		}
	}
	if err := d.h.accounts.db.EndRun(ctx, r.User, r.Key, raw); err != nil {
		d.h.log.Error("an answer can't be kept", telemetry.KeyError, err)
	}
}

// repeated answers a request that was made before. One whose answer was lost
// with the host may have had its effect.
func repeated(r, was effect.Run, plugin, lang string) (gateway.ToolRun, error) {
	if was.Request != r.Request {
		return gateway.ToolRun{}, &protocol.Problem{Code: protocol.Conflict, Field: "Idempotency-Key", Text: protocol.WordReused, Err: errors.New("reused for another call")}
	}
	if was.Answer == nil {
		return gateway.ToolRun{}, &protocol.Problem{Code: protocol.Conflict, Text: "plugin.maybe", Args: []any{plugin}, Err: errors.New("nobody saw how the call ended")}
	}
	var a answered
	if err := json.Unmarshal(was.Answer, &a); err != nil {
		return gateway.ToolRun{}, &protocol.Problem{Code: protocol.Internal, Err: err}
	}
	return a.told()
}

// answered is how a call outside of a conversation is answered, as it is kept.
type answered struct {
	Run   gateway.ToolRun `json:"run,omitzero"`
	State turn.ToolState  `json:"state"`
	Code  protocol.Code   `json:"code,omitempty"` // of a problem, in these words
	Text  string          `json:"text,omitempty"`
}

// passing says that nothing happened, and why may be over soon.
func (a answered) passing() bool {
	switch a.State {
	case turn.ToolRefused:
		return true
	case turn.ToolFailed:
		return a.Code == protocol.Unavailable || a.Code == protocol.Busy || a.Code == protocol.RateLimited
	default:
		return false
	}
}

func (a answered) told() (gateway.ToolRun, error) {
	if a.Code != "" {
		return gateway.ToolRun{}, &protocol.Problem{Code: a.Code, Text: "error.as_is", Args: []any{a.Text}}
	}
	return a.Run, nil
}

// run makes a call. There is no one to ask, so a tool that asks is refused.
func (d *direct) run(ctx context.Context, t *turn.Turn, plugin, name string, args json.RawMessage) (answered, error) {
	asked := false
	res, err := d.h.runner.Run(ctx, t, tool.Request{Plugin: plugin, Tool: name, Args: args, Origin: sdk.OriginAPI}, func(ev turn.Event) bool {
		if q, ok := ev.(*turn.Question); ok {
			asked, q.Reply = true, turn.Reply{Expired: true}
		}
		return true
	})
	switch {
	case err != nil:
		return answered{}, err
	case asked && res.State == turn.ToolRefused:
		return answered{State: res.State, Code: protocol.Conflict, Text: texts.Get(t.Lang, "tool.needs_person")}, nil
	case !res.OK():
		return answered{State: res.State, Code: protocol.Code(res.Code), Text: res.Text}, nil
	}
	return answered{State: res.State, Run: gateway.ToolRun{State: string(res.State), Text: res.Text, Data: res.Data, Receipt: res.Receipt}}, nil
}
