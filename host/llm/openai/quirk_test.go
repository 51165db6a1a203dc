package openai_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/host/llm"
)

// Each dialect is a whole answer as one kind of server writes it, in the
// project's own words.
func TestEveryDialectIsUnderstood(t *testing.T) { // I03
	figures := llm.Usage{PromptTokens: 7, CompletionTokens: 2, Model: "toy"}
	timed := figures
	timed.Prompt, timed.Generate, timed.Total = 5*time.Millisecond, 10*time.Millisecond, 15*time.Millisecond
	for name, c := range map[string]struct {
		body  string
		usage llm.Usage
	}{
		"llama.cpp: figures and timings with the last delta": {data(part(`{"role":"assistant","content":null}`), one, two,
			`{"model":"toy","choices":[{"finish_reason":"stop","index":0,"delta":{}}],"usage":{"prompt_tokens":7,"completion_tokens":2},"timings":{"prompt_n":7,"prompt_ms":5,"predicted_n":2,"predicted_ms":10,"n_ctx":2048}}`,
			"[DONE]"), timed},
		"ik_llama.cpp: figures in an event of their own": {data(one, two, end("stop"),
			`{"choices":[],"model":"toy","usage":{"prompt_tokens":7,"completion_tokens":2},"timings":{"prompt_n":1,"prompt_ms":5,"predicted_n":2,"predicted_ms":10}}`,
			"[DONE]"), timed},
		"timings alone": {data(one, two,
			`{"model":"toy","choices":[{"finish_reason":"stop","index":0,"delta":{}}],"timings":{"prompt_n":3,"cache_n":4,"prompt_ms":5,"predicted_n":2,"predicted_ms":10}}`,
			"[DONE]"), timed},
		"Ollama: the role again and again": {data(
			`{"model":"toy","choices":[{"index":0,"delta":{"role":"assistant","content":"one"},"finish_reason":null}]}`,
			`{"model":"toy","choices":[{"index":0,"delta":{"role":"assistant","content":" two"},"finish_reason":null}]}`,
			`{"model":"toy","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":"stop"}]}`,
			`{"model":"toy","choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2,"total_tokens":9}}`, "[DONE]"), figures},
		"vLLM: figures on each event, an empty list of choices first": {data(
			`{"model":"toy","choices":[],"usage":{"prompt_tokens":7,"completion_tokens":0}}`,
			`{"model":"toy","choices":[{"index":0,"delta":{"content":"one"},"finish_reason":null,"stop_reason":null}],"usage":{"prompt_tokens":7,"completion_tokens":1}}`,
			two, `{"model":"toy","choices":[{"index":0,"delta":{"content":""},"finish_reason":"stop","stop_reason":null}],"usage":{"prompt_tokens":7,"completion_tokens":2}}`,
			"[DONE]"), figures},
		"OpenRouter: comments, a cost, more keys": {
			": OPENROUTER PROCESSING\n\n: OPENROUTER PROCESSING\n\n" + data(
				`{"id":"gen-1","provider":"x","choices":[{"index":0,"delta":{"role":"assistant","content":"one"},"finish_reason":null,"native_finish_reason":null}]}`,
				two, `{"model":"toy","choices":[{"index":0,"delta":{"content":""},"finish_reason":"stop","native_finish_reason":"end"}]}`,
				`{"model":"toy","choices":[{"index":0,"delta":{"content":""},"finish_reason":null}],"usage":{"prompt_tokens":7,"completion_tokens":2,"cost":0.5}}`, "[DONE]"),
			llm.Usage{PromptTokens: 7, CompletionTokens: 2, Model: "toy", Cost: 0.5},
		},
		"OpenAI: null figures, an obfuscation, a fingerprint": {data(
			`{"id":"c","system_fingerprint":"f","service_tier":"t","obfuscation":"x","usage":null,"choices":[{"index":0,"delta":{"role":"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":null}]}`,
			`{"obfuscation":"yy","usage":null,"choices":[{"index":0,"delta":{"content":"one two"},"finish_reason":null}]}`,
			end("stop"), `{"model":"toy","choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2,"completion_tokens_details":{"reasoning_tokens":0}}}`, "[DONE]"), figures},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ask(t, saying(t, c.body), hello("asked"))
			f, ok := finish(got)
			if err != nil || !ok || text(got) != "one two" {
				t.Fatalf("got %v, %v", got, err)
			}
			if diff := cmp.Diff(llm.Finish{Reason: llm.ReasonStop, Usage: c.usage}, f); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestVariantsOfTheFramingAreUnderstood(t *testing.T) {
	whole := data(one, two, end("stop"), "[DONE]")
	for name, body := range map[string]string{
		"plain":                          whole,
		"carriage returns":               strings.ReplaceAll(whole, "\n", "\r\n"),
		"no space after the colon":       strings.ReplaceAll(whole, "data: ", "data:"),
		"byte order mark":                "\uFEFF" + whole,
		"comments":                       ": ping\n\n:\n" + strings.ReplaceAll(whole, "\n\n", "\n: still here\n\n"),
		"names and ids":                  "retry: 3\nevent: chunk\nid: 1\n" + whole,
		"no blank lines":                 strings.ReplaceAll(whole, "\n\n", "\n"),
		"events in several lines":        strings.ReplaceAll(whole, `"choices":`, "\ndata: \"choices\":\ndata:  "),
		"no [DONE]":                      data(one, two, end("stop")),
		"no last line feed":              data(one, two) + "data: " + end("stop"),
		"[DONE] twice":                   whole + data("[DONE]"),
		"more after [DONE]":              whole + data(one, "{{{", `{"error":"too late"}`),
		"objects without a field's name": strings.ReplaceAll(whole, "data: ", ""),
		"no choices":                     data(`{"choices":[]}`, `{"choices":null}`, `{}`) + whole,
		"empty members":                  data(part(`{}`), part(`{"content":null}`), part(`{"content":""}`), `{"choices":[{"index":0,"delta":null}]}`, `{"error":null,"choices":[]}`) + whole,
		"another choice":                 data(`{"choices":[{"index":1,"delta":{"content":"no"},"finish_reason":"stop"}]}`) + whole,
		"content in parts":               data(part(`{"content":[{"type":"text","text":"one"},{"type":"text","text":" two"}]}`), end("stop")),
		"the end with the last text":     data(one, `{"choices":[{"index":0,"delta":{"content":" two"},"finish_reason":"stop"}]}`),
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ask(t, saying(t, body), hello("toy"))
			if f, ok := finish(got); err != nil || !ok || f.Reason != llm.ReasonStop || text(got) != "one two" {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}

func TestAnAnswerThatIsNotStreamedIsUnderstood(t *testing.T) {
	body := `{"model":"toy","choices":[{"finish_reason":"tool_calls","index":0,"message":{"role":"assistant","content":"one two","reasoning_content":"hm",` +
		`"tool_calls":[{"type":"function","function":{"name":"lookup","arguments":"{\"x\":1}"},"id":""}]}}],"usage":{"prompt_tokens":5,"completion_tokens":3}}`
	got, err := ask(t, typed(t, "application/json; charset=utf-8", body), hello("toy"))
	want := []llm.Event{
		llm.Thinking{Text: "hm"},
		llm.Delta{Text: "one two"},
		llm.ToolCall{ID: "call_1_0", Name: "lookup", Arguments: json.RawMessage(`{"x":1}`)},
		llm.Finish{Reason: llm.ReasonStop, Usage: llm.Usage{PromptTokens: 5, CompletionTokens: 3, Model: "toy"}},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

func TestAServerThatCannotStreamToolsIsAskedForTheWholeAnswer(t *testing.T) {
	p := &peer{replies: []string{
		`500 {"error":{"code":500,"message":"Cannot use tools with stream","type":"server_error"}}`,
		`{"choices":[{"finish_reason":"tool_calls","index":0,"message":{"content":null,"tool_calls":[{"type":"function","function":{"name":"lookup","arguments":"{}"},"id":""}]}}]}`,
	}}
	client := raw(t, p.ServeHTTP)
	for range 2 {
		got, err := ask(t, client, withTool("toy"))
		if c, ok := got[0].(llm.ToolCall); err != nil || !ok || c.Name != "lookup" {
			t.Fatalf("got %v, %v", got, err)
		}
	}
	var streams []bool
	for _, b := range p.bodies {
		var q struct{ Stream bool }
		if err := json.Unmarshal([]byte(b), &q); err != nil {
			t.Fatal(err)
		}
		streams = append(streams, q.Stream)
	}
	if diff := cmp.Diff([]bool{true, false, false}, streams); diff != "" {
		t.Error("it should ask for a stream once only:", diff)
	}
}

func TestThinkingComesApartUnderEveryName(t *testing.T) {
	for name, parts := range map[string][]string{
		"reasoning_content": {part(`{"reasoning_content":"let me"}`), part(`{"reasoning_content":" see"}`)},
		"reasoning":         {part(`{"content":"","reasoning":"let me"}`), part(`{"content":null,"reasoning":" see"}`)},
		"both":              {part(`{"reasoning":"let me","reasoning_content":"let me"}`), part(`{"reasoning":" see","reasoning_content":" see"}`)},
		"thinking":          {part(`{"thinking":"let me"}`), part(`{"thinking":" see","reasoning_details":[{}]}`)},
		"a tag":             {part(`{"content":"<think>"}`), part(`{"content":"let me"}`), part(`{"content":" see</th"}`), part(`{"content":"ink>\n\n"}`)},
		"a tag in pieces":   {part(`{"content":"\n<th"}`), part(`{"content":"ink>let"}`), part(`{"content":" me see<"}`), part(`{"content":"/think>"}`)},
	} {
		got, err := ask(t, saying(t, data(append(parts, one, two, end("stop"))...)), hello("toy"))
		if _, ok := finish(got); err != nil || !ok || thought(got) != "let me see" || text(got) != "one two" {
			t.Errorf("%s: thought %q, said %q, %v", name, thought(got), text(got), err)
		}
	}
}

func TestTagsWithinAnAnswerStay(t *testing.T) {
	for _, said := range []string{"<thin ice>", "the tag <think> opens", "<", "a</think>b"} {
		raw, _ := json.Marshal(said)
		got, err := ask(t, saying(t, data(part(`{"content":`+string(raw)+`}`), end("stop"))), hello("toy"))
		if err != nil || text(got) != said {
			t.Errorf("%q became %q, %v", said, text(got), err)
		}
	}
}

// call writes a delta with one tool call's fragment.
func call(fragment string) string { return part(`{"tool_calls":[` + fragment + `]}`) }

func TestToolCallsArePutTogetherFromEveryForm(t *testing.T) {
	two := []llm.Event{
		llm.ToolCall{ID: "a1", Name: "first", Arguments: json.RawMessage(`{"x":1}`)},
		llm.ToolCall{ID: "b2", Name: "second", Arguments: json.RawMessage(`{"y":"é"}`)},
	}
	made := []llm.Event{
		llm.ToolCall{ID: "call_1_0", Name: "first", Arguments: json.RawMessage(`{"x":1}`)},
		llm.ToolCall{ID: "call_1_1", Name: "second", Arguments: json.RawMessage(`{"y":"é"}`)},
	}
	none := []llm.Event{llm.ToolCall{ID: "a1", Name: "first", Arguments: json.RawMessage(`{}`)}}
	for name, c := range map[string]struct {
		parts []string
		want  []llm.Event
	}{
		"fragments by index": {[]string{
			call(`{"index":0,"id":"a1","type":"function","function":{"name":"first","arguments":"{"}}`),
			call(`{"index":0,"function":{"arguments":"\"x\":"}}`), call(`{"index":0,"function":{"arguments":"1}"}}`),
			call(`{"index":1,"id":"b2","function":{"name":"second","arguments":""}}`), call(`{"index":1,"function":{"arguments":"{\"y\":\"é\"}"}}`),
		}, two},
		"fragments in turns": {[]string{
			call(`{"index":0,"id":"a1","function":{"name":"first","arguments":"{\"x\""}},{"index":1,"id":"b2","function":{"name":"second","arguments":"{\"y\":"}}`),
			call(`{"index":1,"function":{"arguments":"\"é\"}"}},{"index":0,"function":{"arguments":":1}"}}`),
		}, two},
		"whole, every index 0": {[]string{
			call(`{"id":"a1","index":0,"type":"function","function":{"name":"first","arguments":"{\"x\":1}"}}`),
			call(`{"id":"b2","index":0,"type":"function","function":{"name":"second","arguments":"{\"y\":\"é\"}"}}`),
		}, two},
		"whole, no index": {[]string{
			call(`{"id":"a1","function":{"name":"first","arguments":"{\"x\":1}"}},{"id":"b2","function":{"name":"second","arguments":"{\"y\":\"é\"}"}}`),
		}, two},
		"fragments, no index": {[]string{
			call(`{"id":"a1","function":{"name":"first","arguments":"{\"x"}}`), call(`{"function":{"arguments":"\":1}"}}`),
			call(`{"id":"b2","function":{"name":"second","arguments":"{\"y\":"}}`), call(`{"id":"b2","function":{"arguments":"\"é\"}"}}`),
		}, two},
		"objects for arguments": {[]string{
			call(`{"index":0,"id":"a1","function":{"name":"first","arguments":{"x":1}}}`),
			call(`{"index":1,"id":"b2","function":{"name":"second","arguments":{"y":"é"}}}`),
		}, two},
		"empty ids, every index 0": {[]string{
			call(`{"index":0,"id":"","function":{"name":"first","arguments":"{\"x\":1}"}}`),
			call(`{"index":0,"id":"","function":{"name":"second","arguments":"{\"y\":\"é\"}"}}`),
		}, made},
		"neither id nor index": {[]string{
			call(`{"function":{"name":"first","arguments":"{\"x\":1}"}}`), call(`{"function":{"name":"second","arguments":"{\"y\":\"é\"}"}}`),
		}, made},
		"an id used twice": {[]string{
			call(`{"id":"a1","function":{"name":"first","arguments":"{\"x\":1}"}}`), call(`{"id":"a1","function":{"name":"second","arguments":"{\"y\":\"é\"}"}}`),
		}, []llm.Event{two[0], llm.ToolCall{ID: "call_1_1", Name: "second", Arguments: json.RawMessage(`{"y":"é"}`)}}},
		"no arguments":    {[]string{call(`{"index":0,"id":"a1","function":{"name":"first"}}`)}, none},
		"empty arguments": {[]string{call(`{"index":0,"id":"a1","function":{"name":"first","arguments":""}}`)}, none},
		"null arguments":  {[]string{call(`{"index":0,"id":"a1","function":{"name":"first","arguments":null}}`)}, none},
		"name again": {[]string{
			call(`{"index":0,"id":"a1","function":{"name":"first","arguments":""}}`), call(`{"index":0,"id":"a1","function":{"name":"first","arguments":"{}"}}`),
		}, none},
	} {
		for _, reason := range []string{"tool_calls", "stop"} { // the reason says nothing
			got, err := ask(t, saying(t, data(append(c.parts, end(reason), "[DONE]")...)), hello("toy"))
			want := append(append([]llm.Event{}, c.want...), llm.Finish{Reason: llm.ReasonStop, Usage: llm.Usage{Model: "toy"}})
			if diff := cmp.Diff(want, got); err != nil || diff != "" {
				t.Errorf("%s, %s: %v\n%s", name, reason, err, diff)
			}
		}
	}
}

func TestToolCallsThatMeanNothingAreAnError(t *testing.T) { // fault-L15
	for name, c := range map[string]struct{ fragment, says string }{
		"no name":        {`{"index":0,"id":"a","function":{"arguments":"{}"}}`, "no name"},
		"half arguments": {`{"index":0,"id":"a","function":{"name":"lookup","arguments":"{\"x\""}}`, "not a JSON object"},
		"a list":         {`{"index":0,"id":"a","function":{"name":"lookup","arguments":"[1]"}}`, "not a JSON object"},
		"a number":       {`{"index":0,"id":"a","function":{"name":"lookup","arguments":7}}`, "not a JSON object"},
	} {
		got, err := ask(t, saying(t, data(call(c.fragment), end("tool_calls"))), hello("toy"))
		wantError(t, err, llm.Internal, c.says)
		if len(got) != 0 {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

func TestToolCallsAreBounded(t *testing.T) { // fault-L15, fault-L17
	many := make([]string, 200)
	for i := range many {
		many[i] = call(`{"index":` + strconv.Itoa(i) + `,"id":"i` + strconv.Itoa(i) + `","function":{"name":"lookup","arguments":"{}"}}`)
	}
	_, err := ask(t, saying(t, data(many...)), hello("toy"))
	wantError(t, err, llm.Limit, "128 tool calls")
	piece := call(`{"index":0,"id":"a","function":{"name":"lookup","arguments":"` + strings.Repeat("x", 64<<10) + `"}}`)
	_, err = ask(t, saying(t, strings.Repeat(data(piece), 20)), hello("toy"))
	wantError(t, err, llm.Limit, "bytes of arguments")
}

func TestAnErrorInsideTheStreamIsAFailureInEveryForm(t *testing.T) { // fault-L9
	for name, c := range map[string]struct {
		body  string
		class llm.Class
		says  string
	}{
		"an object":          {data(one, `{"error":{"message":"it broke","type":"server_error","param":null,"code":null}}`), llm.Internal, "it broke"},
		"a numeric code":     {data(one, `{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}`), llm.Overloaded, "Loading model"},
		"a code in a text":   {data(one, `{"error":{"code":"429","message":"slow down"}}`), llm.Overloaded, "slow down"},
		"a text for a code":  {data(one, `{"error":{"code":"context_length_exceeded","message":"maximum context length is 8192 tokens"}}`), llm.TooLarge, "8192"},
		"a text":             {data(one, `{"error":"it broke"}`), llm.Internal, "it broke"},
		"no message":         {data(one, `{"error":{"kind":7}}`), llm.Internal, `"kind":7`},
		"a field of its own": {data(one) + `error: {"code":500,"message":"it broke","type":"server_error"}` + "\n\n", llm.Internal, "it broke"},
		"a field, wrapped":   {data(one) + `error: {"error":{"code":400,"message":"it broke"}}` + "\n\n", llm.Refused, "it broke"},
		"a field of nothing": {data(one) + "error:\n\n", llm.Internal, "without a text"},
		"an event's name":    {data(one) + "event: error\n" + data(`{"error":{"message":"it broke"}}`), llm.Internal, "it broke"},
		"a reason":           {data(one, end("error")), llm.Internal, "with an error"},
		"beside a reason": {
			data(one, `{"error":{"code":502,"message":"Provider disconnected"},"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]}`),
			llm.Unreachable, "Provider disconnected",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ask(t, saying(t, c.body+data(two, end("stop"), "[DONE]")), hello("toy"))
			wantError(t, err, c.class, c.says)
			if text(got) != "one" {
				t.Errorf("said %q, want what came before", text(got))
			}
		})
	}
}

func TestAnErrorInPlaceOfAnAnswerIsAFailure(t *testing.T) {
	_, err := ask(t, typed(t, "application/json", `{"error":{"code":402,"message":"no credit"}}`), hello("toy"))
	wantError(t, err, llm.Refused, "no credit")
}

func TestAStreamWithoutItsEndIsAnInterruption(t *testing.T) {
	for name, body := range map[string]string{
		"nothing":                 "",
		"only [DONE]":             data("[DONE]"), // vLLM, when it fails before the first token
		"text, then nothing":      data(one),
		"text, then [DONE]":       data(one, "[DONE]"),
		"only comments":           ": ping\n\n: ping\n\n",
		"an empty reason":         data(one, end("")),
		"half an object":          data(one) + `data: {"choices":[{"index":0,"delta":{"content":" tw`,
		"half an object, one end": data(one) + `data: {"choices":[{"index":0,"delta":{"content":" tw` + "\n",
		"figures alone":           data(one, `{"choices":[],"usage":{"prompt_tokens":1}}`, "[DONE]"),
	} {
		_, err := ask(t, saying(t, body), hello("toy"))
		if e := wantError(t, err, llm.Interrupted); e != nil && e.Provider != "openai" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestACutAtAnyByteNeverFinishes(t *testing.T) {
	whole := data(one, two, end("stop"), "[DONE]")
	marker := strings.Index(whole, `"stop"}]}`) + len(`"stop"}]}`)
	for n := range marker {
		p := raw(t, func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, whole[:n])
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		})
		got, err := ask(t, p, hello("toy"))
		if _, ok := finish(got); ok || err == nil {
			t.Fatalf("cut after %d bytes: got %v, %v", n, got, err)
		}
		p.Close()
	}
}

func TestAStreamInPiecesOfOneByteReadsTheSame(t *testing.T) { // fault-L10: UTF-8 split across chunks
	body := data(part(`{"content":"déjà 🙂"}`), end("stop"), "[DONE]")
	p := raw(t, func(w http.ResponseWriter, _ *http.Request) {
		for i := range len(body) {
			_, _ = io.WriteString(w, body[i:i+1])
			_ = http.NewResponseController(w).Flush()
		}
	})
	got, err := ask(t, p, hello("toy"))
	if err != nil || text(got) != "déjà 🙂" {
		t.Errorf("got %q, %v", text(got), err)
	}
}

func TestLinesAreBounded(t *testing.T) { // fault-L10
	long := strings.Repeat("x", 900<<10)
	got, err := ask(t, saying(t, data(part(`{"content":"`+long+`"}`), end("stop"))), hello("toy"))
	if err != nil || len(text(got)) != len(long) {
		t.Errorf("%d bytes, %v", len(text(got)), err)
	}
	sent := 0
	endless := raw(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `data: {"choices":[{"delta":{"content":"`)
		for range 1600 { // 100 MB
			n, err := io.WriteString(w, strings.Repeat("x", 64<<10))
			if sent += n; err != nil {
				return
			}
		}
	})
	_, err = ask(t, endless, hello("toy"))
	wantError(t, err, llm.Internal, "longer than")
	endless.Close()
	_, err = ask(t, saying(t, data(one)+strings.Repeat("data: {\"a\":\n", 200_000)), hello("toy"))
	wantError(t, err, llm.Internal, "longer than")
}

func TestBadJSONIsAFailure(t *testing.T) { // fault-L10
	for name, line := range map[string]string{
		"text": "data: Internal Server Error\n\n", "half an object": "data: {\"choices\":[\n\n",
		"a wrong type": data(`{"choices":{"index":0}}`), "a list": data(`[1]`),
	} {
		got, err := ask(t, saying(t, data(one)+line+data(two, end("stop"))), hello("toy"))
		wantError(t, err, llm.Internal, "event 2")
		if text(got) != "one" {
			t.Errorf("%s: said %q", name, text(got))
		}
	}
}

func TestBytesThatAreNotUTF8DoNotEndTheAnswer(t *testing.T) { // fault-L10
	got, err := ask(t, saying(t, data(part("{\"content\":\"a\xffb\"}"), end("stop"))), hello("toy"))
	if err != nil || text(got) != "a\uFFFDb" {
		t.Errorf("got %q, %v", text(got), err)
	}
}

func TestAServerThatNeverClosesHoldsNoOneUp(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	for _, tail := range []string{data("[DONE]"), ""} {
		p := raw(t, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, data(one, two, end("stop"))+tail)
			_ = http.NewResponseController(w).Flush()
			select {
			case <-release:
			case <-r.Context().Done():
			}
		})
		got, err := ask(t, p, hello("toy"))
		if _, ok := finish(got); err != nil || !ok {
			t.Errorf("got %v, %v", got, err)
		}
		p.Close()
	}
}

func TestTheReasonIsTold(t *testing.T) {
	for said, want := range map[string]llm.Reason{
		"length": llm.ReasonLength, "stop": llm.ReasonStop, "content_filter": "content_filter", "function_call": llm.ReasonStop,
	} {
		got, err := ask(t, saying(t, data(one, end(said))), hello("toy"))
		if f, _ := finish(got); err != nil || f.Reason != want {
			t.Errorf("%s: %v, %v", said, f.Reason, err)
		}
	}
}

func TestARefusalIsSaid(t *testing.T) {
	got, err := ask(t, saying(t, data(part(`{"content":null,"refusal":"I can't"}`), end("stop"))), hello("toy"))
	if err != nil || text(got) != "I can't" {
		t.Errorf("got %v, %v", got, err)
	}
}
