package mcp_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	sdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/jarvis-host/jarvis/host/mcp"
)

// caller is an end user with two tools, one of which does what it is told.
type caller struct {
	panics []string
	none   error
}

func (c *caller) Tools(context.Context) ([]mcp.Tool, error) {
	object := json.RawMessage(`{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}`)
	return []mcp.Tool{
		{Name: "weather__forecast", Description: "Weather of a city", Input: object, ReadOnly: true, OpenWorld: true},
		{Name: "door__open", Description: "Opens a door", Input: json.RawMessage(`{"type":"object"}`), Destructive: true},
	}, c.none
}

func (c *caller) Call(ctx context.Context, name string, arguments json.RawMessage) (mcp.Result, error) {
	var in struct{ City string }
	if err := json.Unmarshal(arguments, &in); err != nil {
		return mcp.Result{}, err
	}
	switch {
	case name == "door__open":
		return mcp.Result{}, errors.New("the operator has not allowed that")
	case in.City == "panic":
		panic("a fault with a secret in it")
	case in.City == "data":
		return mcp.Result{Data: json.RawMessage(`{"celsius":21}`)}, nil
	case in.City == "slow":
		<-ctx.Done()
		return mcp.Result{}, ctx.Err()
	}
	return mcp.Result{Text: "21 °C in " + in.City}, nil
}

func (c *caller) Panicked(name string, _ any, stack []byte) error {
	c.panics = append(c.panics, name)
	if len(stack) == 0 {
		return errors.New("there is no stack")
	}
	return errors.New("a fault of ours")
}

func serve(t *testing.T, c mcp.Caller) string {
	t.Helper()
	s := mcp.New("1.2.3")
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.Serve(w, r, c) }))
	t.Cleanup(web.Close)
	return web.URL
}

func connect(t *testing.T, url string) *sdk.ClientSession {
	t.Helper()
	client := sdk.NewClient(&sdk.Implementation{Name: "test", Version: "1"}, &sdk.ClientOptions{Capabilities: &sdk.ClientCapabilities{}})
	session, err := client.Connect(t.Context(), &sdk.StreamableClientTransport{Endpoint: url, DisableStandaloneSSE: true, MaxRetries: -1}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = session.Close() })
	return session
}

// I04: the plugins' tools, to any program that speaks the protocol.
func TestACallerSeesItsToolsWithWhatTheyChange(t *testing.T) {
	list, err := connect(t, serve(t, &caller{})).ListTools(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, tool := range list.Tools {
		hints, err := json.Marshal(tool.Annotations)
		if err != nil {
			t.Fatal(err)
		}
		got[tool.Name] = string(hints)
	}
	want := map[string]string{
		"weather__forecast": `{"destructiveHint":false,"idempotentHint":false,"openWorldHint":true,"readOnlyHint":true}`,
		"door__open":        `{"destructiveHint":true,"idempotentHint":false,"openWorldHint":false,"readOnlyHint":false}`,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("tools (-want +got):\n%s", diff)
	}
}

func TestWhateverComesOfACallIsAResultThatAModelCanRead(t *testing.T) {
	c := &caller{}
	session := connect(t, serve(t, c))
	for name, test := range map[string]struct {
		tool, city string
		want       string
		failed     bool
	}{
		"an answer":         {"weather__forecast", "Lyon", "21 °C in Lyon", false},
		"an answer as data": {"weather__forecast", "data", `{"celsius":21}`, false},
		"a refusal":         {"door__open", "", "the operator has not allowed that", true},
		"a panic":           {"weather__forecast", "panic", "a fault of ours", true},
		"after a panic":     {"weather__forecast", "Oslo", "21 °C in Oslo", false},
	} {
		res, err := session.CallTool(t.Context(), &sdk.CallToolParams{Name: test.tool, Arguments: map[string]any{"city": test.city}})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := res.Content[0].(*sdk.TextContent).Text; got != test.want || res.IsError != test.failed {
			t.Errorf("%s: got %q, failed %v; want %q, failed %v", name, got, res.IsError, test.want, test.failed)
		}
	}
	if len(c.panics) != 1 {
		t.Errorf("got %d panics, want the host to be told of one", len(c.panics))
	}
}

func TestAToolThatTheCallerDoesNotHaveIsUnknown(t *testing.T) {
	_, err := connect(t, serve(t, &caller{})).CallTool(t.Context(), &sdk.CallToolParams{Name: "other__secret"})
	if err == nil || !strings.Contains(err.Error(), "other__secret") {
		t.Errorf("got %v, want an error that names the tool", err)
	}
}

// post sends one message as a program without the library would.
func post(t *testing.T, url, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json, text/event-stream")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	got, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(got)
}

func TestMalformedMessagesGetAnErrorAndTheServerGoesOn(t *testing.T) {
	url := serve(t, &caller{})
	for _, body := range []string{
		``, `{`, `[]`, `null`, `{"jsonrpc":"1.0","id":1,"method":"tools/list"}`,
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"weather__forecast","arguments":[1]}}`,
		`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":5}`,
		`{"jsonrpc":"2.0","id":1,"method":"no/such"}`,
	} {
		status, got := post(t, url, body)
		if status == http.StatusOK && !strings.Contains(got, `"error"`) && !strings.Contains(got, `"isError":true`) {
			t.Errorf("%s: got %d %s, want an error", body, status, got)
		}
	}
	if list, err := connect(t, url).ListTools(t.Context(), nil); err != nil || len(list.Tools) != 2 {
		t.Errorf("afterwards: got %v, %v; want two tools", list, err)
	}
}

func TestACallerWhoseToolsCannotBeReadIsTold(t *testing.T) {
	status, got := post(t, serve(t, &caller{none: errors.New("no catalogue")}), `{"jsonrpc":"2.0","id":1,"method":"tools/list"}`)
	if status < 400 || strings.Contains(got, "catalogue") {
		t.Errorf("got %d %s, want a failure without the cause", status, got)
	}
}
