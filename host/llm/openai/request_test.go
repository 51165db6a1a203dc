package openai_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/llm/openai"
)

// sent returns the body of the one request that asking makes, after a probe
// that finds models of an owner.
func sent(t *testing.T, owner string, r llm.Request) map[string]any {
	t.Helper()
	p := &peer{replies: []string{data(one, end("stop"))}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/models", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"object":"list","data":[{"id":"toy","object":"model","created":1,"owned_by":"` + owner + `"}]}`))
	})
	mux.Handle("POST /v1/chat/completions", p)
	client := raw(t, mux.ServeHTTP)
	if _, err := client.Probe(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := ask(t, client, r); err != nil {
		t.Fatal(err)
	}
	var body map[string]any
	if err := json.Unmarshal([]byte(p.bodies[0]), &body); err != nil {
		t.Fatal(err)
	}
	if got := p.headers[0].Get("Authorization"); got != "Bearer sk-test" {
		t.Errorf("Authorization is %q", got)
	}
	if got := p.headers[0].Get("X-Request-ID"); got != r.RequestID {
		t.Errorf("X-Request-ID is %q, want %q", got, r.RequestID)
	}
	return body
}

func TestAConversationIsSentInTheServersWords(t *testing.T) {
	warm := 0.5
	got := sent(t, "someone", llm.Request{
		Model: "toy", RequestID: "req-1", Temperature: &warm, MaxTokens: 9, Format: json.RawMessage(`{"type":"object"}`),
		User: "u1", Role: "user", Lang: "fr", Route: "big",
		Messages: []llm.Message{
			{Role: llm.System, Content: "be brief"},
			{Role: llm.User, Content: "weather?"},
			{Role: llm.Assistant, Thinking: "hm", ToolCalls: []llm.ToolCall{{ID: "c1", Name: "lookup", Arguments: json.RawMessage(`{"city":"Oslo"}`)}, {ID: "c2", Name: "now"}}},
			{Role: llm.Tool, ToolName: "lookup", ToolCallID: "c1", Content: "rain"},
			{Role: llm.Assistant, Content: "It rains."},
		},
		Tools: []llm.ToolDef{{Name: "lookup", Description: "Looks up.", Parameters: json.RawMessage(`{"type":"object","properties":{"city":{"type":"string"}}}`)}, {Name: "now"}},
	})
	var want map[string]any
	if err := json.Unmarshal([]byte(`{
		"model":"toy","stream":true,"stream_options":{"include_usage":true},"temperature":0.5,"max_tokens":9,
		"response_format":{"type":"json_schema","json_schema":{"name":"answer","strict":true,"schema":{"type":"object"}}},
		"messages":[{"role":"system","content":"be brief"},{"role":"user","content":"weather?"},
			{"role":"assistant","content":null,"tool_calls":[
				{"id":"c1","type":"function","function":{"name":"lookup","arguments":"{\"city\":\"Oslo\"}"}},
				{"id":"c2","type":"function","function":{"name":"now","arguments":"{}"}}]},
			{"role":"tool","content":"rain","tool_call_id":"c1"},{"role":"assistant","content":"It rains."}],
		"tools":[{"type":"function","function":{"name":"lookup","description":"Looks up.","parameters":{"type":"object","properties":{"city":{"type":"string"}}}}},
			{"type":"function","function":{"name":"now","parameters":{"type":"object","properties":{}}}}]}`), &want); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestEachKindOfServerIsToldNotToThinkInItsOwnWay(t *testing.T) {
	keys := func(body map[string]any) map[string]any {
		out := map[string]any{}
		for _, k := range []string{"reasoning_effort", "reasoning", "chat_template_kwargs"} {
			if v, ok := body[k]; ok {
				out[k] = v
			}
		}
		return out
	}
	off := map[string]any{"enable_thinking": false}
	for owner, want := range map[string]map[string]any{
		"llamacpp": {"chat_template_kwargs": off}, "vllm": {"chat_template_kwargs": off},
		"library": {"reasoning_effort": "none"}, "someone": {},
	} {
		if diff := cmp.Diff(want, keys(sent(t, owner, hello("toy")))); diff != "" {
			t.Errorf("%s: %s", owner, diff)
		}
		thoughtful := hello("toy")
		thoughtful.Think = true
		if got := keys(sent(t, owner, thoughtful)); len(got) != 0 {
			t.Errorf("%s, asked to think: %v", owner, got)
		}
	}
}

// recorder keeps the last request's body and answers it.
type recorder struct{ url, body string }

func (r *recorder) RoundTrip(q *http.Request) (*http.Response, error) {
	var b strings.Builder
	if q.Body != nil {
		buf := make([]byte, 1<<16)
		n, _ := q.Body.Read(buf)
		b.Write(buf[:n])
	}
	r.url, r.body = q.URL.String(), b.String()
	return canned(data(one, end("stop"))).RoundTrip(q)
}

func TestHostedServersAreKnownByTheirAddress(t *testing.T) {
	for url, has := range map[string]string{
		"https://openrouter.ai/api/v1": `"reasoning":{"enabled":false}`,
		"https://api.openai.com/v1/":   `"max_completion_tokens":2048`,
	} {
		r := &recorder{}
		if _, err := ask(t, connect(t, openai.Config{URL: url, Transport: r}), hello("toy")); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(r.body, has) {
			t.Errorf("%s: %s lacks %s", url, r.body, has)
		}
	}
}

func TestAddressesAreReadWithAndWithoutTheirPath(t *testing.T) {
	for given, want := range map[string]string{
		"http://127.0.0.1:8080":         "http://127.0.0.1:8080/v1/chat/completions",
		"http://127.0.0.1:8080/":        "http://127.0.0.1:8080/v1/chat/completions",
		"https://h.example/api/v1/":     "https://h.example/api/v1/chat/completions",
		" http://h.example:1234/other ": "http://h.example:1234/other/chat/completions",
	} {
		r := &recorder{}
		if _, err := ask(t, connect(t, openai.Config{URL: given, Transport: r}), hello("toy")); err != nil || r.url != want {
			t.Errorf("%q: asked %s, %v", given, r.url, err)
		}
	}
	for _, bad := range []string{"", "127.0.0.1:8080", "ftp://h", "http://", "http://h/v1?key=x", "http://h/#f", "://"} {
		if _, err := openai.New(openai.Config{URL: bad}); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
	_, err := openai.New(openai.Config{URL: "ftp://user:hunter2@h"})
	if err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("error %v", err)
	}
}

func TestPlainJSONIsAskedForWithoutASchema(t *testing.T) {
	r := hello("toy")
	r.Format = json.RawMessage(`"json"`)
	if diff := cmp.Diff(map[string]any{"type": "json_object"}, sent(t, "x", r)["response_format"]); diff != "" {
		t.Error(diff)
	}
}
