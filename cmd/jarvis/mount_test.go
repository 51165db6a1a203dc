package main

import (
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	gosdk "github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/llm/llmtest"
	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/plugins/mcp/mcptest"
)

// mounts is a configuration with a server as a program and one behind an
// address.
func mounts(t *testing.T) string {
	t.Helper()
	program, err := exec.LookPath("notes-mcp")
	if err != nil {
		t.Fatal(err)
	}
	serve, closeAll := mcptest.Handler()
	web := httptest.NewServer(serve)
	t.Cleanup(web.Close)
	t.Cleanup(closeAll)
	return fmt.Sprintf(`
plugins:
  notes:
    kind: mcp
    enabled: true
    config:
      command: %s
      env: {NOTES_TOKEN: "env:SHOP_SECRET", GORACE: atexit_sleep_ms=0}
    grants: [wipe_notes, die]
  far:
    kind: mcp
    enabled: true
    config: {url: %s}
`, program, web.URL)
}

// I04: a server is mounted as if it were a plugin: a model calls its tools with
// the operator's grant and the end user's agreement.
func TestAMountedServerIsCalledFromChat(t *testing.T) {
	srv := llmtest.New(t,
		llmtest.Rule{AfterTool: true, Reply: "Done: {result}"},
		llmtest.Rule{When: "wipe the notes", ToolCalls: []llm.ToolCall{{ID: "1", Name: "notes__wipe_notes", Arguments: []byte(`{"text":"spring"}`)}}},
		llmtest.Rule{When: "list the notes", ToolCalls: []llm.ToolCall{{ID: "2", Name: "far__list_notes", Arguments: []byte(`{}`)}}},
		llmtest.Rule{When: "write a note", ToolCalls: []llm.ToolCall{{ID: "3", Name: "far__add_note", Arguments: []byte(`{"text":"x"}`)}}, Uninvited: true},
		llmtest.Rule{Reply: "nothing"},
	)
	h := startHost(t, "", withModel(srv.URL())+mounts(t))
	h.ready("notes", "far")
	c := h.dial("a")

	c.say("please wipe the notes")
	var q protocol.Question
	c.into(c.next(protocol.TypeQuestion), &q)
	if q.Kind != "confirm" || q.Text != `Use wipe_notes of notes with {"text":"spring"}?` {
		t.Errorf("the question is %+v, want one that names tool, server and arguments", q)
	}
	c.send(protocol.Reply{Type: protocol.TypeReply, Question: q.Question, Value: []byte("true")})
	var done protocol.Done
	c.into(c.next(protocol.TypeDone), &done)
	if !strings.Contains(done.Text, "wiped because spring") {
		t.Errorf("after the reply: got %+v", done)
	}
	last := srv.Requests()[len(srv.Requests())-1].Messages
	if got := last[len(last)-1]; got.Role != llm.Tool || !strings.Contains(got.Content, "wiped because spring") || strings.HasPrefix(got.Content, "wiped") {
		t.Errorf("the model reads %+v, want the answer as text of others", got)
	}

	c = h.dial("b")
	if got := c.ask("please list the notes"); !strings.Contains(got.done.Text, "0 notes") || len(got.tools) != 2 || got.tools[1].State != "read" {
		t.Errorf("over HTTP: got %+v", got)
	}
	if got := c.ask("please write a note"); len(got.tools) == 0 || got.tools[len(got.tools)-1].State != "refused" {
		t.Errorf("a tool that is not granted: got %+v", got)
	}

	// Through the host's own server, with the rights of the key.
	session, err := h.mcpSession(h.key)
	if err != nil {
		t.Fatal(err)
	}
	names := toolNames(t, session)
	if !names["notes__list_notes"] || !names["far__list_notes"] || names["far__wipe_notes"] {
		t.Errorf("over /mcp the tools are %v, want what may be called of both servers", names)
	}
}

// A server that ends is started again with its plugin, and goes into quarantine
// with it; it sees nothing of the host's; nothing of it stays.
func TestAMountedServerIsWatchedLikeAPlugin(t *testing.T) {
	h := startHost(t, "", quiet+mounts(t))
	h.ready("notes")
	session, err := h.mcpSession(h.key)
	if err != nil {
		t.Fatal(err)
	}
	tell := func() (pid int, text string) {
		t.Helper()
		res, err := session.CallTool(t.Context(), &gosdk.CallToolParams{Name: "notes__environment"})
		if err != nil || res.IsError {
			t.Fatalf("the environment: got %+v, %v", res, err)
		}
		text = res.Content[0].(*gosdk.TextContent).Text
		if _, err := fmt.Sscanf(text, "pid=%d\n", &pid); err != nil {
			t.Fatal(err)
		}
		return pid, text
	}
	first, env := tell()
	if !slices.Contains(strings.Split(env, "\n"), "NOTES_TOKEN=[redacted]") {
		t.Errorf("the server does not see its own secret, or tells it to others:\n%s", env)
	}
	for _, hidden := range []string{"PLUGIN_", "JARVIS", "SHOP_SECRET", h.key} {
		if strings.Contains(env, hidden) {
			t.Errorf("the server sees %s:\n%s", hidden, env)
		}
	}
	if err := syscall.Kill(first, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	until(t, "the server to be started again", func() bool {
		row := h.plugin("notes")
		return row.State == "ready" && row.Restarts == 1
	})
	second, _ := tell()
	if second == first {
		t.Errorf("process %d answers, which was killed", first)
	}
	if code := h.rest("POST", "/v1/plugins/notes/disable", "", nil); code >= 300 {
		t.Fatalf("disable: status %d", code)
	}
	if err := syscall.Kill(second, 0); err == nil {
		t.Errorf("process %d of the server outlives its plugin", second)
	}
	if log := h.log.String(); strings.Contains(log, "butter-and-bread") {
		t.Error("the server's secret stands in the log")
	}
}

// What docs/mcp.md tells operators to write is a configuration.
func TestTheConfigurationOfTheMCPPageIsOne(t *testing.T) {
	raw, err := os.ReadFile("../../docs/mcp.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, ok := strings.Cut(string(raw), "```yaml\n")
	block, _, closed := strings.Cut(block, "```")
	if !ok || !closed {
		t.Fatal("the page has no block of YAML")
	}
	file := filepath.Join(t.TempDir(), "jarvis.yaml")
	if err := os.WriteFile(file, []byte(block), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("jarvis", "config", "check", "--config", file)
	cmd.Env = []string{quickExit, "TRACKER_AUTHORIZATION=Bearer x", "HOME=/"}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("jarvis config check: %v\n%s", err, out)
	}
}
