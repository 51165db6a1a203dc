package host

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/jarvis-host/jarvis/host/gateway"
	"github.com/jarvis-host/jarvis/host/mcp"
	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/session"
	"github.com/jarvis-host/jarvis/host/telemetry"
	"github.com/jarvis-host/jarvis/host/texts"
)

// mcpDoors let programs call tools, through the gate that every call passes.
func (h *Host) mcpDoors() (doors []gateway.Door) {
	server := mcp.New(h.o.Version)
	serve := func(w http.ResponseWriter, r *http.Request, body []byte, who session.Identity, allow func() error) {
		r = r.Clone(r.Context())
		r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		server.Serve(w, r, &mcpCaller{direct: &direct{h}, who: who, allow: allow})
	}
	// What a method may not do is said in the protocol's own words.
	for _, method := range []string{http.MethodPost, http.MethodGet, http.MethodDelete} {
		doors = append(doors, gateway.Door{Method: method, Path: "/mcp", Serve: serve})
	}
	return doors
}

// mcpCaller is one end user's view of the tools.
type mcpCaller struct {
	*direct
	who   session.Identity
	allow func() error
}

// Tools implements mcp.Caller: what the end user may call, and nothing that
// would only be refused.
func (c *mcpCaller) Tools(context.Context) ([]mcp.Tool, error) {
	var list []mcp.Tool
	for _, o := range c.h.catalogue.Offers() {
		if !c.h.runner.Allowed(c.turn(c.who), o) {
			continue
		}
		list = append(list, mcp.Tool{
			Name: o.Name(), Description: o.Spec.Description, Input: o.Spec.InputSchema, Output: o.Spec.OutputSchema,
			ReadOnly: o.ReadOnly(), Destructive: o.Destructive(), Idempotent: o.Spec.Idempotent, OpenWorld: o.Spec.OpenWorld,
		})
	}
	return list, nil
}

// Call implements mcp.Caller.
func (c *mcpCaller) Call(ctx context.Context, name string, args json.RawMessage) (mcp.Result, error) {
	if err := c.allow(); err != nil {
		return mcp.Result{}, c.worded(err)
	}
	o, ok := c.h.catalogue.Named(name)
	if !ok { // it was there when the request began
		return mcp.Result{}, c.worded(&protocol.Problem{Code: protocol.NotFound})
	}
	run, err := c.RunTool(ctx, c.who, o.Plugin, o.Spec.Name, args, "")
	if err != nil {
		return mcp.Result{}, c.worded(err)
	}
	return mcp.Result{Text: run.Text, Data: run.Data}, nil
}

// Panicked implements mcp.Caller.
func (c *mcpCaller) Panicked(name string, value any, stack []byte) error {
	c.h.metrics.Panic()
	c.h.log.Error("tool call panicked", telemetry.KeyRequestID, c.who.RequestID, telemetry.KeyTool, name,
		telemetry.KeyError, fmt.Sprint(value), telemetry.KeyStack, string(stack))
	return c.worded(&protocol.Problem{Code: protocol.Internal})
}

// worded says an error in the caller's language; a fault of the host goes to
// the log, and the caller reads under which id.
func (c *mcpCaller) worded(err error) error {
	lang := c.h.detect("", c.who.Lang)
	p, ok := errors.AsType[*protocol.Problem](err)
	if !ok {
		c.h.log.Error("tool call failed", telemetry.KeyRequestID, c.who.RequestID, telemetry.KeyError, err)
		p = &protocol.Problem{Code: protocol.CodeOf(err)}
	}
	text := p.Message
	if text == "" {
		key, args := p.Text, p.Args
		if key == "" {
			key, args = protocol.WordsOf(p.Code), nil
		}
		text = texts.Get(lang, key, args...)
	}
	if p.Code == protocol.Internal {
		text += " (" + c.who.RequestID + ")"
	}
	return errors.New(text)
}
