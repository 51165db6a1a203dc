package memory_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jarvis-host/jarvis/host/memory"
	"github.com/jarvis-host/jarvis/host/memory/embedded"
	"github.com/jarvis-host/jarvis/host/memory/memorytest"
)

// meanings is an Embedder that knows what a few words have to do with.
type meanings struct {
	model string
	err   error
}

func (m *meanings) Model() string { return m.model }

func (m *meanings) Embed(_ context.Context, texts []string) ([][]float32, error) {
	out := make([][]float32, len(texts))
	for i, t := range texts {
		v := []float32{.1, .1, .1}
		for j, words := range [][]string{{"vegetarian", "restaurant"}, {"bike", "commute"}, {"rain"}} {
			for _, w := range words {
				if strings.Contains(t, w) {
					v[j]++
				}
			}
		}
		out[i] = v
	}
	return out, m.err
}

func TestVectorsFindWhatSharesNoWord(t *testing.T) {
	s, err := embedded.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	e, o := &meanings{model: "m1"}, memorytest.Owner(t, "ana")
	m := memory.New(memory.Options{Store: s, Embedder: e})
	for _, text := range []string{"Being vegetarian is easy", "My bike is blue", "Such rain"} {
		if _, err := m.Remember(t.Context(), o, memory.Said{Text: text, Session: text}); err != nil {
			t.Fatal(err)
		}
	}
	first := func() (string, bool) {
		t.Helper()
		a, err := m.Find(t.Context(), o, memory.Question{Text: "Suggest a restaurant"})
		if err != nil {
			t.Fatal(err)
		}
		if len(a.Results) == 0 {
			return "", a.Degraded
		}
		return a.Results[0].Text, a.Degraded
	}
	if got, _ := first(); got != "" {
		t.Errorf("without vectors found %q", got)
	}
	for _, model := range []string{"m1", "m2"} { // a new model embeds anew
		e.model = model
		if n, err := m.Embed(t.Context(), o); err != nil || n != 3 {
			t.Errorf("%s: made %d vectors, %v", model, n, err)
		}
		if got, degraded := first(); !strings.Contains(got, "vegetarian") || degraded {
			t.Errorf("%s: found %q first", model, got)
		}
	}
	e.err = errors.New("down")
	if got, degraded := first(); got != "" || !degraded {
		t.Errorf("with the model down found %q, degraded %t", got, degraded)
	}
	if _, err := m.Embed(t.Context(), o); err != nil {
		t.Error("nothing was missing, yet", err)
	}
}
