package ollama_test

import (
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/llm/llmtest"
	"github.com/jarvis-host/jarvis/host/llm/ollama"
)

func TestEmbeddingsAreOneForEachText(t *testing.T) { // I03
	srv := llmtest.New(t)
	p := connect(t, ollama.Config{URL: srv.URL()})
	got, err := p.Embed(t.Context(), llm.EmbedRequest{Model: "toyembed", Texts: []string{"a b", "c"}, RequestID: "r1"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]float32{llmtest.Vector("a b"), llmtest.Vector("c")}, got.Vectors, cmpopts.EquateApprox(0, 1e-6)); diff != "" {
		t.Error(diff)
	}
	if want := (llm.Usage{PromptTokens: 7, Model: "toyembed", Provider: "ollama"}); got.Usage != want {
		t.Errorf("usage %+v", got.Usage)
	}
	if q := srv.Requests()[0]; q.Path != "/api/embed" || q.RequestID() != "r1" {
		t.Errorf("asked %s", q.Path)
	}
}

func TestATextThatIsTooLongIsNotCut(t *testing.T) {
	var sent map[string]any
	p := raw(t, func(w http.ResponseWriter, r *http.Request) {
		_ = json.NewDecoder(r.Body).Decode(&sent)
		w.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(w, `{"error":"the input length exceeds the context length"}`)
	})
	_, err := p.Embed(t.Context(), llm.EmbedRequest{Model: "m", Texts: []string{"long"}})
	wantError(t, err, llm.TooLarge, "input length")
	if cut, said := sent["truncate"].(bool); cut || !said {
		t.Errorf("sent %v: the server cuts unless it is told not to", sent)
	}
	if _, said := sent["dimensions"]; said {
		t.Errorf("sent %v", sent)
	}
}

func TestVectorsThatAreNotWhatWasAskedForAreAnError(t *testing.T) {
	for _, body := range []string{`{"embeddings":[]}`, `{"embeddings":[[1],[2]]}`, `{"embeddings":[[]]}`, `{"embeddings":[["x"]]}`, `{}`} {
		_, err := saying(t, body).Embed(t.Context(), llm.EmbedRequest{Model: "m", Texts: []string{"a"}})
		wantError(t, err, llm.Internal)
	}
}

func TestAMissingEmbeddingModelIsNamed(t *testing.T) { // fault-L3
	_, err := connect(t, ollama.Config{URL: llmtest.New(t).URL()}).Embed(t.Context(), llm.EmbedRequest{Model: "nope", Texts: []string{"a"}})
	if e := wantError(t, err, llm.NotFound, "ollama pull nope"); e.Fetch != "ollama pull nope" {
		t.Errorf("got %+v", e)
	}
}

func TestTheWindowIsWhatTheServerReallyGives(t *testing.T) { // O11
	p := raw(t, func(w http.ResponseWriter, r *http.Request) {
		bodies := map[string]string{
			"/api/version": `{"version":"0.24.0"}`,
			"/api/tags":    `{"models":[{"name":"toy:latest","digest":"d"}]}`,
			"/api/ps":      `{"models":[{"name":"toy:latest","digest":"d","context_length":4096}]}`,
			"/api/show":    `{"capabilities":["completion"],"model_info":{"general.architecture":"llama","llama.context_length":131072}}`,
			"/api/chat":    done + "\n",
		}
		_, _ = io.WriteString(w, bodies[r.URL.Path])
	})
	for i, want := range []int{8192, 4096} { // before we asked, the copy is someone else's
		info, err := p.Probe(t.Context())
		if err != nil || info.Models[0].Window != want || info.Models[0].Loaded != 4096 {
			t.Errorf("probe %d: %+v, %v", i, info.Models, err)
		}
		if _, err := ask(t, p, hello("toy")); err != nil {
			t.Fatal(err)
		}
	}
}
