package host

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jarvis-host/jarvis/host/llm/llmtest"
	"github.com/jarvis-host/jarvis/host/memory"
	"github.com/jarvis-host/jarvis/host/memory/embedded"
	"github.com/jarvis-host/jarvis/host/memory/qdrant"
	"github.com/jarvis-host/jarvis/host/memory/qdrant/qdranttest"
	"github.com/jarvis-host/jarvis/host/turn"
)

// The model that the configuration names makes vectors over the wire, for items
// and for questions, and the index gets them; when it is gone, words answer, and
// the answer says so.
func TestMemoriesAreEmbeddedByAServer(t *testing.T) {
	for kind, path := range map[string]string{"ollama": "/api/embed", "openai": "/v1/embeddings"} {
		t.Run(kind, func(t *testing.T) {
			srv := llmtest.New(t)
			url := srv.URL()
			if kind == "openai" {
				url += "/v1"
			}
			text := "  ollama:\n    url: \"\"\n  providers:\n    local:\n      kind: " + kind + "\n      url: " + url + "\n  embedding:\n    provider: local\n    model: toyembed\n"
			h := &Host{model: modelOf(t, text)}
			c := llmConfig(t, text)
			kept, err := embedded.Open(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			server := qdranttest.New(t)
			index, err := qdrant.New(qdrant.Options{
				Truth: kept, Home: "home", Model: embeddingName(c), Dial: server.Dial(), SearchWithin: 10 * time.Second,
				Server: qdrant.Server{URL: qdranttest.URL, Key: qdranttest.Key, Collection: "test"},
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = index.Close() })
			m := memory.New(memoryOptions(c, index, strings.TrimSpace, h.embedder(c)))
			o, err := memory.OwnerOf("ana")
			if err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			if _, err := m.Remember(ctx, o, memory.Said{Text: "I'm vegetarian"}); err != nil {
				t.Fatal(err)
			}
			if n, err := m.Embed(ctx, o); n == 0 || err != nil {
				t.Fatal(n, err)
			}
			ctx = context.WithValue(ctx, turnKey{}, &turn.Turn{RequestID: "mine", TraceParent: "trace"})
			if _, err := h.embedder(c).Embed(ctx, []string{"for a turn"}); err != nil {
				t.Fatal(err)
			}
			if r := srv.Requests()[len(srv.Requests())-1]; r.RequestID() != "mine" || r.Header.Get("Traceparent") != "trace" { // S06
				t.Errorf("asked with %v", r.Header)
			}
			for _, r := range srv.Requests() {
				if r.Path != path {
					t.Errorf("asked %s", r.Path)
				}
			}
			if err := index.Settle(ctx); err != nil {
				t.Fatal(err)
			}
			find := func() *memory.Answer {
				t.Helper()
				a, err := m.Find(context.WithoutCancel(ctx), o, memory.Question{Text: "am I vegetarian?", Facts: true})
				if err != nil || len(a.Results) == 0 {
					t.Fatal(a, err)
				}
				return a
			}
			for find().Degraded { // a vector that is late, on a busy machine
				if ctx.Err() != nil {
					t.Fatal("degraded although all answers")
				}
			}
			if server.Calls("Query") == 0 {
				t.Error("the index is not asked for what is near")
			}
			if err := srv.Close(); err != nil {
				t.Fatal(err)
			}
			if !find().Degraded {
				t.Error("the model is gone, and nobody says so")
			}
		})
	}
}
