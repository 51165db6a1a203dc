package ollama_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/llm/ollama"
)

const (
	one  = `{"model":"toy","message":{"role":"assistant","content":"one"},"done":false}`
	two  = `{"model":"toy","message":{"role":"assistant","content":" two"},"done":false}`
	done = `{"model":"toy","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop"}`
)

func calling(calls string) string {
	return `{"message":{"role":"assistant","content":"","tool_calls":` + calls + `},"done":false}`
}

func TestVariantsOfTheFormAreUnderstood(t *testing.T) {
	for name, body := range map[string]string{
		"carriage returns":    one + "\r\n" + two + "\r\n" + done + "\r\n",
		"blank lines":         "\n\n" + one + "\n\n" + two + "\n" + done + "\n",
		"byte order mark":     "\uFEFF" + one + "\n" + two + "\n" + done + "\n",
		"no last line feed":   one + "\n" + two + "\n" + done,
		"null members":        `{"message":{"content":"one","thinking":null,"tool_calls":null},"error":null}` + "\n" + two + "\n" + done + "\n",
		"empty error":         `{"message":{"content":"one"},"error":""}` + "\n" + two + "\n" + done + "\n",
		"unknown members":     `{"x":[1,{"y":2}],"message":{"content":"one","z":{}}}` + "\n" + two + "\n" + done + "\n",
		"empty object":        one + "\n{}\n" + two + "\n" + done + "\n",
		"one object":          `{"model":"toy","message":{"content":"one two"},"done":true,"done_reason":"stop"}`,
		"done twice":          one + "\n" + two + "\n" + done + "\n" + done + "\n",
		"content in the last": one + "\n" + `{"message":{"content":" two"},"done":true,"done_reason":"stop"}` + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ask(t, saying(t, body), hello("toy"))
			if f, ok := finish(got); err != nil || !ok || f.Reason != llm.ReasonStop || text(got) != "one two" {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}

func TestToolCallsAreCollectedAcrossLinesInEveryForm(t *testing.T) {
	body := calling(`[{"function":{"name":"a","arguments":{"x":1}}},{"id":"","function":{"name":"b","arguments":"{\"y\":2}"}}]`) + "\n" +
		calling(`[{"id":"call_x","function":{"index":0,"name":"c","arguments":""}}]`) + "\n" +
		calling(`[{"id":"call_x","function":{"index":0,"name":"d","arguments":null}},{"id":"e1","function":{"name":"e"}}]`) + "\n" +
		done + "\n"
	want := []llm.Event{
		llm.ToolCall{ID: "call_1_0", Name: "a", Arguments: json.RawMessage(`{"x":1}`)},
		llm.ToolCall{ID: "call_1_1", Name: "b", Arguments: json.RawMessage(`{"y":2}`)},
		llm.ToolCall{ID: "call_x", Name: "c", Arguments: json.RawMessage(`{}`)},
		llm.ToolCall{ID: "call_1_3", Name: "d", Arguments: json.RawMessage(`{}`)},
		llm.ToolCall{ID: "e1", Name: "e", Arguments: json.RawMessage(`{}`)},
		llm.Finish{Reason: llm.ReasonStop, Usage: llm.Usage{Model: "toy"}},
	}
	p := saying(t, body)
	for range 2 { // the ids are made up, but not by chance
		got, err := ask(t, p, hello("toy"))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}

func TestArgumentsThatAreNoObjectAreAnError(t *testing.T) {
	for _, args := range []string{`[1]`, `5`, `true`, `"weather"`, `"[1]"`, `"{"`} {
		body := calling(`[{"function":{"name":"weather","arguments":`+args+`}}]`) + "\n" + done + "\n"
		got, err := ask(t, saying(t, body), hello("toy"))
		wantError(t, err, llm.Internal, `"weather"`, "not a JSON object")
		if len(got) != 0 {
			t.Errorf("arguments %s: got %v", args, got)
		}
	}
}

func TestArgumentsAreNotChangedOnTheirWay(t *testing.T) { // fault-L15: whoever runs the tool sees a name given twice
	args := `{"n":12345678901234567890,"n":1e400,"s":"\ud83d\ude42"}`
	got, err := ask(t, saying(t, calling(`[{"id":"i","function":{"name":"a","arguments":`+args+`}}]`)+"\n"+done+"\n"), hello("toy"))
	if err != nil {
		t.Fatal(err)
	}
	if c := got[0].(llm.ToolCall); string(c.Arguments) != args {
		t.Errorf("got %s", c.Arguments)
	}
}

func TestALineThatIsNoChunkIsAnError(t *testing.T) {
	for name, line := range map[string]string{
		"text":              "Internal Server Error",
		"server-sent event": `data: {"message":{"content":"x"}}`,
		"comment":           ": ping",
		"array":             "[]",
		"null":              "null",
		"two objects":       "{} {}",
		"half an object":    `{"message":{"content":"x`,
		"wrong type":        `{"message":{"content":5}}`,
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ask(t, saying(t, one+"\n"+line+"\n"+done+"\n"), hello("toy"))
			wantError(t, err, llm.Internal, "line 2")
			if text(got) != "one" {
				t.Errorf("text is %q, want what came before", text(got))
			}
		})
	}
}

func TestAnErrorInsideTheStreamIsAFailureInEveryForm(t *testing.T) { // fault-L9
	for line, part := range map[string]string{
		`{"error":"out of memory"}`:                               "out of memory",
		`{"error":{"code":500,"message":"it broke"}}`:             "it broke",
		`{"error":{"code":500}}`:                                  `{"code":500}`,
		`{"error":true}`:                                          "true",
		`{"error":"late","message":{"content":"x"},"done":true}`:  "late",
		`{"error":"` + strings.Repeat("x", 5000) + `"}`:           "x…",
		`{"error":"the input length exceeds the context length"}`: "context length",
	} {
		got, err := ask(t, saying(t, one+"\n"+line+"\n"), hello("toy"))
		class := llm.Internal
		if strings.Contains(line, "context length") {
			class = llm.TooLarge
		}
		e := wantError(t, err, class, part)
		if e.Status != http.StatusOK || text(got) != "one" || len(err.Error()) > 1000 {
			t.Errorf("%.60s: status %d, text %q, error of %d bytes", line, e.Status, text(got), len(err.Error()))
		}
	}
}

func TestALongLineWithinTheCapIsRead(t *testing.T) {
	long := strings.Repeat("é", 1<<18) // half of the cap, far more than the reader's buffer
	body := `{"message":{"content":"` + long + `"}}` + "\n" + done + "\n"
	got, err := ask(t, saying(t, body), hello("toy"))
	if err != nil || text(got) != long {
		t.Errorf("got %d bytes, %v", len(text(got)), err)
	}
}

func TestBytesThatAreNotUTF8DoNotEndTheAnswer(t *testing.T) {
	got, err := ask(t, saying(t, "{\"message\":{\"content\":\"a\xff\\ud800b\"}}\n"+done+"\n"), hello("toy"))
	if err != nil || text(got) != "a\uFFFD\uFFFDb" {
		t.Errorf("got %q, %v", text(got), err)
	}
}

// fault-L10: characters cut between packets come out whole.
func TestAStreamInPiecesOfOneByteReadsTheSame(t *testing.T) {
	p := raw(t, func(w http.ResponseWriter, _ *http.Request) {
		for _, b := range []byte(`{"message":{"content":"東京 🙂 é"}}` + "\r\n" + done + "\r\n") {
			_, _ = w.Write([]byte{b})
			_ = http.NewResponseController(w).Flush()
		}
	})
	got, err := ask(t, p, hello("toy"))
	if err != nil || text(got) != "東京 🙂 é" {
		t.Errorf("got %q, %v", text(got), err)
	}
}

// A cut at any place before the final line is whole never counts as an answer.
func TestACutAtAnyByteNeverFinishes(t *testing.T) {
	body := one + "\n" + calling(`[{"id":"i","function":{"name":"a","arguments":{"x":1}}}]`) + "\r\n" + two + "\n" + done
	p := raw(t, func(w http.ResponseWriter, r *http.Request) {
		var q struct {
			Model   string `json:"model"`
			Options struct {
				NumPredict int `json:"num_predict"`
			} `json:"options"`
		}
		_ = json.NewDecoder(r.Body).Decode(&q)
		_, _ = io.WriteString(w, body[:q.Options.NumPredict-1])
		_ = http.NewResponseController(w).Flush()
		if q.Model != "clean" {
			panic(http.ErrAbortHandler)
		}
	})
	cutAt := func(n int, end string) {
		r := hello(end)
		r.MaxTokens = n + 1
		got, err := ask(t, p, r)
		wantError(t, err, llm.Interrupted)
		if _, ok := finish(got); ok || !strings.HasPrefix("one two", text(got)) {
			t.Fatalf("cut at %d, %s end: got %v", n, end, got)
		}
	}
	for n := range len(body) {
		cutAt(n, "clean")
		cutAt(n, "unclean")
	}
	cutAt(len(body), "unclean") // neither the line feed nor a clean end has come
}

func TestAServerThatStaysAfterTheFinalLineHoldsNoOneUp(t *testing.T) {
	gone := make(chan struct{})
	p := raw(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, one+"\n"+done+"\n")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		close(gone)
	})
	if _, err := ask(t, p, hello("toy")); err != nil {
		t.Fatal(err)
	}
	<-gone
}

func TestConnectionsAreUsedAgain(t *testing.T) {
	conns := make(chan string, 4)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conns <- r.RemoteAddr
		_, _ = io.WriteString(w, one+"\n")
		_ = http.NewResponseController(w).Flush()
		_, _ = io.WriteString(w, done+"\n")
	}))
	defer srv.Close()
	p := connect(t, ollama.Config{URL: srv.URL})
	for range cap(conns) {
		// Leaving at the Finish is as good as reading to the end.
		for ev, err := range p.Stream(t.Context(), hello("toy")) {
			if err != nil {
				t.Fatal(err)
			}
			if _, last := ev.(llm.Finish); last {
				break
			}
		}
	}
	first := <-conns
	for range cap(conns) - 1 {
		if next := <-conns; next != first {
			t.Errorf("a request came from %s, the first one from %s", next, first)
		}
	}
}

func TestManyAnswersAtOnceDoNotMix(t *testing.T) {
	p := raw(t, func(w http.ResponseWriter, r *http.Request) {
		var q struct {
			Model string `json:"model"`
		}
		_ = json.NewDecoder(r.Body).Decode(&q)
		for i := range 20 {
			fmt.Fprintf(w, `{"message":{"content":"%s%d "}}`+"\n", q.Model, i)
			_ = http.NewResponseController(w).Flush()
		}
		_, _ = io.WriteString(w, done+"\n")
	})
	var wg sync.WaitGroup
	for n := range 20 {
		wg.Go(func() {
			model := fmt.Sprintf("m%d-", n)
			got, err := collect(p.Stream(t.Context(), hello(model)))
			want := ""
			for i := range 20 {
				want += fmt.Sprintf("%s%d ", model, i)
			}
			if err != nil || text(got) != want {
				t.Errorf("%s: got %q, %v", model, text(got), err)
			}
		})
	}
	wg.Wait()
}
