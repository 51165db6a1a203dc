package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/modelcontextprotocol/go-sdk/jsonrpc"
	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/jarvis-host/jarvis/sdk"
)

// rejoin is how long a call waits for a session that was lost.
const rejoin = 3 * time.Second

// ownErrors are the codes with which the protocol's library says in the server's
// place that a message did not reach it: rejected, closing on either side.
var ownErrors = []int64{-32003, -32004, -32005}

// call makes one call of the server's tool. A call that was lost is made once
// more, if that does no harm and not all fail.
func (l *link) call(ctx context.Context, c *sdk.Call, tool string, args json.RawMessage, again bool) (sdk.Result, error) {
	l.repeats.Asked()
	for {
		session, err := l.live(ctx)
		if err != nil {
			return sdk.Result{}, l.down(ctx, c, err)
		}
		res, err := l.ask(ctx, c, session, tool, args)
		if err == nil {
			return answered(c, l.name, res)
		}
		if e, ok := errors.AsType[*jsonrpc.Error](err); ok && !slices.Contains(ownErrors, e.Code) {
			return sdk.Result{}, &sdk.Error{Code: sdk.CodeInvalid, Message: c.T("refused", "server", l.name, "reason", bounded(c, words(e.Message, maxReason), maxReason)), Err: err}
		}
		if ctx.Err() == nil {
			l.forget(session)
		}
		if !again || ctx.Err() != nil || !l.repeats.Take() {
			return sdk.Result{}, l.down(ctx, c, err)
		}
		again = false
	}
}

func (l *link) ask(ctx context.Context, c *sdk.Call, session *mcp.ClientSession, tool string, args json.RawMessage) (*mcp.CallToolResult, error) {
	token := c.Info().Call
	l.mu.Lock()
	l.progress[token] = c
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		delete(l.progress, token)
		l.mu.Unlock()
	}()
	p := &mcp.CallToolParams{Name: tool, Arguments: args}
	p.SetProgressToken(token)
	return session.CallTool(ctx, p) //nolint:wrapcheck // call judges it
}

// progressed passes on how far a call has come.
func (l *link) progressed(_ context.Context, r *mcp.ProgressNotificationClientRequest) {
	l.mu.Lock()
	c := l.progress[r.Params.ProgressToken]
	l.mu.Unlock()
	if c == nil {
		return
	}
	part := -1.0
	if r.Params.Total > 0 {
		part = min(max(r.Params.Progress/r.Params.Total, 0), 1)
	}
	c.Progress(part, words(r.Params.Message, maxWords))
}

// live returns the session, and waits a while for one.
func (l *link) live(ctx context.Context) (*mcp.ClientSession, error) {
	late := time.NewTimer(rejoin)
	defer late.Stop()
	for {
		session, moved, err := l.state()
		if session != nil {
			return session, nil
		}
		select {
		case <-moved:
		case <-late.C:
			return nil, err
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// forget ends a session that failed, so that there will be another one.
func (l *link) forget(s *mcp.ClientSession) {
	if now, _, _ := l.state(); now == s {
		l.move(nil, mcp.ErrConnectionClosed)
	}
	go func() { _ = s.Close() }()
}

// down ends a call that could not be made. Where the server was a program this
// process ends with it: the host then knows better what to do with the call.
func (l *link) down(ctx context.Context, c *sdk.Call, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if l.set.Command != "" && l.m.ended != nil {
		select {
		case <-l.done:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return &sdk.Error{Code: sdk.CodeUnavailable, Message: c.T("down", "server", l.name), Err: err}
}

// questions ask, in each language, whether a tool may be used.
func (l *link) questions(tool string) map[string]string {
	out := map[string]string{}
	for lang := range l.m.confirm {
		out[lang] = strings.NewReplacer("{server}", l.name, "{tool}", tool).Replace(l.m.confirm[lang])
	}
	return out
}
