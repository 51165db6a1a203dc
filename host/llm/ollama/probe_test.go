package ollama_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/llm/llmtest"
	"github.com/jarvis-host/jarvis/host/llm/ollama"
)

func TestAProbeFindsVersionModelsCapabilitiesAndWindows(t *testing.T) { // I03
	srv, err := llmtest.Start("127.0.0.1:0", llmtest.Script{Version: "0.24.0", Models: []llmtest.Model{
		{Name: "llama3.2:1b", Capabilities: []llm.Capability{llm.CanChat, llm.CanTools}, ContextLength: 131_072},
		{Name: "toy", Capabilities: []llm.Capability{llm.CanChat}, ContextLength: 4096, Loaded: true},
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	got, err := connect(t, ollama.Config{URL: srv.URL()}).Probe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := llm.Info{Version: "0.24.0", Fetch: "ollama pull", Models: []llm.ModelInfo{
		{
			Name: "llama3.2:1b", Capabilities: []llm.Capability{llm.CanChat, llm.CanTools},
			ContextLength: 131_072, Window: 8192,
		},
		{
			Name: "toy:latest", Aliases: []string{"toy"}, Capabilities: []llm.Capability{llm.CanChat},
			ContextLength: 4096, Window: 4096, Loaded: 2048,
		},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, name := range []string{"llama3.2:1b", "toy", "toy:latest"} {
		if _, ok := got.Find(name); !ok {
			t.Errorf("model %q was not found", name)
		}
	}
	for _, name := range []string{"llama3.2", "to", "toy:1b", ""} {
		if m, ok := got.Find(name); ok {
			t.Errorf("model %q was found: %+v", name, m)
		}
	}
	if n := len(srv.Requests()); n != 0 {
		t.Errorf("the probe generated something: %d requests", n)
	}
}

func TestWhatAModelCanDoIsAskedOnce(t *testing.T) {
	var shows atomic.Int32
	inner := llmtest.NewServer(llmtest.Script{})
	p := raw(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/show" {
			shows.Add(1)
		}
		inner.ServeHTTP(w, r)
	})
	for range 3 {
		if _, err := p.Probe(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := int(shows.Load()), len(llmtest.DefaultModels()); got != want {
		t.Errorf("/api/show was asked %d times, want %d", got, want)
	}
}

// serving answers each path with a body, and 404 in plain text elsewhere.
func serving(t *testing.T, bodies map[string]string) *ollama.Provider {
	t.Helper()
	return raw(t, func(w http.ResponseWriter, r *http.Request) {
		body, ok := bodies[r.URL.Path]
		if !ok {
			w.WriteHeader(http.StatusNotFound)
			body = "404 page not found"
		}
		_, _ = io.WriteString(w, body)
	})
}

func TestAnOldServerWithoutDetailsIsProbedAllTheSame(t *testing.T) {
	p := serving(t, map[string]string{
		"/api/version": `{"version":"0.1.20"}`,
		"/api/tags":    `{"models":[{"name":"old:latest"}]}`,
		"/api/show":    `{"modelfile":"FROM x"}`,
	})
	got, err := p.Probe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	m, ok := got.Find("old")
	if !ok || m.Capabilities != nil || !m.Can(llm.CanTools) || m.Window != 8192 {
		t.Errorf("got %+v", got)
	}
}

func TestADamagedModelDoesNotHideTheOthers(t *testing.T) {
	p := raw(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/api/version":
			_, _ = io.WriteString(w, `{"version":"1"}`)
		case "/api/tags":
			_, _ = io.WriteString(w, `{"models":[{"name":"bad:1","digest":"1"},{"name":"good:1","digest":"2"}]}`)
		case "/api/ps":
			_, _ = io.WriteString(w, `{"models":null}`)
		default:
			var q struct{ Model string }
			_ = json.NewDecoder(r.Body).Decode(&q)
			if q.Model == "bad:1" {
				w.WriteHeader(http.StatusInternalServerError)
				_, _ = io.WriteString(w, `{"error":"open blob: no such file"}`)
				return
			}
			_, _ = io.WriteString(w, `{"capabilities":["completion"],"model_info":{"general.architecture":"g","g.context_length":512}}`)
		}
	})
	got, err := p.Probe(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := []llm.ModelInfo{
		{Name: "bad:1", Window: 8192},
		{Name: "good:1", Capabilities: []llm.Capability{llm.CanChat}, ContextLength: 512, Window: 512},
	}
	if diff := cmp.Diff(want, got.Models); diff != "" {
		t.Error(diff)
	}
}

func TestSomethingElseAtTheAddressIsNotTakenForAServer(t *testing.T) { // fault-L2
	for name, bodies := range map[string]map[string]string{
		"another API":   {},
		"a web page":    {"/api/version": "<html>"},
		"half a reply":  {"/api/version": `{"version":"1"}`, "/api/tags": `{"models":[`},
		"another shape": {"/api/version": `{"version":"1"}`, "/api/tags": `[]`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := serving(t, bodies).Probe(t.Context())
			class, part := llm.Internal, "what Ollama does"
			if name == "another API" {
				class, part = llm.Refused, "no Ollama at"
			}
			wantError(t, err, class, part)
		})
	}
}

func TestAProbeReadsWithinBounds(t *testing.T) {
	p := serving(t, map[string]string{"/api/version": `{"version":"` + strings.Repeat("x", 17<<20) + `"}`})
	_, err := p.Probe(t.Context())
	wantError(t, err, llm.Internal)
}

func TestAServerThatDoesNotAnswerAProbeTimesOut(t *testing.T) {
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer srv.Close()
	_, err := connect(t, ollama.Config{URL: srv.URL, ProbeTimeout: time.Millisecond}).Probe(t.Context())
	wantError(t, err, llm.Timeout, "within 1ms")
}

func TestAServerThatIsDownFailsTheProbe(t *testing.T) {
	_, err := connect(t, ollama.Config{URL: freeAddr(t)}).Probe(t.Context())
	wantError(t, err, llm.Unreachable)
}
