package host

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/go-hclog"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/jarvis-host/jarvis/host/config"
	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/llm/llmtest"
	"github.com/jarvis-host/jarvis/host/telemetry"
)

// llmConfig reads a configuration's llm section.
func llmConfig(t *testing.T, text string) *config.Config {
	t.Helper()
	file := filepath.Join(t.TempDir(), "jarvis.yaml")
	if err := os.WriteFile(file, []byte("time_zone: UTC\nllm:\n"+text), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := config.Load(config.Options{File: file, SecretDirs: []string{}})
	if err != nil {
		t.Fatal(err)
	}
	return s.Config()
}

func modelOf(t *testing.T, text string) *model {
	t.Helper()
	metrics := telemetry.NewMetrics(prometheus.NewRegistry(), "test", nil)
	m, err := newModel(llmConfig(t, text), nil, metrics, hclog.NewNullLogger())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return m
}

func askModel(t *testing.T, m *model, q llm.Request) (text string, f llm.Finish, err error) {
	t.Helper()
	q.Messages = []llm.Message{{Role: llm.User, Content: "hi"}}
	for ev, err := range m.Stream(t.Context(), q) {
		if err != nil {
			return text, f, err
		}
		switch ev := ev.(type) {
		case llm.Delta:
			text += ev.Text
		case llm.Finish:
			f = ev
		}
	}
	return text, f, nil
}

func routeNames(all []llm.RouteHealth) (out []string) {
	for _, h := range all {
		out = append(out, h.Name+" at "+h.Provider)
	}
	return out
}

func TestRoutesAreInTheOrderOfTheOperator(t *testing.T) {
	m := modelOf(t, `
  providers:
    local: {kind: ollama, url: "http://127.0.0.1:9", models: ["z:1b"]}
    cloud: {kind: openai, url: "https://models.example/v1", models: [a/b]}
  routes:
    quick: {provider: local, model: "x:1b"}
    big: {provider: cloud, model: y, on_request: true}
    night: {provider: local, model: "w:1b", hours: "22:00-06:00"}
  order: [night]
  ollama: {url: "http://127.0.0.1:10", model: toy}
  embedding: {provider: local, model: vec}
`)
	want := []string{"night at local", "big at cloud", "quick at local", "toy at ollama", "cloud/a/b at cloud", "local/z:1b at local"}
	if diff := cmp.Diff(want, routeNames(m.Health())); diff != "" {
		t.Error(diff)
	}
	if p, model, ok := m.EmbedModel(); !ok || p != "local" || model != "vec" {
		t.Errorf("embeddings: %s, %s, %v", p, model, ok)
	}
}

func TestAnotherModelThatAnswersIsToldAsAFallback(t *testing.T) { // E17, I03, fault-L27
	down, up := llmtest.New(t, llmtest.Rule{Fault: llmtest.Broken}), llmtest.New(t, llmtest.Rule{Reply: "from the second"})
	m := modelOf(t, `
  providers:
    first: {kind: ollama, url: "`+down.URL()+`"}
    second: {kind: openai, url: "`+up.URL()+`", price_answer: 1000000}
  routes: {a: {provider: first, model: toy}, b: {provider: second, model: toy}}
`)
	text, f, err := askModel(t, m, llm.Request{User: "alice"})
	if err != nil || text != "from the second" || f.Route != "b" || !f.Fallback || f.Usage.Provider != "second" || f.Usage.Cost != 3 {
		t.Errorf("%q, %+v, %v", text, f, err)
	}
	text, f, err = askModel(t, m, llm.Request{User: "alice", Route: "b"})
	if err != nil || text != "from the second" || f.Fallback {
		t.Errorf("chosen: %q, %+v, %v", text, f, err)
	}
}

func TestAModelThatIsDownIsToldWithinASecond(t *testing.T) { // E16, fault-L1
	m := modelOf(t, `  ollama: {url: "http://127.0.0.1:9", model: toy}`)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	m.Refresh(ctx)
	if ready, key, args := m.Status(); ready || key != llm.KeyUnreachable || args[0] != "ollama" {
		t.Errorf("%v, %s, %v", ready, key, args)
	}
	for range 3 {
		_, _, err := askModel(t, m, llm.Request{})
		if e, ok := errors.AsType[*llm.Error](err); !ok || e.Class != llm.Unreachable && e.Class != llm.Resting {
			t.Fatal(err)
		}
	}
	_, _, err := askModel(t, m, llm.Request{}) // by now it is left alone: the answer is at once
	if e, ok := errors.AsType[*llm.Error](err); !ok || e.Class != llm.Resting || !m.Health()[0].Resting {
		t.Error(err)
	}
}

func TestAChangeIsTakenOverWhileAnswersGoOn(t *testing.T) {
	step := make(chan struct{})
	srv := llmtest.New(t, llmtest.Rule{Chunks: []string{"one", " two"}, Step: step, Times: 1}, llmtest.Rule{Reply: "other"})
	section := `
  providers: {local: {kind: ollama, url: "` + srv.URL() + `"}}
  routes: {a: {provider: local, model: toy}}
`
	m := modelOf(t, section)
	m.Refresh(t.Context())
	lane := m.servers["local"].lane
	var text strings.Builder
	for ev, err := range m.Stream(t.Context(), llm.Request{Messages: []llm.Message{{Role: llm.User, Content: "hi"}}}) {
		if err != nil {
			t.Fatal(err)
		}
		d, ok := ev.(llm.Delta)
		if text.WriteString(d.Text); !ok || d.Text != "one" {
			continue
		}
		if err := m.Configure(llmConfig(t, section+"  budget: {tokens: 1}\n  order: [a]\n")); err != nil {
			t.Fatal(err)
		}
		if m.servers["local"].lane != lane || m.Health()[0].State != llm.StateReady {
			t.Error("a server that did not change is another one")
		}
		if err := m.Configure(llmConfig(t, strings.ReplaceAll(section, "local", "renamed"))); err != nil {
			t.Fatal(err)
		}
		close(step)
	}
	if text.String() != "one two" {
		t.Errorf("the answer under way became %q", text.String())
	}
	if h := m.Health(); h[0].Provider != "renamed" {
		t.Errorf("routes %+v", h)
	}
}

func TestAUsersBudgetEndsTheModelsWork(t *testing.T) {
	srv := llmtest.New(t, llmtest.Rule{Reply: "one two three"})
	m := modelOf(t, `
  ollama: {url: "`+srv.URL()+`", model: toy}
  budget: {tokens: 5}
  embedding: {model: toyembed}
`)
	if _, _, err := askModel(t, m, llm.Request{User: "alice"}); err != nil {
		t.Fatal(err)
	}
	_, _, err := askModel(t, m, llm.Request{User: "alice"})
	if e, ok := errors.AsType[*llm.Error](err); !ok || e.Class != llm.OverBudget {
		t.Errorf("got %v", err)
	}
	_, err = m.Embed(t.Context(), llm.EmbedRequest{Texts: []string{"a"}, User: "alice"})
	if e, ok := errors.AsType[*llm.Error](err); !ok || e.Class != llm.OverBudget {
		t.Errorf("got %v", err)
	}
	for _, user := range []string{"bob", ""} {
		if _, _, err := askModel(t, m, llm.Request{User: user}); err != nil {
			t.Errorf("%q: %v", user, err)
		}
	}
	if got, err := m.Embed(t.Context(), llm.EmbedRequest{Texts: []string{"a"}}); err != nil || len(got.Vectors) != 1 {
		t.Errorf("the host's own embeddings: %v", err)
	}
}
