package ollama_test

import (
	"testing"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/llm/llmtest"
	"github.com/jarvis-host/jarvis/host/llm/ollama"
)

func pull(t *testing.T, p *ollama.Provider, model string) (steps []ollama.Progress, err error) {
	t.Helper()
	for now, err := range p.Pull(t.Context(), model) {
		if err != nil {
			return steps, err
		}
		steps = append(steps, now)
	}
	return steps, nil
}

func TestAPullTellsHowFarItHasComeAndLeavesAModel(t *testing.T) {
	p := connect(t, ollama.Config{URL: llmtest.New(t).URL()})
	steps, err := pull(t, p, "fresh:1b")
	if err != nil || len(steps) < 5 {
		t.Fatalf("got %v, %v", steps, err)
	}
	last := steps[len(steps)-1]
	if last.Status != "success" || last.Done != last.Total || last.Total != 4_001_000 {
		t.Errorf("last: %+v", last)
	}
	for i, s := range steps[1:] {
		if s.Done < steps[i].Done {
			t.Errorf("it went back from %d to %d", steps[i].Done, s.Done)
		}
	}
	info, err := p.Probe(t.Context())
	if _, ok := info.Find("fresh:1b"); err != nil || !ok {
		t.Errorf("models %+v, %v", info, err)
	}
}

func TestAPullThatFailsSaysWhy(t *testing.T) {
	_, err := pull(t, connect(t, ollama.Config{URL: llmtest.New(t).URL()}), "nope")
	wantError(t, err, llm.Refused, "file does not exist")
	_, err = pull(t, saying(t, `{"status":"pulling manifest"}`+"\n"), "m")
	wantError(t, err, llm.Interrupted, "goes on where it was")
	_, err = pull(t, saying(t, "{\n"), "m")
	wantError(t, err, llm.Internal, "malformed")
}
