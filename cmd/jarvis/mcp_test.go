package main

import (
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

// bearer adds a key to every request.
type bearer string

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+string(b))
	return http.DefaultTransport.RoundTrip(r)
}

// mcpSession connects a program that speaks the Model Context Protocol.
func (h *hostProcess) mcpSession(key string) (*mcp.ClientSession, error) {
	client := mcp.NewClient(&mcp.Implementation{Name: "test", Version: "1"}, &mcp.ClientOptions{Capabilities: &mcp.ClientCapabilities{}})
	session, err := client.Connect(h.t.Context(), &mcp.StreamableClientTransport{
		Endpoint: "http://" + h.addr + "/mcp", HTTPClient: &http.Client{Transport: bearer(key)}, DisableStandaloneSSE: true, MaxRetries: -1,
	}, nil)
	if err == nil {
		h.t.Cleanup(func() { _ = session.Close() })
	}
	return session, err
}

// newUser makes an end user while the host runs, and returns the key.
func (h *hostProcess) newUser(name string, flags ...string) string {
	h.t.Helper()
	args := append([]string{"user", "add", name, "--data", h.data()}, flags...)
	out, err := exec.Command("jarvis", args...).CombinedOutput()
	if err != nil {
		h.t.Fatalf("jarvis %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	for word := range strings.FieldsSeq(string(out)) {
		if strings.HasPrefix(word, "jrv_") {
			return word
		}
	}
	h.t.Fatalf("no key in %s", out)
	return ""
}

// I04: a program that speaks MCP meets the plugins' tools with the rights of
// its key.
func TestProgramsCallToolsOverMCPWithTheirOwnRights(t *testing.T) {
	h := startHost(t, "", quiet)
	if _, err := h.mcpSession("jrv_nobody"); err == nil {
		t.Error("a key that no one has: connected")
	}
	session, err := h.mcpSession(h.key)
	if err != nil {
		t.Fatal(err)
	}
	names := toolNames(t, session)
	for _, want := range []string{"jarvis__time", "weather__forecast", "hangman__start"} {
		if !names[want] {
			t.Errorf("the operator's tools are %v, want %s among them", names, want)
		}
	}
	res, err := session.CallTool(t.Context(), &mcp.CallToolParams{Name: "jarvis__time"})
	if err != nil || res.IsError || !strings.Contains(res.Content[0].(*mcp.TextContent).Text, ":") {
		t.Errorf("the time: got %+v, %v", res, err)
	}
	res, err = session.CallTool(t.Context(), &mcp.CallToolParams{Name: "weather__forecast", Arguments: map[string]any{"days": "never"}})
	if err != nil || !res.IsError {
		t.Errorf("bad arguments: got %+v, %v; want a result that says so", res, err)
	}
	// A game goes on from one request to the next.
	if res, err := session.CallTool(t.Context(), &mcp.CallToolParams{Name: "hangman__start"}); err != nil || res.IsError {
		t.Fatalf("start a game: got %+v, %v", res, err)
	}
	other, err := h.mcpSession(h.newUser("other"))
	if err != nil {
		t.Fatal(err)
	}
	if mine, theirs := status(t, session), status(t, other); mine == theirs || !strings.Contains(mine, "_") {
		t.Errorf("the game: its player reads %q, another end user %q", mine, theirs)
	}
	guest, err := h.mcpSession(h.newUser("visitor", "--role", "guest", "--plugins", "hangman"))
	if err != nil {
		t.Fatal(err)
	}
	for name := range toolNames(t, guest) {
		if !strings.HasPrefix(name, "hangman__") && !strings.HasPrefix(name, "jarvis__") {
			t.Errorf("a guest with hangman only sees %s", name)
		}
	}
	if _, err := guest.CallTool(t.Context(), &mcp.CallToolParams{Name: "weather__forecast"}); err == nil {
		t.Error("a guest called a tool that is not theirs")
	}
}

func toolNames(t *testing.T, s *mcp.ClientSession) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for tool, err := range s.Tools(t.Context(), nil) {
		if err != nil {
			t.Fatal(err)
		}
		names[tool.Name] = true
	}
	return names
}

// status asks how the game stands.
func status(t *testing.T, s *mcp.ClientSession) string {
	t.Helper()
	res, err := s.CallTool(t.Context(), &mcp.CallToolParams{Name: "hangman__status"})
	if err != nil || len(res.Content) == 0 {
		t.Fatalf("hangman__status: got %+v, %v", res, err)
	}
	return res.Content[0].(*mcp.TextContent).Text
}
