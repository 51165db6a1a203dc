package tool

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jarvis-host/jarvis/host/turn"
	"github.com/jarvis-host/jarvis/sdk"
)

// waiting is a call that waits for a reply: all that is needed to go on with it
// in another run of the host. Nothing happened in the world before, because a
// plugin is called anew for each of its questions.
type waiting struct {
	Request   Request
	Call      string
	Confirmed bool
	// Need is the kind of what the plugin asked; empty is the host's own
	// confirmation.
	Need    sdk.InputKind `json:",omitempty"`
	Answers []sdk.Answer  `json:",omitempty"`
}

func (c *call) freeze(w waiting) ([]byte, error) {
	w.Request, w.Call = c.q, c.id
	w.Request.Args = c.args
	raw, err := json.Marshal(w)
	if err != nil {
		return nil, fmt.Errorf("keep waiting call: %w", err)
	}
	return raw, nil
}

// Resume goes on with a call that waited for a reply when the host was stopped.
// Permission and arguments are checked anew, for both may have changed. It
// returns the request that was made then.
func (r *Runner) Resume(ctx context.Context, t *turn.Turn, state []byte, reply turn.Reply, yield Yield) (Request, Result, error) {
	var w waiting
	if err := json.Unmarshal(state, &w); err != nil {
		return Request{}, Result{}, fmt.Errorf("read waiting call: %w", err)
	}
	c := r.newCall(t, w.Request, yield)
	c.id, c.shown = w.Call, w.Need != ""
	res, err := c.resume(ctx, w, reply)
	return w.Request, res, err
}

func (c *call) resume(ctx context.Context, w waiting, reply turn.Reply) (Result, error) {
	if res, err := c.admit(); res != nil || err != nil {
		return deref(res), err
	}
	if w.Need != "" && c.abandoned(reply) {
		return c.refuse(sdk.CodeForbidden, "tool.unanswered", "nobody answered the plugin's question")
	}
	if w.Need != "" {
		return c.run(ctx, w.Confirmed, append(w.Answers, answerOf(w.Need, reply)))
	}
	if reply.Expired || reply.Value != "true" {
		return c.refuse(sdk.CodeForbidden, "tool.declined", "the end user did not agree")
	}
	return c.run(ctx, true, nil)
}
