package openai_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/llm/llmtest"
	"github.com/jarvis-host/jarvis/host/llm/openai"
)

// scripted returns a client of a scripted server.
func scripted(t *testing.T, rules ...llmtest.Rule) (*openai.Provider, *llmtest.Server) {
	t.Helper()
	srv := llmtest.New(t, rules...)
	return connect(t, openai.Config{URL: srv.URL()}), srv
}

func TestAnAnswerArrivesWholeAndEndsWithItsCost(t *testing.T) { // I03
	p, srv := scripted(t, llmtest.Rule{Reply: "Hello there you"})
	got, err := ask(t, p, llm.Request{Model: "toy", RequestID: "r1", Messages: []llm.Message{{Role: llm.System, Content: "be brief"}, {Role: llm.User, Content: "hi"}}})
	if err != nil || text(got) != "Hello there you" {
		t.Errorf("said %q, %v", text(got), err)
	}
	want := llm.Finish{Reason: llm.ReasonStop, Usage: llm.Usage{PromptTokens: 13, CompletionTokens: 3, Model: "toy"}}
	if f, _ := finish(got); f != want {
		t.Errorf("ended with %+v", f)
	}
	q := srv.Requests()[0]
	if q.RequestID() != "r1" || q.Text() != "hi" || q.Messages[0].Content != "be brief" {
		t.Errorf("the server read %+v", q)
	}
}

func TestAToolCallGoesOutAndItsResultBack(t *testing.T) { // I03
	p, srv := scripted(t, llmtest.Rule{When: "weather", ToolCalls: []llm.ToolCall{{Name: "lookup", Arguments: json.RawMessage(`{"city":"Oslo"}`)}}})
	q := withTool("toy")
	q.Messages[0].Content = "weather?"
	got, err := ask(t, p, q)
	c, ok := got[0].(llm.ToolCall)
	if err != nil || !ok || c.Name != "lookup" || string(c.Arguments) != `{"city":"Oslo"}` || c.ID == "" {
		t.Fatalf("got %v, %v", got, err)
	}
	q.Messages = append(q.Messages, llm.Message{Role: llm.Assistant, ToolCalls: []llm.ToolCall{c}}, llm.Message{Role: llm.Tool, ToolCallID: c.ID, ToolName: "lookup", Content: "rain"})
	got, err = ask(t, p, q)
	if err != nil || text(got) != "rain" {
		t.Errorf("got %v, %v", got, err)
	}
	sent := srv.Requests()[1].Messages[1].ToolCalls[0]
	if diff := cmp.Diff(c, sent); diff != "" {
		t.Error(diff)
	}
}

func TestEveryFaultEndsInTheRightClass(t *testing.T) { // fault-L1, fault-L5, fault-L9, fault-L10
	for fault, want := range map[llmtest.Fault]llm.Class{
		llmtest.Refuse: llm.Interrupted, llmtest.TooMany: llm.Overloaded, llmtest.Broken: llm.Internal, llmtest.Busy: llm.Overloaded,
		llmtest.CutMid: llm.Interrupted, llmtest.NoEnd: llm.Interrupted, llmtest.HalfJSON: llm.Interrupted, llmtest.ErrorLine: llm.Internal,
		llmtest.HugeLine: llm.Internal,
	} {
		p, _ := scripted(t, llmtest.Rule{Fault: fault, Reply: "one two three", RetryAfter: "7"})
		got, err := ask(t, p, hello("toy"))
		e := wantError(t, err, want)
		if _, ok := finish(got); ok || fault == llmtest.TooMany && e.RetryAfter != 7*time.Second {
			t.Errorf("%s: %v, %v", fault, got, err)
		}
	}
}

func TestWhatFollowsTheEndIsNotSaid(t *testing.T) {
	p, _ := scripted(t, llmtest.Rule{Fault: llmtest.LyingDone, Reply: "one two three"})
	got, err := ask(t, p, hello("toy"))
	if err != nil || text(got) != "one" {
		t.Errorf("said %q, %v", text(got), err)
	}
}

func TestAStormOfToolCallsHasAnIDForEach(t *testing.T) { // fault-L17
	p, _ := scripted(t, llmtest.Rule{Fault: llmtest.ToolStorm})
	got, err := ask(t, p, withTool("toy"))
	ids := map[string]bool{}
	for _, ev := range got {
		if c, ok := ev.(llm.ToolCall); ok {
			ids[c.ID] = true
		}
	}
	if err != nil || len(ids) != 50 {
		t.Errorf("%d ids, %v", len(ids), err)
	}
}

func TestGuardedStallsAndEndlessAnswersFreeTheModel(t *testing.T) { // fault-L6, fault-L7, fault-L11
	for fault, want := range map[llmtest.Fault]llm.Class{
		llmtest.StallBefore: llm.Timeout, llmtest.StallMid: llm.Timeout, llmtest.Endless: llm.Limit,
	} {
		p, srv := scripted(t, llmtest.Rule{Fault: fault, Reply: "one two"})
		limits := llm.Limits{FirstToken: 50 * time.Millisecond, BetweenTokens: 50 * time.Millisecond, Tokens: 20}
		_, err := collect(llm.NewGuard(p, limits).Stream(t.Context(), hello("toy")))
		if e, ok := err.(*llm.Error); !ok || e.Class != want { //nolint:errorlint // the guard's own, unwrapped
			// A machine under load may be late with the first token of an endless answer.
			if fault != llmtest.Endless || !ok || e.Class != llm.Timeout {
				t.Errorf("%s: %v", fault, err)
			}
		}
		<-srv.Cancelled()
	}
}

func TestThinkingFollowsTheRequest(t *testing.T) {
	p, _ := scripted(t, llmtest.Rule{Think: "let me see", Reply: "yes"})
	if _, err := p.Probe(t.Context()); err != nil { // so that the server's kind is known
		t.Fatal(err)
	}
	for _, think := range []bool{true, false} {
		q := hello("toy")
		q.Think = think
		got, err := ask(t, p, q)
		if err != nil || text(got) != "yes" || (thought(got) == "let me see") != think {
			t.Errorf("think %v: thought %q, %v", think, thought(got), err)
		}
	}
}

func TestAProbeAndEmbeddingsOfTheScriptedServer(t *testing.T) { // I03
	p, _ := scripted(t)
	info, err := p.Probe(t.Context())
	if _, ok := info.Find("toyembed"); err != nil || !ok {
		t.Fatalf("got %+v, %v", info, err)
	}
	got, err := p.Embed(t.Context(), llm.EmbedRequest{Model: "toyembed", Texts: []string{"the cat sat", "a cat sat down", "stock prices fell"}})
	if err != nil {
		t.Fatal(err)
	}
	near, far := dot(got.Vectors[0], got.Vectors[1]), dot(got.Vectors[0], got.Vectors[2])
	if near <= far {
		t.Errorf("texts that share words are %v apart, others %v", near, far)
	}
	if diff := cmp.Diff(llmtest.Vector("the cat sat"), got.Vectors[0], cmpopts.EquateApprox(0, 1e-6)); diff != "" {
		t.Error(diff)
	}
}

func dot(a, b []float32) (sum float32) {
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}
