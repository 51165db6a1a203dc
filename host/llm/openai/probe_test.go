package openai_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/llm/openai"
)

// serving answers the paths of a probe; others are not there.
func serving(t *testing.T, window int, paths map[string]string) *openai.Provider {
	t.Helper()
	p := raw(t, func(w http.ResponseWriter, r *http.Request) {
		body, ok := paths[r.URL.Path]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = w.Write([]byte(body))
	})
	if window == 0 {
		return p
	}
	return connect(t, openai.Config{URL: p.Where(), Window: window})
}

func TestTheRealWindowIsFound(t *testing.T) { // I03, O11
	const llamaModels = `{"object":"list","data":[{"id":"toy.gguf","object":"model","created":1,"owned_by":"llamacpp","meta":{"n_ctx_train":131072}}]}`
	tools := []llm.Capability{llm.CanChat, llm.CanThink, llm.CanTools}
	for name, c := range map[string]struct {
		window int
		paths  map[string]string
		want   llm.Info
	}{
		"llama.cpp tells in /props": {0, map[string]string{
			"/v1/models": llamaModels,
			"/props":     `{"default_generation_settings":{"n_ctx":4096,"params":{}},"total_slots":4,"build_info":"b1-abc"}`,
		}, llm.Info{Version: "b1-abc", Open: true, Models: []llm.ModelInfo{{Name: "toy.gguf", ContextLength: 131072, Window: 4096}}}},
		"llama.cpp without /props": {0, map[string]string{
			"/v1/models": llamaModels,
		}, llm.Info{Open: true, Models: []llm.ModelInfo{{Name: "toy.gguf", ContextLength: 131072, Window: 131072}}}},
		"ik_llama.cpp tells with its list": {0, map[string]string{
			"/v1/models": `{"data":[{"id":"toy.gguf","owned_by":"llamacpp","meta":{"n_ctx_train":8192},"max_model_len":2048}],"models":[{"slug":"toy.gguf"}]}`,
		}, llm.Info{Open: true, Models: []llm.ModelInfo{{Name: "toy.gguf", ContextLength: 8192, Window: 2048}}}},
		"vLLM": {0, map[string]string{
			"/v1/models": `{"object":"list","data":[{"id":"meta/x","object":"model","created":1,"owned_by":"vllm","root":"/m","parent":null,"max_model_len":32768,"permission":[]}]}`,
		}, llm.Info{Models: []llm.ModelInfo{{Name: "meta/x", ContextLength: 32768, Window: 32768}}}},
		"OpenRouter": {0, map[string]string{
			"/v1/models": `{"data":[{"id":"a/b","context_length":200000,"supported_parameters":["reasoning","temperature","tools"]},{"id":"c/d","context_length":4096,"supported_parameters":[]}]}`,
		}, llm.Info{Models: []llm.ModelInfo{
			{Name: "a/b", ContextLength: 200000, Window: 200000, Capabilities: tools}, {Name: "c/d", ContextLength: 4096, Window: 4096, Capabilities: tools[:1]},
		}}},
		"LM Studio": {0, map[string]string{
			"/v1/models": `{"data":[{"id":"x","owned_by":"organization_owner","max_context_length":32768,"loaded_context_length":4096}]}`,
		}, llm.Info{Models: []llm.ModelInfo{{Name: "x", ContextLength: 32768, Window: 4096, Loaded: 4096}}}},
		"Ollama's other face tells nothing": {0, map[string]string{
			"/v1/models": `{"object":"list","data":[{"id":"toy:latest","object":"model","created":1,"owned_by":"library"}]}`,
		}, llm.Info{Models: []llm.ModelInfo{{Name: "toy:latest", Aliases: []string{"toy"}}}}},
		"the configuration tells": {6000, map[string]string{
			"/v1/models": `{"data":[{"id":"x","owned_by":"someone"}]}`,
		}, llm.Info{Models: []llm.ModelInfo{{Name: "x", Window: 6000}}}},
		"the configuration tells too much": {6000, map[string]string{
			"/v1/models": `{"data":[{"id":"x","owned_by":"vllm","max_model_len":4096}]}`,
		}, llm.Info{Models: []llm.ModelInfo{{Name: "x", ContextLength: 4096, Window: 4096}}}},
		"no list":       {6000, nil, llm.Info{Open: true, Models: []llm.ModelInfo{{Window: 6000}}}},
		"an empty list": {0, map[string]string{"/v1/models": `{"object":"list","data":[]}`}, llm.Info{Open: true}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := serving(t, c.window, c.paths).Probe(t.Context())
			if diff := cmp.Diff(c.want, got); err != nil || diff != "" {
				t.Error(err, diff)
			}
		})
	}
}

func TestAServerThatDoesNotAnswerAProbeTimesOut(t *testing.T) {
	release := make(chan struct{})
	p := raw(t, func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	})
	defer close(release)
	_, err := connect(t, openai.Config{URL: p.Where(), ProbeTimeout: time.Millisecond}).Probe(t.Context())
	wantError(t, err, llm.Timeout, "no answer to a probe")
}

func TestAProbeThatIsRefusedTellsWhy(t *testing.T) {
	for status, class := range map[int]llm.Class{401: llm.Unauthorized, 403: llm.Unauthorized, 500: llm.Internal, 503: llm.Overloaded} {
		_, err := failing(t, status, `{"error":{"message":"no","code":null}}`).Probe(t.Context())
		wantError(t, err, class)
	}
	_, err := typed(t, "text/html", "<html>").Probe(t.Context())
	wantError(t, err, llm.Internal, "OpenAI-compatible")
}
