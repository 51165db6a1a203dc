package llmtest_test

import (
	"encoding/json"
	"maps"
	"regexp"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/llm/llmtest"
)

// The shapes below were recorded from a real server, version 0.24.0: names,
// types, headers and error texts. Values are of no interest here.

const (
	ndjson   = "application/x-ndjson"
	jsonUTF8 = "application/json; charset=utf-8"
	tools    = `"tools":[{"type":"function","function":{"name":"get_weather","description":"d","parameters":{"type":"object"}}}]`
)

type object = map[string]any

func with(base object, more object) object {
	out := maps.Clone(base)
	maps.Copy(out, more)
	return out
}

func chunkShape(message object) object {
	return object{"model": "string", "created_at": "string", "message": with(object{"role": "string", "content": "string"}, message), "done": "bool"}
}

func finalShape(message object) object {
	return with(chunkShape(message), object{
		"done_reason": "string", "total_duration": "number", "load_duration": "number", "prompt_eval_count": "number",
		"prompt_eval_duration": "number", "eval_count": "number", "eval_duration": "number",
	})
}

var (
	callShape = object{"tool_calls": []any{object{
		"id": "string", "function": object{"index": "number", "name": "string", "arguments": object{"city": "string"}},
	}}}
	detailsShape = object{
		"parent_model": "string", "format": "string", "family": "string", "families": []any{"string"},
		"parameter_size": "string", "quantization_level": "string",
	}
)

func contractServer(t *testing.T) *llmtest.Server {
	t.Helper()
	return llmtest.New(t,
		llmtest.Rule{When: "weather", ToolCalls: []llm.ToolCall{
			{Name: "get_weather", Arguments: json.RawMessage(`{"city":"Paris"}`)},
		}},
		llmtest.Rule{When: "ponder", Think: "let me think", Reply: "Forty-two"},
		llmtest.Rule{Reply: "Hello there <you>"},
	)
}

func TestChatRepliesHaveTheRealServersShape(t *testing.T) {
	srv := contractServer(t)
	chunk, final := chunkShape(nil), finalShape(nil)
	for name, c := range map[string]struct {
		body, contentType string
		want              []any
	}{
		"stream": {
			`{"model":"toy","messages":[{"role":"user","content":"hi"}]}`, ndjson,
			[]any{chunk, chunk, chunk, final},
		},
		"whole": {
			`{"model":"toy","stream":false,"messages":[{"role":"user","content":"hi"}]}`, jsonUTF8,
			[]any{final},
		},
		"tool call, stream": {
			`{"model":"toy","messages":[{"role":"user","content":"weather"}],` + tools + `}`, ndjson,
			[]any{chunkShape(callShape), final},
		},
		"tool call, whole": {
			`{"model":"toy","stream":false,"messages":[{"role":"user","content":"weather"}],` + tools + `}`, jsonUTF8,
			[]any{finalShape(callShape)},
		},
		"thinking": {
			`{"model":"toy","think":true,"messages":[{"role":"user","content":"ponder"}]}`, ndjson,
			[]any{
				chunkShape(object{"thinking": "string"}), chunkShape(object{"thinking": "string"}),
				chunkShape(object{"thinking": "string"}), chunk, final,
			},
		},
		"thinking by default, whole": {
			`{"model":"toy","stream":false,"messages":[{"role":"user","content":"ponder"}]}`, jsonUTF8,
			[]any{finalShape(object{"thinking": "string"})},
		},
		"thinking off": {
			`{"model":"toy","think":false,"messages":[{"role":"user","content":"ponder"}]}`, ndjson,
			[]any{chunk, final},
		},
		"load": {
			`{"model":"toy","messages":[]}`, jsonUTF8, []any{with(chunk, object{"done_reason": "string"})},
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := do(t, "POST", srv.URL()+"/api/chat", c.body)
			if got.status != 200 || got.err != nil || got.header.Get("Content-Type") != c.contentType {
				t.Errorf("got status %d, %v, header %v", got.status, got.err, got.header)
			}
			wantNames := []string{"Content-Length", "Content-Type", "Date"}
			if c.contentType == ndjson {
				wantNames = wantNames[1:] // chunked
			}
			if diff := cmp.Diff(wantNames, got.headerNames()); diff != "" {
				t.Error(diff)
			}
			var shapes []any
			for _, o := range got.objects(t) {
				shapes = append(shapes, shape(o))
			}
			if diff := cmp.Diff(c.want, shapes); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestChatValuesAreLikeTheRealServers(t *testing.T) {
	srv := contractServer(t)
	x := do(t, "POST", srv.URL()+"/api/chat", `{"model":"toy","messages":[{"role":"user","content":"weather"}],`+tools+`}`)
	lines := x.objects(t)
	first, last := lines[0], lines[len(lines)-1]
	call := first["message"].(object)["tool_calls"].([]any)[0].(object)
	if id := call["id"].(string); !regexp.MustCompile(`^call_[a-z0-9]{8}$`).MatchString(id) {
		t.Errorf("tool call id %q", id)
	}
	if at, err := time.Parse(time.RFC3339Nano, first["created_at"].(string)); err != nil || at.Location() != time.UTC {
		t.Errorf("created_at %v", first["created_at"])
	}
	if first["model"] != "toy" || first["done"] != false || last["done"] != true || last["done_reason"] != "stop" {
		t.Errorf("got %v ... %v", first, last)
	}
	for body, want := range map[string]string{
		`{"model":"toy","messages":[],"stream":true}`:                                                                       "load",
		`{"model":"toy","messages":[],"keep_alive":0}`:                                                                      "unload",
		`{"model":"toy","stream":false,"options":{"num_predict":2},"messages":[{"role":"user","content":"hi"}]}`:            "length",
		`{"model":"toy","stream":false,"keep_alive":"2s","messages":[{"role":"user","content":"hi"}]}`:                      "stop",
		`{"model":"toy","stream":false,"keep_alive":-1,"format":"json","messages":[{"role":"user","content":"hi"}]}`:        "stop",
		`{"model":"toy","stream":false,"format":{"type":"object"},"messages":[{"role":"user","content":"hi"}]}`:             "stop",
		`{"model":"toy","stream":false,"options":{"bogus":1,"num_predict":30},"messages":[{"role":"user","content":"hi"}]}`: "stop",
	} {
		if got := do(t, "POST", srv.URL()+"/api/chat", body).objects(t)[0]["done_reason"]; got != want {
			t.Errorf("%s: done_reason %v, want %s", body, got, want)
		}
	}
}

func TestQuestionsAboutModelsHaveTheRealServersShape(t *testing.T) {
	srv := contractServer(t)
	do(t, "POST", srv.URL()+"/api/chat", `{"model":"toy","messages":[]}`) // something for ps
	for _, c := range []struct {
		method, path, body string
		want               object
	}{
		{"GET", "/api/version", "", object{"version": "string"}},
		{"GET", "/api/tags", "", object{"models": []any{object{
			"name": "string", "model": "string", "modified_at": "string", "size": "number", "digest": "string", "details": detailsShape,
		}}}},
		{"GET", "/api/ps", "", object{"models": []any{object{
			"name": "string", "model": "string", "size": "number", "digest": "string", "details": detailsShape,
			"expires_at": "string", "size_vram": "number", "context_length": "number",
		}}}},
		{"POST", "/api/show", `{"model":"toy"}`, object{
			"modelfile": "string", "parameters": "string", "template": "string", "details": detailsShape,
			"model_info": object{"general.architecture": "string", "llama.context_length": "number"},
			"tensors":    []any{}, "capabilities": []any{"string"}, "modified_at": "string",
		}},
		{"POST", "/api/embed", `{"model":"toyembed","input":["a","b"]}`, object{
			"model": "string", "embeddings": []any{[]any{"number"}}, "total_duration": "number",
			"load_duration": "number", "prompt_eval_count": "number",
		}},
		{"POST", "/api/embed", `{"model":"toyembed","input":[]}`, object{"model": "string", "embeddings": []any{}}},
	} {
		got := do(t, c.method, srv.URL()+c.path, c.body)
		if got.status != 200 || got.header.Get("Content-Type") != jsonUTF8 {
			t.Errorf("%s: status %d, header %v", c.path, got.status, got.header)
		}
		if diff := cmp.Diff(any(c.want), shape(got.objects(t)[0])); diff != "" {
			t.Errorf("%s: %s", c.path, diff)
		}
	}
}

func TestErrorsHaveTheRealServersStatusAndText(t *testing.T) {
	srv := contractServer(t)
	user := `"messages":[{"role":"user","content":"x"}]`
	for _, c := range []struct {
		path, body string
		status     int
		text       string
	}{
		{"chat", `{"model":`, 400, "unexpected EOF"},
		{"chat", ``, 400, "missing request body"},
		{"chat", `{"messages":[]}`, 400, "model is required"},
		{"chat", `{"model":"","messages":[]}`, 400, "model is required"},
		{"chat", `{"model":"nope",` + user + `}`, 404, "model 'nope' not found"},
		{"chat", `{"model":"toyembed",` + user + `}`, 400, `"toyembed" does not support chat`},
		{"chat", `{"model":"plain","think":true,` + user + `}`, 400, `"plain" does not support thinking`},
		{"chat", `{"model":"plain",` + user + `,` + tools + `}`, 400, "registry.ollama.ai/library/plain:latest does not support tools"},
		{"chat", `{"model":"toy","options":{"num_predict":"ten"},` + user + `}`, 500, `option "num_predict" must be of type integer`},
		{"chat", `{"model":"toy","keep_alive":"soon",` + user + `}`, 400, `time: invalid duration "soon"`},
		{"chat", `{"model":"toy","format":"yaml",` + user + `}`, 500, `invalid format: "\"yaml\""; expected "json" or a valid JSON Schema object`},
		{"show", `{"model":"nope"}`, 404, "model 'nope' not found"},
		{"embed", `{"model":"nope","input":"x"}`, 404, `model "nope" not found, try pulling it first`},
		{"embed", `{"model":"toyembed","input":5}`, 400, "invalid input type"},
	} {
		got := do(t, "POST", srv.URL()+"/api/"+c.path, c.body)
		if got.status != c.status || got.header.Get("Content-Type") != jsonUTF8 {
			t.Errorf("%s %s: status %d, header %v", c.path, c.body, got.status, got.header)
		}
		if diff := cmp.Diff([]object{{"error": c.text}}, got.objects(t)); diff != "" {
			t.Errorf("%s %s: %s", c.path, c.body, diff)
		}
	}
}

func TestOtherRoutesAnswerInPlainText(t *testing.T) {
	srv := contractServer(t)
	for _, c := range []struct {
		method, path, contentType, body string
		status                          int
	}{
		{"GET", "/", "text/plain; charset=utf-8", "Ollama is running", 200},
		{"HEAD", "/", "text/plain; charset=utf-8", "", 200},
		{"HEAD", "/api/version", jsonUTF8, "", 200},
		{"GET", "/api/nothing", "text/plain", "404 page not found", 404},
		{"GET", "/api/chat", "text/plain", "405 method not allowed", 405},
	} {
		got := do(t, c.method, srv.URL()+c.path, "")
		if got.status != c.status || got.body != c.body || got.header.Get("Content-Type") != c.contentType {
			t.Errorf("%s %s: got %+v", c.method, c.path, got)
		}
		if allow := got.header.Get("Allow"); (allow == "POST") != (c.status == 405) {
			t.Errorf("%s %s: Allow is %q", c.method, c.path, allow)
		}
	}
}

func TestWhatIsInMemoryFollowsKeepAlive(t *testing.T) {
	srv := contractServer(t)
	loaded := func() int {
		return len(do(t, "GET", srv.URL()+"/api/ps", "").objects(t)[0]["models"].([]any))
	}
	steps := []struct {
		body string
		want int
	}{
		{`{"model":"toy","messages":[]}`, 1},
		{`{"model":"llama3.2:1b","messages":[],"keep_alive":-1,"options":{"num_ctx":4096}}`, 2},
		{`{"model":"toy","messages":[],"keep_alive":0}`, 1},
	}
	for _, s := range steps {
		do(t, "POST", srv.URL()+"/api/chat", s.body)
		if n := loaded(); n != s.want {
			t.Errorf("after %s: %d models, want %d", s.body, n, s.want)
		}
	}
	m := do(t, "GET", srv.URL()+"/api/ps", "").objects(t)[0]["models"].([]any)[0].(object)
	if m["context_length"] != 4096.0 {
		t.Errorf("context_length is %v, want what the request asked for", m["context_length"])
	}
}
