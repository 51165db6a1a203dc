package compat_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/julienschmidt/httprouter"
	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/shared"
	"go.uber.org/goleak"

	"github.com/jarvis-host/jarvis/host/compat"
	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/session"
	"github.com/jarvis-host/jarvis/host/turn"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// engine is an assistant and a model that say what they were asked.
type engine struct {
	assisted   []string
	remembered []bool
	completed  []llm.Request
	model      func(q llm.Request, yield func(llm.Event, error) bool)
	assist     func(ctx context.Context, history []turn.Message, text string, yield func(turn.Event, error) bool)
	limit      error
	allowed    int
}

func (e *engine) Assist(ctx context.Context, _ session.Identity, u compat.Utterance) iter.Seq2[turn.Event, error] {
	history, text := u.History, u.Text
	e.assisted, e.remembered = append(e.assisted, text), append(e.remembered, u.Remember)
	return func(yield func(turn.Event, error) bool) {
		if e.assist != nil {
			e.assist(ctx, history, text, yield)
			return
		}
		for _, s := range []string{"you said ", text} {
			if !yield(turn.Delta{Text: s}, nil) {
				return
			}
		}
		yield(turn.Done{Text: "you said " + text, State: turn.Answered, Usage: &turn.Usage{PromptTokens: 3, CompletionTokens: 2}}, nil)
	}
}

func (e *engine) Complete(_ context.Context, _ session.Identity, q llm.Request) iter.Seq2[llm.Event, error] {
	e.completed = append(e.completed, q)
	return func(yield func(llm.Event, error) bool) { e.model(q, yield) }
}

func (e *engine) Embed(_ context.Context, _ session.Identity, q llm.EmbedRequest) (llm.Embeddings, error) {
	var out llm.Embeddings
	for i := range q.Texts {
		out.Vectors = append(out.Vectors, []float32{float32(i), 0.5, -1})
	}
	out.Usage.PromptTokens = 4
	return out, nil
}

func (e *engine) Models(session.Identity) []compat.Model {
	return []compat.Model{{Name: "jarvis", Owner: "jarvis", Tools: true, Window: 8192}, {Name: "llama3.2:1b", Owner: "ollama", Embeds: true}}
}

func (e *engine) Words(_, key string, _ ...any) string { return key }
func (e *engine) Allow() error                         { e.allowed++; return e.limit }

func serve(t *testing.T, e *engine) string {
	t.Helper()
	return serveUnder(t, e, context.Background())
}

// serveUnder serves requests whose context ends with over.
func serveUnder(t *testing.T, e *engine, over context.Context) string { //nolint:revive // the context of others
	t.Helper()
	door := compat.New("1.0.0", time.Now, func(_ *turn.Question, text string) turn.Reply { return turn.Reply{Value: text} })
	router := httprouter.New()
	for _, r := range door.Routes() {
		router.Handle(r.Method, r.Path, func(w http.ResponseWriter, req *http.Request, _ httprouter.Params) {
			body, _ := io.ReadAll(req.Body)
			ctx, cancel := context.WithCancelCause(over) // its end is the request's before end returns
			defer context.AfterFunc(req.Context(), func() { cancel(context.Cause(req.Context())) })()
			req = req.WithContext(ctx)
			r.Serve(w, req, body, session.Identity{User: "anna", Role: turn.RoleUser, Lang: "en"}, e)
		})
	}
	web := httptest.NewServer(router)
	t.Cleanup(func() { web.Close(); door.Close() })
	return web.URL
}

func client(url string) openai.Client {
	return openai.NewClient(option.WithBaseURL(url+"/v1/"), option.WithAPIKey("k"), option.WithMaxRetries(0),
		option.WithHTTPClient(&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}))
}

func ask(text string) openai.ChatCompletionNewParams {
	return openai.ChatCompletionNewParams{Model: "jarvis", Messages: []openai.ChatCompletionMessageParamUnion{openai.UserMessage(text)}}
}

// I02: the official client gets an answer whole and in a stream, with usage.
func TestTheOfficialClientChats(t *testing.T) {
	e := &engine{}
	c := client(serve(t, e))
	got, err := c.Chat.Completions.New(t.Context(), ask("hello"))
	if err != nil {
		t.Fatal(err)
	}
	if got.Choices[0].Message.Content != "you said hello" || got.Choices[0].FinishReason != "stop" || got.Usage.TotalTokens != 5 {
		t.Errorf("got %s", got.RawJSON())
	}
	p := ask("again")
	p.StreamOptions.IncludeUsage = openai.Bool(true)
	stream := c.Chat.Completions.NewStreaming(t.Context(), p)
	var acc openai.ChatCompletionAccumulator
	for stream.Next() {
		acc.AddChunk(stream.Current())
	}
	if err := stream.Err(); err != nil {
		t.Fatal(err)
	}
	if acc.Choices[0].Message.Content != "you said again" || acc.Choices[0].FinishReason != "stop" || acc.Usage.TotalTokens != 5 {
		t.Errorf("streamed %+v", acc.ChatCompletion)
	}
	models, err := c.Models.List(t.Context())
	if err != nil || len(models.Data) != 2 || models.Data[0].ID != "jarvis" {
		t.Errorf("models: %+v, %v", models, err)
	}
	if e.allowed != 2 {
		t.Errorf("%d messages were counted, want 2", e.allowed)
	}
}

// I02: a program's own tools are its own to run: the model alone is asked, and
// the calls come back.
func TestAProgramsToolsComeBackToIt(t *testing.T) {
	e := &engine{model: func(q llm.Request, yield func(llm.Event, error) bool) {
		if q.Messages[len(q.Messages)-1].Role == llm.Tool {
			yield(llm.Delta{Text: "it is " + q.Messages[len(q.Messages)-1].Content}, nil)
			yield(llm.Finish{Reason: llm.ReasonStop}, nil)
			return
		}
		_ = yield(llm.ToolCall{ID: "call_a", Name: "clock", Arguments: json.RawMessage(`{"zone":"UTC"}`)}, nil) &&
			yield(llm.ToolCall{ID: "call_b", Name: "clock", Arguments: json.RawMessage(`{}`)}, nil) &&
			yield(llm.Finish{Reason: llm.ReasonStop}, nil)
	}}
	c := client(serve(t, e))
	p := ask("what time is it")
	p.Tools = []openai.ChatCompletionToolUnionParam{openai.ChatCompletionFunctionTool(shared.FunctionDefinitionParam{
		Name: "clock", Parameters: shared.FunctionParameters{"type": "object"},
	})}
	stream := c.Chat.Completions.NewStreaming(t.Context(), p)
	var acc openai.ChatCompletionAccumulator
	for stream.Next() {
		acc.AddChunk(stream.Current())
	}
	if err := stream.Err(); err != nil {
		t.Fatal(err)
	}
	calls := acc.Choices[0].Message.ToolCalls
	if len(calls) != 2 || calls[0].ID != "call_a" || calls[0].Function.Arguments != `{"zone":"UTC"}` || acc.Choices[0].FinishReason != "tool_calls" {
		t.Fatalf("got %+v", acc.Choices[0])
	}
	p.Messages = append(p.Messages, acc.Choices[0].Message.ToParam(), openai.ToolMessage("noon", "call_a"), openai.ToolMessage("midnight", "call_b"))
	got, err := c.Chat.Completions.New(t.Context(), p)
	if err != nil || got.Choices[0].Message.Content != "it is midnight" {
		t.Errorf("got %+v, %v", got, err)
	}
	sent := e.completed[1].Messages
	if sent[1].ToolCalls[0].Name != "clock" || sent[2].ToolName != "clock" || sent[2].ToolCallID != "call_a" {
		t.Errorf("the model got %+v", sent)
	}
	if len(e.assisted) > 0 {
		t.Error("the assistant was asked too")
	}
}

// I03: other models, wanted formats and background prompts pass to a provider.
func TestWhatIsNotForTheAssistantPassesThrough(t *testing.T) {
	says := func(_ llm.Request, yield func(llm.Event, error) bool) {
		_ = yield(llm.Delta{Text: `{"title":"x"}`}, nil) && yield(llm.Finish{Reason: llm.ReasonLength}, nil)
	}
	for name, test := range map[string]struct {
		body   string
		limits int
		check  func(q llm.Request) bool
	}{
		"another model": {`{"model":"llama3.2:1b","messages":[{"role":"system","content":"s"},{"role":"user","content":"hi"}],"temperature":0.5,"max_tokens":9}`, 1, func(q llm.Request) bool {
			return q.Route == "llama3.2:1b" && *q.Temperature == 0.5 && q.MaxTokens == 9 && len(q.Messages) == 2
		}},
		"a schema":          {`{"model":"jarvis","messages":[{"role":"user","content":"hi"}],"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object"}}}}`, 1, func(q llm.Request) bool { return string(q.Format) == `{"type":"object"}` && q.Route == "" }},
		"a background task": {`{"model":"jarvis","messages":[{"role":"user","content":"### Task:\nGenerate a title"}]}`, 0, func(q llm.Request) bool { return len(q.Tools) == 0 }},
		"parts":             {`{"model":"other","messages":[{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}],"unknown_member":{"x":1}}`, 1, func(q llm.Request) bool { return q.Messages[0].Content == "ab" }},
		"no tool choice":    {`{"model":"other","messages":[{"role":"user","content":"x"}],"tools":[{"type":"function","function":{"name":"f"}}],"tool_choice":"none"}`, 1, func(q llm.Request) bool { return len(q.Tools) == 0 }},
	} {
		e := &engine{model: says}
		status, got := post(t, serve(t, e)+"/v1/chat/completions", test.body)
		if status != http.StatusOK || !strings.Contains(got, `"finish_reason":"length"`) || len(e.completed) != 1 || !test.check(e.completed[0]) {
			t.Errorf("%s: %d %s, asked %+v", name, status, got, e.completed)
		}
		if e.allowed != test.limits || len(e.assisted) > 0 {
			t.Errorf("%s: counted %d, assisted %v", name, e.allowed, e.assisted)
		}
	}
}

func post(t *testing.T, url, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(raw)
}

// Bad input gets one clear error in the protocol's own shape.
func TestWhatCannotBeReadIsRefusedInTheProtocolsShape(t *testing.T) {
	e := &engine{}
	url := serve(t, e)
	for body, field := range map[string]string{
		`{"model":"jarvis","messages":[]}`:                                                               "messages",
		`{"messages":[{"role":"user","content":"x"}]}`:                                                   "model",
		`{"model":"jarvis","n":2,"messages":[{"role":"user","content":"x"}]}`:                            "n",
		`{"model":"jarvis","messages":[{"role":"king","content":"x"}]}`:                                  "messages[0].role",
		`{"model":"jarvis","messages":[{"role":"user","content":5}]}`:                                    "messages[0].content",
		`{"model":"jarvis","messages":[{"role":"user","content":[{"type":"image_url"}]}]}`:               "messages[0].content[0].type",
		`{"model":5,"messages":[]}`:                                                                      "model",
		`{"model":"jarvis","messages":[{"role":"user","content":"x"}],"response_format":{"type":"xml"}}`: "response_format.type",
		`{"model":"jarvis","messages":[{"role":"user","content":"x"}],"tools":[{"type":"web"}]}`:         "tools[0]",
		`{"model":"jarvis","messages":[{"role":"user","content":"` + strings.Repeat("x", 4097) + `"}]}`:  "messages",
	} {
		status, got := post(t, url+"/v1/chat/completions", body)
		var f struct {
			Error struct{ Message, Param, Type string }
		}
		if err := json.Unmarshal([]byte(got), &f); err != nil || status < 400 || f.Error.Param != field || f.Error.Message == "" {
			t.Errorf("%.60s: got %d %s, want an error about %s", body, status, got, field)
		}
	}
	if status, got := post(t, url+"/api/chat", `{"model":"jarvis","messages":[{"role":"x"}]}`); status != 400 || !strings.HasPrefix(got, `{"error":"`) {
		t.Errorf("ollama: got %d %s", status, got)
	}
	if status, got := post(t, url+"/v1/chat/completions", `{`); status != 400 || !strings.Contains(got, `"error":{`) {
		t.Errorf("no JSON: got %d %s", status, got)
	}
	if len(e.assisted)+len(e.completed) > 0 {
		t.Error("something was asked all the same")
	}
}

// S05: a limit is told with the time after which trying again makes sense.
func TestALimitIsToldWithItsTime(t *testing.T) {
	e := &engine{limit: &protocol.Problem{Code: protocol.RateLimited, RetryAfter: 1500 * time.Millisecond}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, serve(t, e)+"/v1/chat/completions", strings.NewReader(`{"model":"jarvis","messages":[{"role":"user","content":"x"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusTooManyRequests || resp.Header.Get("Retry-After") != "2" {
		t.Errorf("got %d, Retry-After %q", resp.StatusCode, resp.Header.Get("Retry-After"))
	}
}

// What is full says so with 503 and a time, in both shapes, also when nobody knows
// the time.
func TestWhatIsFullSaysWhenToComeBack(t *testing.T) {
	for path, after := range map[string]time.Duration{"/v1/chat/completions": 0, "/api/chat": 0, "/api/chat?": 2500 * time.Millisecond} {
		e := &engine{model: func(_ llm.Request, yield func(llm.Event, error) bool) {
			yield(nil, &llm.Error{Class: llm.Overloaded, RetryAfter: after})
		}}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, serve(t, e)+path, strings.NewReader(`{"model":"other","messages":[{"role":"user","content":"x"}]}`))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		want := "1"
		if after > 0 {
			want = "3"
		}
		if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") != want {
			t.Errorf("%s: %d, Retry-After %q, want 503 and %s", path, resp.StatusCode, resp.Header.Get("Retry-After"), want)
		}
	}
}

// A cut answer never looks whole: no finish reason, no [DONE], an error frame.
func TestACutAnswerNeverLooksWhole(t *testing.T) {
	e := &engine{model: func(_ llm.Request, yield func(llm.Event, error) bool) {
		_ = yield(llm.Delta{Text: "half an ans"}, nil) && yield(nil, &llm.Error{Class: llm.Interrupted})
	}}
	url := serve(t, e)
	_, got := post(t, url+"/v1/chat/completions", `{"model":"other","stream":true,"messages":[{"role":"user","content":"x"}]}`)
	if !strings.Contains(got, "half an ans") || strings.Contains(got, "[DONE]") || strings.Contains(got, `"finish_reason":"stop"`) || !strings.Contains(got, `data: {"error":{`) {
		t.Errorf("openai: got %s", got)
	}
	_, got = post(t, url+"/api/chat", `{"model":"other","messages":[{"role":"user","content":"x"}]}`)
	if strings.Contains(got, `"done":true`) || !strings.Contains(got, `{"error":"`) {
		t.Errorf("ollama: got %s", got)
	}
}

// An answer whose request ends for a reason says it, in both shapes, streamed or
// not: the credential was revoked meanwhile (fault-H14).
func TestAnAnswerThatIsEndedSaysWhy(t *testing.T) {
	for path, streamed := range map[string][2]string{
		"/v1/chat/completions": {`"stream":true,`, `data: {"error":{`},
		"/api/chat":            {`"stream":true,`, `{"error":"`},
	} {
		for _, model := range []string{"jarvis", "other"} {
			for _, stream := range []bool{true, false} {
				begun, told := make(chan struct{}), make(chan struct{})
				ended, end := context.WithCancelCause(t.Context())
				e := &engine{
					assist: func(ctx context.Context, _ []turn.Message, _ string, yield func(turn.Event, error) bool) {
						if yield(turn.Delta{Text: "half "}, nil) {
							close(begun)
							<-ctx.Done()
							yield(turn.Done{Text: "half ", State: turn.Stopped}, nil) // it need not be an error
						}
					},
					model: func(_ llm.Request, yield func(llm.Event, error) bool) {
						if yield(llm.Delta{Text: "half "}, nil) {
							close(begun)
							<-told
							yield(nil, &llm.Error{Class: llm.Interrupted})
						}
					},
				}
				url := serveUnder(t, e, ended)
				go func() {
					<-begun
					end(&protocol.Problem{Code: protocol.Unauthenticated})
					close(told)
				}()
				mode := `"stream":false,`
				if stream {
					mode = streamed[0]
				}
				status, got := post(t, url+path, `{"model":"`+model+`",`+mode+`"messages":[{"role":"user","content":"x"}]}`)
				if stream && (!strings.Contains(got, streamed[1]) || strings.Contains(got, "[DONE]") || strings.Contains(got, `"done":true`)) {
					t.Errorf("%s %s streamed: %s", path, model, got)
				}
				if !stream && status != http.StatusUnauthorized {
					t.Errorf("%s %s: %d %s", path, model, status, got)
				}
			}
		}
	}
}

// A question ends the answer, and the next request goes on behind it; another
// end user's, or a changed history, begins anew.
func TestAQuestionGoesOnInTheNextRequest(t *testing.T) {
	e := &engine{assist: func(_ context.Context, _ []turn.Message, text string, yield func(turn.Event, error) bool) {
		q := &turn.Question{Kind: turn.AskChoice, Text: "Which Paris?", Options: []turn.Option{{Value: "fr", Label: "France"}, {Value: "us", Label: "Texas"}}, ExpiresIn: time.Minute}
		if text != "weather in Paris" {
			yield(turn.Delta{Text: "anew"}, nil)
			yield(turn.Done{Text: "anew", State: turn.Answered}, nil)
			return
		}
		if yield(q, nil) && yield(turn.Delta{Text: "sunny in " + q.Reply.Value}, nil) {
			yield(turn.Done{Text: "sunny in " + q.Reply.Value, State: turn.Answered}, nil)
		}
	}}
	c := client(serve(t, e))
	p := ask("weather in Paris")
	first, err := c.Chat.Completions.New(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	if want := "Which Paris?\n- France\n- Texas"; first.Choices[0].Message.Content != want {
		t.Fatalf("got %q, want %q", first.Choices[0].Message.Content, want)
	}
	p.Messages = append(p.Messages, first.Choices[0].Message.ToParam(), openai.UserMessage("us"))
	second, err := c.Chat.Completions.New(t.Context(), p)
	if err != nil || second.Choices[0].Message.Content != "sunny in us" {
		t.Errorf("got %+v, %v", second, err)
	}
	third, err := c.Chat.Completions.New(t.Context(), p) // the same reply again: that question is over
	if err != nil || third.Choices[0].Message.Content != "anew" {
		t.Errorf("got %+v, %v", third, err)
	}
}

// A stock Home Assistant finds a model, and talks with it in a stream.
func TestHomeAssistantsWayThroughOllamasInterface(t *testing.T) {
	e := &engine{assist: func(_ context.Context, history []turn.Message, text string, yield func(turn.Event, error) bool) {
		answer := fmt.Sprintf("%d before %s", len(history), text)
		_ = yield(turn.Delta{Text: answer}, nil) && yield(turn.Done{Text: answer, State: turn.Answered}, nil)
	}}
	url := serve(t, e)
	get := func(path string) string {
		resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Get(url + path)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		raw, _ := io.ReadAll(resp.Body)
		return string(raw)
	}
	var tags struct {
		Models []struct{ Model, Name string }
	}
	if err := json.Unmarshal([]byte(get("/api/tags")), &tags); err != nil || len(tags.Models) != 2 || tags.Models[0].Model != "jarvis:latest" {
		t.Errorf("tags: %+v, %v", tags, err)
	}
	if v := get("/api/version"); !strings.Contains(v, `"version":"0.`) {
		t.Errorf("version: %s", v)
	}
	if _, show := post(t, url+"/api/show", `{"model":"jarvis:latest"}`); !strings.Contains(show, `"tools"`) || !strings.Contains(show, "8192") {
		t.Errorf("show: %s", show)
	}
	if status, _ := post(t, url+"/api/show", `{"model":"nope"}`); status != http.StatusNotFound {
		t.Errorf("show of a model that is not there: %d", status)
	}
	if _, load := post(t, url+"/api/chat", `{"model":"jarvis","messages":[]}`); !strings.Contains(load, `"done_reason":"load"`) {
		t.Errorf("load: %s", load)
	}
	_, got := post(t, url+"/api/chat", `{"model":"jarvis:latest","keep_alive":-1,"options":{"num_ctx":8192},"think":false,"messages":[
		{"role":"system","content":"You are a voice"},{"role":"user","content":"hi"},{"role":"assistant","content":"hello"},{"role":"user","content":"turn on the light"}]}`)
	var text string
	var last map[string]any
	for line := range strings.Lines(got) {
		last = nil
		if err := json.Unmarshal([]byte(line), &last); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		text += last["message"].(map[string]any)["content"].(string)
	}
	if text != "2 before turn on the light" || last["done"] != true || last["done_reason"] != "stop" {
		t.Errorf("got %s", got)
	}
}

func TestEmbeddingsComeAsNumbersAndPacked(t *testing.T) {
	url := serve(t, &engine{})
	c := client(url)
	got, err := c.Embeddings.New(t.Context(), openai.EmbeddingNewParams{Model: "jarvis", Input: openai.EmbeddingNewParamsInputUnion{OfArrayOfStrings: []string{"a", "b"}}})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]float64{1, 0.5, -1}, got.Data[1].Embedding); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, packed := post(t, url+"/v1/embeddings", `{"model":"x","input":"a","encoding_format":"base64"}`); !strings.Contains(packed, `"embedding":"AAAAAAAAAD8AAIC/"`) {
		t.Errorf("packed: %s", packed)
	}
	if _, native := post(t, url+"/api/embed", `{"model":"x","input":["a"]}`); !strings.Contains(native, `"embeddings":[[0,0.5,-1]]`) {
		t.Errorf("ollama: %s", native)
	}
}

// L25: a client that goes away cancels what works for it.
func TestAClientThatGoesAwayCancelsTheWork(t *testing.T) {
	cancelled := make(chan struct{})
	e := &engine{assist: func(ctx context.Context, _ []turn.Message, _ string, yield func(turn.Event, error) bool) {
		yield(turn.Delta{Text: "begin"}, nil)
		<-ctx.Done()
		close(cancelled)
	}}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, serve(t, e)+"/v1/chat/completions", strings.NewReader(`{"model":"jarvis","stream":true,"messages":[{"role":"user","content":"x"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if _, err := bufio.NewReader(resp.Body).ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	cancel()
	<-cancelled
}

func FuzzRequests(f *testing.F) {
	f.Add(`{"model":"jarvis","messages":[{"role":"user","content":"x"}]}`)
	f.Add(`{"model":"m","messages":[{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"f","arguments":""}}]}],"stream":true}`)
	e := &engine{model: func(_ llm.Request, yield func(llm.Event, error) bool) { yield(llm.Finish{}, nil) }}
	door := compat.New("1", time.Now, nil)
	f.Fuzz(func(t *testing.T, body string) {
		for _, r := range door.Routes() {
			if r.Method == http.MethodPost {
				w := httptest.NewRecorder()
				r.Serve(w, httptest.NewRequest(r.Method, "http://h/x", nil), []byte(body), session.Identity{User: "u"}, e)
				if w.Code >= 500 {
					t.Fatalf("%s: %q gives %d %s", r.Path, body, w.Code, w.Body)
				}
			}
		}
	})
}

// What is said through the door is remembered, unless the program says not to.
func TestAProgramMayKeepAnUtteranceOutOfMemory(t *testing.T) {
	e := &engine{}
	url := serve(t, e)
	for _, body := range []string{``, `,"store":true`, `,"store":null`, `,"store":false`} {
		post(t, url+"/v1/chat/completions", `{"model":"jarvis","messages":[{"role":"user","content":"hello"}]`+body+`}`)
	}
	post(t, url+"/api/chat", `{"model":"jarvis","messages":[{"role":"user","content":"hello"}]}`)
	if want := []bool{true, true, true, false, true}; !slices.Equal(e.remembered, want) {
		t.Errorf("remembered %v, want %v", e.remembered, want)
	}
}
