package ollama_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/llm/llmtest"
	"github.com/jarvis-host/jarvis/host/llm/ollama"
)

// against returns a scripted server with one rule, and a client of it.
func against(t *testing.T, rules ...llmtest.Rule) (*llmtest.Server, *ollama.Provider) {
	t.Helper()
	srv := llmtest.New(t, rules...)
	return srv, connect(t, ollama.Config{URL: srv.URL()})
}

func withTool(r llm.Request) llm.Request {
	r.Tools = []llm.ToolDef{{Name: "get_weather", Description: "the weather"}}
	return r
}

// What came already is one step; what is to come holds up no word.
func TestWordsAreJoinedOnlyWhenTheyAreHere(t *testing.T) {
	heard := make(chan string)
	p := raw(t, func(w http.ResponseWriter, r *http.Request) {
		line := func(text string) string { return fmt.Sprintf(`{"message":{"content":%q},"done":false}`+"\n", text) }
		for _, part := range []struct{ said, heard string }{
			{line("a"), "a"},
			{line("b") + line("c") + line("d"), "bcd"},
			{line("e") + `{"message":{"content":""},"done":false}` + "\n", "e"},
			{line("f") + `{"message":`, "f"},
		} {
			_, _ = io.WriteString(w, part.said)
			_ = http.NewResponseController(w).Flush()
			select {
			case got := <-heard:
				if got != part.heard {
					t.Errorf("heard %q of %q", got, part.said)
				}
			case <-r.Context().Done():
				t.Errorf("%q waits", part.said)
				return
			}
		}
		_, _ = io.WriteString(w, `{"content":""},"done":true,"done_reason":"stop"}`+"\n")
	})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for ev, err := range p.Stream(ctx, hello("toy")) {
		if err != nil {
			t.Fatal(err)
		}
		if d, ok := ev.(llm.Delta); ok {
			heard <- d.Text
		}
	}
}

func TestAnAnswerArrivesWholeAndEndsWithItsCost(t *testing.T) { // I03
	_, p := against(t, llmtest.Rule{Reply: "Bonjour à tous 🙂"})
	got, err := ask(t, p, hello("toy"))
	if err != nil {
		t.Fatal(err)
	}
	f, ok := finish(got)
	if !ok {
		t.Fatalf("no Finish in %v", got)
	}
	if got := text(got); got != "Bonjour à tous 🙂" {
		t.Errorf("said %q", got)
	}
	u := f.Usage
	if f.Reason != llm.ReasonStop || u.Model != "toy" || u.CompletionTokens != 4 || u.PromptTokens == 0 {
		t.Errorf("got %+v", f)
	}
	if u.Total <= 0 || u.Load <= 0 || u.Prompt <= 0 || u.Generate <= 0 || u.Total > time.Minute {
		t.Errorf("durations are %+v", u)
	}
}

func TestAToolCallIsAnObjectWithAnID(t *testing.T) {
	_, p := against(t, llmtest.Rule{ToolCalls: []llm.ToolCall{
		{Name: "get_weather", Arguments: json.RawMessage(`{"city":"Paris"}`)},
		{Name: "get_weather", Arguments: json.RawMessage(`{"city":"Rome"}`)},
	}})
	got, err := ask(t, p, withTool(hello("toy")))
	if err != nil {
		t.Fatal(err)
	}
	want := []llm.Event{
		llm.ToolCall{ID: "call_00000001", Name: "get_weather", Arguments: json.RawMessage(`{"city":"Paris"}`)},
		llm.ToolCall{ID: "call_00000002", Name: "get_weather", Arguments: json.RawMessage(`{"city":"Rome"}`)},
		got[len(got)-1],
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if f, _ := finish(got); f.Reason != llm.ReasonStop {
		t.Errorf("reason is %q: tool calls do not change it", f.Reason)
	}
}

func TestThinkingComesApartFromTheAnswer(t *testing.T) {
	_, p := against(t, llmtest.Rule{Think: "let me see", Reply: "Forty-two"})
	r := hello("toy")
	r.Think = true
	got, err := ask(t, p, r)
	if err != nil {
		t.Fatal(err)
	}
	want := []llm.Event{
		llm.Thinking{Text: "let"},
		llm.Thinking{Text: " me"},
		llm.Thinking{Text: " see"},
		llm.Delta{Text: "Forty-two"},
		got[len(got)-1],
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if quiet, err := ask(t, p, hello("toy")); err != nil || len(quiet) != 2 {
		t.Errorf("without thinking: %v, %v", quiet, err)
	}
}

func TestAnAnswerThatWasCutToLengthSaysSo(t *testing.T) {
	_, p := against(t, llmtest.Rule{Reply: "one two three four"})
	r := hello("toy")
	r.MaxTokens = 2
	got, err := ask(t, p, r)
	if err != nil {
		t.Fatal(err)
	}
	if f, _ := finish(got); f.Reason != llm.ReasonLength || text(got) != "one two" {
		t.Errorf("got %q, %+v", text(got), f)
	}
}

func TestACachedPromptWithoutACountIsFine(t *testing.T) {
	_, p := against(t, llmtest.Rule{Reply: "hi", NoPromptCount: true})
	got, err := ask(t, p, hello("toy"))
	if f, ok := finish(got); err != nil || !ok || f.Usage.PromptTokens != 0 {
		t.Errorf("got %+v, %v", f, err)
	}
}

// fault-L9, fault-L10: what goes wrong inside a response of status 200.
func TestAStreamThatGoesWrongNeverFinishes(t *testing.T) {
	for fault, want := range map[llmtest.Fault]struct {
		class llm.Class
		part  string
		text  string
	}{
		llmtest.CutMid:    {llm.Interrupted, "broke off", "one two"},
		llmtest.NoEnd:     {llm.Interrupted, "final line", "one two three four"},
		llmtest.HalfJSON:  {llm.Internal, "line 5", "one two three four"},
		llmtest.ErrorLine: {llm.Internal, "unexpected EOF", "one two three four"},
		llmtest.HugeLine:  {llm.Internal, "longer than", "one two"},
		llmtest.Refuse:    {llm.Interrupted, "no response", ""},
	} {
		t.Run(string(fault), func(t *testing.T) {
			_, p := against(t, llmtest.Rule{Reply: "one two three four", Fault: fault})
			got, err := ask(t, p, hello("toy"))
			wantError(t, err, want.class, want.part)
			if text(got) != want.text {
				t.Errorf("text is %q, want %q", text(got), want.text)
			}
			if f, ok := finish(got); ok {
				t.Errorf("it finished: %+v", f)
			}
		})
	}
}

func TestWhatFollowsTheFinalLineIsNotSaid(t *testing.T) {
	_, p := against(t, llmtest.Rule{Reply: "one two three", Fault: llmtest.LyingDone})
	got, err := ask(t, p, hello("toy"))
	if err != nil || text(got) != "one" || len(got) != 2 {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestAStormOfToolCallsHasAnIDForEach(t *testing.T) { // fault-L17
	_, p := against(t, llmtest.Rule{Fault: llmtest.ToolStorm})
	got, err := ask(t, p, withTool(hello("toy")))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, ev := range got {
		if c, ok := ev.(llm.ToolCall); ok {
			seen[c.ID] = true
		}
	}
	if len(seen) != 50 {
		t.Errorf("got %d ids, want 50", len(seen))
	}
}

// fault-L25: whoever no longer wants the answer frees the model.
func TestLeavingTheLoopCancelsTheRequestUpstream(t *testing.T) {
	for _, fault := range []llmtest.Fault{llmtest.StallMid, llmtest.Endless} {
		t.Run(string(fault), func(t *testing.T) {
			srv, p := against(t, llmtest.Rule{Reply: "one two", Fault: fault})
			for ev, err := range p.Stream(t.Context(), hello("toy")) {
				if err != nil {
					t.Fatal(err)
				}
				if _, ok := ev.(llm.Delta); ok {
					break
				}
			}
			<-srv.Cancelled()
		})
	}
}

// E06: also before the first token, and while the server keeps silent.
func TestCancellingTheContextEndsTheStreamWithItsCause(t *testing.T) {
	for _, fault := range []llmtest.Fault{llmtest.StallBefore, llmtest.StallMid, llmtest.Endless} {
		t.Run(string(fault), func(t *testing.T) {
			srv, p := against(t, llmtest.Rule{Reply: "one two", Fault: fault})
			ctx, cancel := context.WithCancelCause(t.Context())
			stopped := errors.New("stopped by the end user")
			go func() {
				<-srv.Arrived()
				cancel(stopped)
			}()
			got, err := collect(p.Stream(ctx, hello("toy")))
			if !errors.Is(err, stopped) {
				t.Errorf("got error %v, want the cause", err)
			}
			if _, ok := finish(got); ok {
				t.Error("it finished")
			}
			<-srv.Cancelled()
		})
	}
}

func TestNothingIsSentBeforeTheLoopStarts(t *testing.T) {
	srv, p := against(t)
	_ = p.Stream(t.Context(), hello("toy"))
	if _, err := ask(t, p, hello("toy")); err != nil {
		t.Fatal(err)
	}
	if n := len(srv.Requests()); n != 1 {
		t.Errorf("the server got %d requests, want 1", n)
	}
}

func TestATokenIsPassedOnBeforeTheNextIsSent(t *testing.T) {
	step := make(chan struct{})
	_, p := against(t, llmtest.Rule{Chunks: []string{"a", "b", "c"}, Step: step})
	var seen string
	for ev, err := range p.Stream(t.Context(), hello("toy")) {
		if err != nil {
			t.Fatal(err)
		}
		if d, ok := ev.(llm.Delta); ok {
			seen += d.Text
			// The server holds the next line back until here: each arrived alone,
			// when it was sent, and was not collected first.
			step <- struct{}{}
		}
	}
	if seen != "abc" {
		t.Errorf("got %q", seen)
	}
}
