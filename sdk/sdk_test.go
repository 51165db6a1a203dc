package sdk_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/jarvis-host/jarvis/sdk"
)

// invoke runs a call and returns its events; the last one is the end.
func invoke(t *testing.T, p *sdk.Plugin, in *sdk.Invocation) []sdk.Event {
	t.Helper()
	if in.Info.Locale == "" {
		in.Info.Locale = "en"
	}
	var events []sdk.Event
	for ev, err := range p.Invoke(t.Context(), in) {
		if err != nil {
			t.Fatalf("invoke %s: %v", in.Tool, err)
		}
		events = append(events, ev)
	}
	return events
}

// end runs a call that streams nothing.
func end[E sdk.Event](t *testing.T, p *sdk.Plugin, in *sdk.Invocation) E {
	t.Helper()
	events := invoke(t, p, in)
	e, ok := events[len(events)-1].(E)
	if !ok || len(events) != 1 {
		t.Fatalf("events are %#v, want one %T", events, e)
	}
	return e
}

func args(t *testing.T, v any) json.RawMessage {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// plain declares a plugin with one tool without arguments.
func plain[Out any](f func(ctx context.Context, c *sdk.Call) (Out, error), opts ...sdk.ToolOption) *sdk.Plugin {
	p := sdk.New("plain", "1.0.0", "One tool").Languages("fr", "en")
	sdk.Tool(p, "run", "Runs", func(ctx context.Context, c *sdk.Call, _ struct{}) (Out, error) { return f(ctx, c) }, opts...)
	return p
}
