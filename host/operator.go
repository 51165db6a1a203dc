package host

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jarvis-host/jarvis/host/gateway"
	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/session"
	"github.com/jarvis-host/jarvis/host/telemetry"
	"github.com/jarvis-host/jarvis/host/turn"
	"github.com/jarvis-host/jarvis/sdk"
)

// operator implements gateway.Plugins.
type operator struct{ h *Host }

func (o *operator) Plugins(context.Context) []gateway.Plugin {
	list := []gateway.Plugin{}
	for _, s := range o.h.plugins.List() {
		s = o.h.seen(s)
		list = append(list, gateway.Plugin{
			Name: s.Name, Version: s.Version, State: string(s.State), Reason: s.Reason,
			Since: s.Since, Restarts: s.Restarts, PID: s.PID, Clashes: o.h.clashes.of(s.Name),
		})
	}
	return list
}

func (o *operator) Enable(ctx context.Context, name string) error {
	return o.act(ctx, name, o.h.plugins.Enable)
}

func (o *operator) Disable(ctx context.Context, name string) error {
	return o.act(ctx, name, o.h.plugins.Disable)
}

func (o *operator) Restart(ctx context.Context, name string) error {
	return o.act(ctx, name, o.h.plugins.Restart)
}

func (o *operator) act(ctx context.Context, name string, do func(context.Context, string) error) error {
	if err := o.known(name); err != nil {
		return err
	}
	if err := do(ctx, name); err != nil {
		return &protocol.Problem{Code: protocol.Code(sdk.ErrorCode(err)), Err: err}
	}
	return nil
}

// known is an error that names the plugins that there are, unless this is one.
func (o *operator) known(name string) error {
	var names []string
	for _, s := range o.h.plugins.List() {
		if s.Name == name {
			return nil
		}
		names = append(names, s.Name)
	}
	return &protocol.Problem{
		Code: protocol.NotFound, Field: "plugin", Text: protocol.WordPlugin, Args: []any{name, cmp.Or(strings.Join(names, ", "), "-")},
		Err: fmt.Errorf("there is no plugin %q", name),
	}
}

// direct implements gateway.Tools: calls outside of a conversation, through
// the same gate.
type direct struct{ h *Host }

func (d *direct) Tools(_ context.Context, who session.Identity, _ string) ([]gateway.Tool, error) {
	list := []gateway.Tool{}
	t := d.turn(who)
	for _, o := range d.h.catalogue.Offers() {
		if !d.h.runner.Allowed(t, o) {
			continue
		}
		list = append(list, gateway.Tool{
			Plugin: o.Plugin, Name: o.Spec.Name, Description: o.Spec.Description,
			Effect: o.Spec.Effect.String(), Parameters: o.Spec.InputSchema,
		})
	}
	return list, nil
}

// turn is what a call outside of a conversation belongs to.
func (d *direct) turn(who session.Identity) *turn.Turn {
	return &turn.Turn{
		ID: telemetry.NewRequestID(), RequestID: who.RequestID, TraceParent: who.TraceParent, User: who.User, Name: who.Name, Role: who.Role, Plugins: who.Plugins,
		Lang: d.h.detect("", who.Lang), Zone: who.Zone, At: time.Now(), Vars: d.h.detached.of(who.User), Steer: func() []string { return nil },
	}
}
