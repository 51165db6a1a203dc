//go:build integration

package integration_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/llm/llmtest/gguf"
	"github.com/jarvis-host/jarvis/host/llm/ollama"
	"github.com/jarvis-host/jarvis/host/llm/openai"
)

func TestLlamaCPP(t *testing.T) { // I03
	url := llamaServer(t, gguf.WriteChat)
	p, err := openai.New(openai.Config{Name: "llama.cpp", URL: url})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	chats(t, p, "toy")
	t.Run("the window is the slot's, not the model's", func(t *testing.T) { // O11
		info, err := p.Probe(t.Context())
		m, ok := info.Find("any name")
		if err != nil || !ok || m.Window == 0 || m.Window > 2048 {
			t.Errorf("found %+v, %v", info, err)
		}
	})
	t.Run("a prompt that is too long is told", func(t *testing.T) {
		_, err := listen(p.Stream(t.Context(), user("toy", strings.Repeat("word and ", 2000))))
		wantClass(t, err, llm.TooLarge)
	})
	t.Run("an address that is none of its own", func(t *testing.T) {
		other, err := openai.New(openai.Config{URL: url + "/nothing/here"})
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		if _, err := listen(other.Stream(t.Context(), user("toy", "hi"))); err == nil {
			t.Error("it answers")
		}
	})
}

func TestLlamaCPPEmbeddings(t *testing.T) { // I03
	p, err := openai.New(openai.Config{Name: "llama.cpp", URL: llamaServer(t, gguf.WriteEmbedding, "embedding")})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	embeds(t, p, "toyembed")
}

func TestOllama(t *testing.T) { // I03
	url := ollamaServer(t)
	native, err := ollama.New(ollama.Config{URL: url, NumCtx: 1024})
	if err != nil {
		t.Fatal(err)
	}
	defer native.Close()
	t.Run("native", func(t *testing.T) {
		chats(t, native, "toy")
		embeds(t, native, "toyembed")
		info, err := native.Probe(t.Context())
		if m, ok := info.Find("toy"); err != nil || !ok || m.Loaded != 1024 || m.Window != 1024 {
			t.Errorf("found %+v, %v", info, err)
		}
	})
	other, err := openai.New(openai.Config{URL: url})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	t.Run("as OpenAI", func(t *testing.T) {
		if _, err := other.Probe(t.Context()); err != nil {
			t.Fatal(err)
		}
		chats(t, other, "toy")
		embeds(t, other, "toyembed")
	})
}

// chats is what every server has to do for a conversation.
func chats(t *testing.T, p llm.Provider, model string) {
	t.Helper()
	t.Run("an answer comes in pieces, with its figures", func(t *testing.T) {
		got, err := listen(p.Stream(t.Context(), user(model, "hi")))
		if err != nil || got.text != "Hello! I am a toy." || got.pieces < 3 || got.finish.Reason != llm.ReasonStop {
			t.Errorf("got %+v, %v", got, err)
		}
		if u := got.finish.Usage; u.PromptTokens == 0 || u.CompletionTokens == 0 || u.Model == "" {
			t.Errorf("figures %+v", u)
		}
	})
	t.Run("reasoning comes apart from the answer", func(t *testing.T) {
		got, err := listen(p.Stream(t.Context(), user(model, "ponder")))
		if err != nil || strings.TrimSpace(got.text) != "Forty-two" || strings.TrimSpace(got.thought) != "Let me see" {
			t.Errorf("said %q, thought %q, %v", got.text, got.thought, err)
		}
	})
	t.Run("a tool is called, and its result answered", func(t *testing.T) { usesTool(t, p, model) })
	t.Run("an answer without end is cut to length", func(t *testing.T) { // fault-L11
		q := user(model, "forever")
		q.MaxTokens = 20
		got, err := listen(p.Stream(t.Context(), q))
		if err != nil || got.finish.Reason != llm.ReasonLength || !strings.HasPrefix(got.text, "tick tock tick") {
			t.Errorf("got %+v, %v", got, err)
		}
	})
	t.Run("a guard notices that it goes nowhere", func(t *testing.T) { // fault-L18
		q := user(model, "forever")
		q.MaxTokens = 1900
		limits := llm.DefaultLimits()
		limits.Loop = 512
		_, err := listen(llm.NewGuard(p, limits).Stream(t.Context(), q))
		wantClass(t, err, llm.Limit)
	})
	t.Run("an answer that no one waits for is cancelled", func(t *testing.T) { cancels(t, p, model) })
	t.Run("a schema is obeyed", func(t *testing.T) {
		q := user(model, "hi")
		q.Format = json.RawMessage(`{"type":"object","properties":{"mood":{"type":"string","enum":["good","bad"]}},"required":["mood"]}`)
		q.MaxTokens = 200
		got, err := listen(p.Stream(t.Context(), q))
		var answer struct{ Mood string }
		if err != nil || json.Unmarshal([]byte(got.text), &answer) != nil || answer.Mood != "good" && answer.Mood != "bad" {
			t.Errorf("got %q, %v", got.text, err)
		}
	})
}

func usesTool(t *testing.T, p llm.Provider, model string) {
	t.Helper()
	q := user(model, "weather in Lyon")
	q.Tools = []llm.ToolDef{{Name: "get_weather", Description: "The weather.", Parameters: json.RawMessage(
		`{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}`)}}
	got, err := listen(p.Stream(t.Context(), q))
	if err != nil || len(got.calls) != 1 {
		t.Fatalf("got %+v, %v", got, err)
	}
	c := got.calls[0]
	var args struct{ City string }
	if err := json.Unmarshal(c.Arguments, &args); err != nil || c.Name != "get_weather" || args.City != "Lyon" || c.ID == "" {
		t.Errorf("call %+v, %v", c, err)
	}
	q.Messages = append(q.Messages, llm.Message{Role: llm.Assistant, ToolCalls: got.calls},
		llm.Message{Role: llm.Tool, ToolName: c.Name, ToolCallID: c.ID, Content: "sunny"})
	got, err = listen(p.Stream(t.Context(), q))
	if err != nil || got.text != "According to the tool, all is well." {
		t.Errorf("got %+v, %v", got, err)
	}
}

// cancels leaves an endless answer and expects the next one soon: the server has
// let go of the first.
func cancels(t *testing.T, p llm.Provider, model string) {
	t.Helper()
	for range 4 { // more than the server gives at a time
		q := user(model, "forever")
		q.MaxTokens = 1900
		for ev, err := range p.Stream(t.Context(), q) {
			if err != nil {
				t.Fatal(err)
			}
			if _, ok := ev.(llm.Delta); ok {
				break
			}
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if got, err := listen(p.Stream(ctx, user(model, "hi"))); err != nil || got.text == "" {
		t.Errorf("got %+v, %v", got, err)
	}
}

// embeds is what every server has to do for embeddings.
func embeds(t *testing.T, p llm.Embedder, model string) {
	t.Helper()
	got, err := p.Embed(t.Context(), llm.EmbedRequest{Model: model, Texts: []string{"weather Lyon", "weather Paris", "tick tock"}})
	if err != nil || len(got.Vectors) != 3 || len(got.Vectors[0]) != 512 {
		t.Fatalf("%d vectors, %v", len(got.Vectors), err)
	}
	if near, far := dot(got.Vectors[0], got.Vectors[1]), dot(got.Vectors[0], got.Vectors[2]); near <= far {
		t.Errorf("texts that share a word are %v apart, others %v", near, far)
	}
}

func dot(a, b []float32) (sum float32) {
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

func user(model, text string) llm.Request {
	cold := 0.0
	return llm.Request{Model: model, Temperature: &cold, Messages: []llm.Message{{Role: llm.User, Content: text}}}
}

// heard is what an answer was made of.
type heard struct {
	text, thought string
	pieces        int
	calls         []llm.ToolCall
	finish        llm.Finish
}

func listen(stream func(func(llm.Event, error) bool)) (out heard, err error) {
	for ev, e := range stream {
		if e != nil {
			return out, e
		}
		switch ev := ev.(type) {
		case llm.Delta:
			out.text += ev.Text
			out.pieces++
		case llm.Thinking:
			out.thought += ev.Text
		case llm.ToolCall:
			out.calls = append(out.calls, ev)
		case llm.Finish:
			out.finish = ev
		}
	}
	return out, nil
}

func wantClass(t *testing.T, err error, want llm.Class) {
	t.Helper()
	if e, ok := errors.AsType[*llm.Error](err); !ok || e.Class != want {
		t.Errorf("got %v, want an error of class %s", err, want)
	}
}
