package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jarvis-host/jarvis/host/llm/llmtest"
	"github.com/jarvis-host/jarvis/host/memory/qdrant/qdranttest"
)

// S09: what is asked for a turn of servers that never answer ends with the turn,
// long before its own deadline: of the memory index when the turn is stopped, of
// the model of embeddings when recall has no more time.
func TestNoCallOfMemoryOutlivesTheTurn(t *testing.T) {
	var asked, open atomic.Int64
	vectors := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/embeddings") {
			http.NotFound(w, r)
			return
		}
		asked.Add(1)
		_, _ = io.Copy(io.Discard, r.Body) // else nobody notices that the client is gone
		open.Add(1)
		<-r.Context().Done()
		open.Add(-1)
	}))
	t.Cleanup(vectors.Close)
	index, url := qdranttest.Listen(t)
	dir := t.TempDir()
	key := filepath.Join(dir, "index.key")
	if err := os.WriteFile(key, []byte(qdranttest.Key), 0o600); err != nil {
		t.Fatal(err)
	}
	model := llmtest.New(t, llmtest.Rule{Reply: "Well."})
	h := startHost(t, dir, "llm:\n  ollama:\n    url: "+model.URL()+"\n  providers:\n    vectors: {kind: openai, url: \""+vectors.URL+"/v1\"}\n  embedding: {provider: vectors, model: toy}\n"+
		"memory:\n  recall_within: 10s\n  qdrant: {url: \""+url+"\", key_file: "+key+", collection: home, search_within: 10s}\n")
	c := h.dial("phone")
	c.ask("remember that I'm allergic to nuts")
	until(t, "the index to hold it", func() bool { return len(index.Points("home")) > 0 })
	until(t, "the model", func() bool { return strings.Contains(c.ask("which nuts may I eat?").done.Text, "Well") })
	until(t, "the index to be asked", func() bool { c.ask("which nuts may I eat?"); return index.Calls("QueryBatch") > 0 })
	if asked.Load() == 0 {
		t.Fatal("the model of embeddings was not asked")
	}
	until(t, "its calls to end", func() bool { return open.Load() == 0 })

	index.Make(qdranttest.Trouble{Slow: true})
	c.say("which nuts may I eat?")
	until(t, "the index to be asked", func() bool { open, _ := index.Unanswered(); return open > 0 })
	before := len(model.Requests())
	c.send(map[string]any{"type": "stop", "session": c.session})
	if got := c.turn().done.State; got != "stopped" {
		t.Errorf("the turn is %s", got)
	}
	until(t, "its calls to end", func() bool { open, _ := index.Unanswered(); return open == 0 })
	if _, left := index.Unanswered(); left != 1 {
		t.Errorf("%d calls ended before their deadline, want 1", left)
	}
	if len(model.Requests()) != before || open.Load() != 0 {
		t.Errorf("asked since: the model %d times; %d calls are open", len(model.Requests())-before, open.Load())
	}
}
