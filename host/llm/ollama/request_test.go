package ollama_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/llm/llmtest"
	"github.com/jarvis-host/jarvis/host/llm/ollama"
)

// sent returns what the client sends for a request.
func sent(t *testing.T, cfg ollama.Config, r llm.Request) llmtest.Request {
	t.Helper()
	srv := llmtest.New(t)
	cfg.URL = srv.URL()
	_, _ = ask(t, connect(t, cfg), r)
	all := srv.Requests()
	if len(all) != 1 {
		t.Fatalf("the server got %d requests, want 1", len(all))
	}
	return all[0]
}

func body(t *testing.T, q llmtest.Request) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(q.Body, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestEveryRequestStatesContextLengthAndThinking(t *testing.T) { // O11: the server drops nothing by itself
	got := body(t, sent(t, ollama.Config{}, hello("toy")))
	want := map[string]any{
		"model": "toy", "stream": true, "think": false, "truncate": false, "shift": false,
		"messages": []any{map[string]any{"role": "user", "content": "hello there"}},
		"options":  map[string]any{"num_ctx": 8192.0, "num_predict": 2048.0},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestRequestSettingsReachTheServer(t *testing.T) {
	temperature := 0.0
	r := hello("toy")
	r.Temperature, r.MaxTokens, r.Think, r.RequestID = &temperature, 7, true, "req-1"
	r.Format = json.RawMessage(`{"type":"object"}`)
	q := sent(t, ollama.Config{NumCtx: 4096, KeepAlive: 10 * time.Minute}, r)
	got := body(t, q)
	delete(got, "messages")
	want := map[string]any{
		"model": "toy", "stream": true, "think": true, "truncate": false, "shift": false, "format": map[string]any{"type": "object"}, "keep_alive": "10m0s",
		"options": map[string]any{"num_ctx": 4096.0, "num_predict": 7.0, "temperature": 0.0},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if q.RequestID() != "req-1" { // S06
		t.Errorf("X-Request-ID is %q, want req-1", q.RequestID())
	}
}

func TestKeepingAModelForEverIsANumber(t *testing.T) {
	got := body(t, sent(t, ollama.Config{KeepAlive: -1}, hello("toy")))
	if got["keep_alive"] != -1.0 {
		t.Errorf("keep_alive is %v, want the number -1", got["keep_alive"])
	}
}

func TestAModelThatAlwaysThinksIsToldToThinkLittle(t *testing.T) {
	srv, err := llmtest.Start("127.0.0.1:0", llmtest.Script{Models: []llmtest.Model{{Name: "gpt-oss:20b"}}})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	if _, err := ask(t, connect(t, ollama.Config{URL: srv.URL()}), hello("gpt-oss:20b")); err != nil {
		t.Fatal(err)
	}
	if got := srv.Requests()[0].Think; got != "low" {
		t.Errorf("think is %v, want low", got)
	}
}

func TestARequestIDThatFitsNoHeaderIsLeftOut(t *testing.T) {
	r := hello("toy")
	r.RequestID = "a\r\nX-Evil: 1"
	if q := sent(t, ollama.Config{}, r); q.RequestID() != "" || q.Header.Get("X-Evil") != "" {
		t.Errorf("headers are %v", q.Header)
	}
}

func TestAConversationWithToolsIsReplayedWhole(t *testing.T) {
	r := llm.Request{
		Model: "toy",
		Messages: []llm.Message{
			{Role: llm.System, Content: "be brief"},
			{Role: llm.User, Content: "weather in Paris?"},
			{Role: llm.Assistant, Thinking: "hm", ToolCalls: []llm.ToolCall{
				{ID: "c1", Name: "weather", Arguments: json.RawMessage(`{"city":"Paris"}`)},
				{ID: "c2", Name: "now"},
			}},
			{Role: llm.Tool, ToolName: "weather", ToolCallID: "c1", Content: "12 degrees"},
			{Role: llm.Tool, ToolName: "now", ToolCallID: "c2", Content: "noon"},
		},
		Tools: []llm.ToolDef{
			{Name: "weather", Description: "the weather", Parameters: json.RawMessage(`{"type":"object","properties":{"city":{"type":"string"}}}`)},
			{Name: "now", Description: "the time"},
		},
	}
	q := sent(t, ollama.Config{}, r)
	want := r.Messages
	want[2].ToolCalls[1].Arguments = json.RawMessage(`{}`)
	if diff := cmp.Diff(want, q.Messages); diff != "" {
		t.Error(diff)
	}
	tools := body(t, q)["tools"]
	wantTools := []any{
		map[string]any{"type": "function", "function": map[string]any{
			"name": "weather", "description": "the weather",
			"parameters": map[string]any{"type": "object", "properties": map[string]any{"city": map[string]any{"type": "string"}}},
		}},
		map[string]any{"type": "function", "function": map[string]any{
			"name": "now", "description": "the time",
			"parameters": map[string]any{"type": "object", "properties": map[string]any{}},
		}},
	}
	if diff := cmp.Diff(any(wantTools), tools); diff != "" {
		t.Error(diff)
	}
}

func TestAddressesAreReadAsOllamasOwnToolsWriteThem(t *testing.T) {
	for _, addr := range []string{
		"ftp://host", "http://", "http://host?x=1", "http://host#x", "http://ho st", "http://host:port",
	} {
		if _, err := ollama.New(ollama.Config{URL: addr}); err == nil {
			t.Errorf("address %q was accepted", addr)
		}
	}
	srv := llmtest.New(t)
	bare := srv.URL()[len("http://"):]
	port := bare[len("127.0.0.1"):]
	for _, addr := range []string{bare, bare + "/", " http://" + bare + "/ ", "0.0.0.0" + port} {
		if _, err := ask(t, connect(t, ollama.Config{URL: addr}), hello("toy")); err != nil {
			t.Errorf("address %q: %v", addr, err)
		}
	}
}

func TestAPasswordInTheAddressIsNotRepeated(t *testing.T) {
	for _, addr := range []string{"http://me:hunter2@127.0.0.1:1", "http://me:hunter2@host:x", "ftp://me:hunter2@host"} {
		p, err := ollama.New(ollama.Config{URL: addr})
		if err == nil {
			_, err = ask(t, p, hello("toy"))
		}
		if err == nil {
			t.Fatalf("%s: no error", addr)
		}
		if got := err.Error(); strings.Contains(got, "hunter2") {
			t.Errorf("error %q repeats the password", got)
		}
	}
}
