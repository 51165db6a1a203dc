package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/session"
)

type fakePlugins struct{}

func (fakePlugins) Plugins(context.Context) []Plugin {
	return []Plugin{{Name: "weather", State: "running", PID: 7}}
}

func (fakePlugins) Enable(_ context.Context, name string) error {
	if name != "weather" {
		return &protocol.Problem{Code: protocol.NotFound}
	}
	return nil
}

func (p fakePlugins) Disable(ctx context.Context, name string) error { return p.Enable(ctx, name) }
func (p fakePlugins) Restart(ctx context.Context, name string) error { return p.Enable(ctx, name) }

func (p fakePlugins) Logs(ctx context.Context, name, after string, limit int) ([]json.RawMessage, string, error) {
	line := json.RawMessage(fmt.Sprintf(`{"n":%d,"message":"after %s"}`, limit, after))
	return []json.RawMessage{line}, "8", p.Enable(ctx, name)
}

type fakeTools struct{}

func (fakeTools) Tools(context.Context, session.Identity, string) ([]Tool, error) {
	return []Tool{{Plugin: "weather", Name: "now", Description: "the weather"}}, nil
}

func (fakeTools) RunTool(_ context.Context, who session.Identity, plugin, tool string, arguments json.RawMessage, key string) (ToolRun, error) {
	if plugin == "broken" {
		return ToolRun{}, &protocol.Problem{Code: protocol.Conflict, Message: "it is the plugin's sentence"}
	}
	return ToolRun{State: "read", Text: plugin + "." + tool, Data: arguments, Receipt: who.User}, nil
}

func TestOperatorsManagePlugins(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Plugins = fakePlugins{} })
	var all protocol.List[Plugin]
	w.do(t, "GET", "/v1/plugins", "", w.as("op")).into(t, &all)
	if len(all.Items) != 1 || all.Items[0].PID != 7 {
		t.Errorf("got %+v", all)
	}
	for _, verb := range []string{"enable", "disable", "restart"} {
		if a := w.do(t, "POST", "/v1/plugins/weather/"+verb, "", w.as("op")); a.status != 204 {
			t.Errorf("%s: %d %s", verb, a.status, a.body)
		}
		if a := w.do(t, "POST", "/v1/plugins/other/"+verb, "", w.as("op")); a.status != 404 {
			t.Errorf("%s of another: %d", verb, a.status)
		}
		if a := w.do(t, "POST", "/v1/plugins/weather/"+verb, "", w.as("alice")); a.status != 403 {
			t.Errorf("%s by an end user: %d", verb, a.status)
		}
	}
}

// counted is plugins whose restarts are counted; the first one fails.
type counted struct {
	fakePlugins
	restarts *atomic.Int32
}

func (p counted) Restart(context.Context, string) error {
	if p.restarts.Add(1) == 1 {
		return &protocol.Problem{Code: protocol.Unavailable}
	}
	return nil
}

// I06: the same Idempotency-Key restarts a plugin once, also when it comes many times
// at once; what failed is tried again, and another thing is a conflict.
func TestAPluginIsRestartedOnceForAnIdempotencyKey(t *testing.T) {
	p := counted{restarts: &atomic.Int32{}}
	w := newWorld(t, func(o *Options) { o.Plugins = p })
	restart := func(path string) int {
		return w.do(t, "POST", path, "", w.as("op"), header("Idempotency-Key", "k")).status
	}
	const path = "/v1/plugins/weather/restart"
	if got := restart(path); got != 503 {
		t.Errorf("the first time: %d", got)
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			if got := restart(path); got != 204 {
				t.Errorf("again: %d", got)
			}
		})
	}
	all.Wait()
	for _, other := range []string{"/v1/plugins/weather/disable", "/v1/plugins/other/restart"} {
		if got := restart(other); got != 409 {
			t.Errorf("%s with the same key: %d", other, got)
		}
	}
	if n := p.restarts.Load(); n != 2 {
		t.Errorf("restarted %d times, the failed one among them", n)
	}
	if w.do(t, "POST", path, "", w.as("op")); p.restarts.Load() != 3 {
		t.Error("without a key it was not restarted again")
	}
}

func TestOperatorsReadWhatPluginsLog(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Plugins = fakePlugins{} })
	if a := w.do(t, "GET", "/v1/plugins/weather/logs?after=7&limit=3", "", w.as("op")); a.body != `{"items":[{"n":3,"message":"after 7"}],"next":"8"}`+"\n" {
		t.Errorf("got %d %s", a.status, a.body)
	}
	for path, want := range map[string]int{"/v1/plugins/other/logs": 404, "/v1/plugins/weather/logs?limit=0": 400} {
		if a := w.do(t, "GET", path, "", w.as("op")); a.status != want {
			t.Errorf("%s: %d %s", path, a.status, a.body)
		}
	}
	if a := w.do(t, "GET", "/v1/plugins/weather/logs", "", w.as("alice")); a.status != 403 {
		t.Errorf("by an end user: %d", a.status)
	}
}

func TestToolsRunOutsideAConversation(t *testing.T) {
	w := newWorld(t, func(o *Options) { o.Tools = fakeTools{} })
	var all protocol.List[Tool]
	w.do(t, "GET", "/v1/tools", "", w.as("alice")).into(t, &all)
	if len(all.Items) != 1 || all.Items[0].Name != "now" {
		t.Errorf("got %+v", all)
	}
	var run ToolRun
	w.do(t, "POST", "/v1/tools/weather/now", `{"city":"Lyon"}`, w.as("alice")).into(t, &run)
	if run.Text != "weather.now" || string(run.Data) != `{"city":"Lyon"}` || run.Receipt != w.users["alice"].ID {
		t.Errorf("got %+v", run)
	}
	if a := w.do(t, "POST", "/v1/tools/weather/now", `[1]`, w.as("alice")); a.status != 400 {
		t.Errorf("no object: %d %s", a.status, a.body)
	}
	if a := w.do(t, "POST", "/v1/tools/broken/now", "", w.as("alice")); a.status != 409 || !strings.Contains(a.body, "the plugin's sentence") {
		t.Errorf("a failing tool: %d %s", a.status, a.body)
	}
}
