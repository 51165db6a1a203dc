package llmtest_test

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/llm/llmtest"
)

func TestAProviderWithoutAFunctionSaysBackWhatItHears(t *testing.T) {
	p := &llmtest.Provider{}
	var got []llm.Event
	q := llm.Request{Model: "toy", Messages: []llm.Message{user("one two")}}
	for ev, err := range p.Stream(t.Context(), q) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, ev)
	}
	want := []llm.Event{
		llm.Delta{Text: "one"},
		llm.Delta{Text: " two"},
		llm.Finish{Reason: llm.ReasonStop, Usage: llm.Usage{Model: "toy"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]llm.Request{q}, p.Requests()); diff != "" {
		t.Error(diff)
	}
	if info, err := p.Probe(t.Context()); err != nil || len(info.Models) != len(llmtest.DefaultModels()) || p.Name() != "llmtest" {
		t.Errorf("got %+v, %v", info, err)
	}
}

func TestAProvidersFunctionIsToldWhenNoOneListens(t *testing.T) {
	var more []bool
	p := &llmtest.Provider{Answer: func(_ context.Context, _ llm.Request, yield func(llm.Event) bool) error {
		more = append(more, yield(llm.Delta{Text: "a"}), yield(llm.Delta{Text: "b"}))
		return errors.New("ignored")
	}}
	for range p.Stream(t.Context(), llm.Request{}) {
		break
	}
	if diff := cmp.Diff([]bool{false, false}, more); diff != "" {
		t.Error(diff)
	}
}
