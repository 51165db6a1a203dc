package ollama_test

import (
	"errors"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/llm/ollama"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func connect(t *testing.T, cfg ollama.Config) *ollama.Provider {
	t.Helper()
	p, err := ollama.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// raw returns a client of a server that runs h for every request.
func raw(t *testing.T, h http.HandlerFunc) *ollama.Provider {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return connect(t, ollama.Config{URL: srv.URL})
}

// saying returns a client of a server that answers with body and a clean end.
func saying(t *testing.T, body string) *ollama.Provider {
	t.Helper()
	return raw(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-ndjson")
		_, _ = io.WriteString(w, body)
	})
}

// failing returns a client of a server that answers with a status and a body.
func failing(t *testing.T, status int, body string, header ...string) *ollama.Provider {
	t.Helper()
	return raw(t, func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

func hello(model string) llm.Request {
	return llm.Request{Model: model, Messages: []llm.Message{{Role: llm.User, Content: "hello there"}}}
}

func collect(stream iter.Seq2[llm.Event, error]) (events []llm.Event, err error) {
	for ev, e := range stream {
		if e != nil {
			return events, e
		}
		events = append(events, ev)
	}
	return events, nil
}

func ask(t *testing.T, p *ollama.Provider, r llm.Request) ([]llm.Event, error) {
	t.Helper()
	return collect(p.Stream(t.Context(), r))
}

func text(events []llm.Event) string {
	var b strings.Builder
	for _, ev := range events {
		if d, ok := ev.(llm.Delta); ok {
			b.WriteString(d.Text)
		}
	}
	return b.String()
}

func finish(events []llm.Event) (llm.Finish, bool) {
	if len(events) == 0 {
		return llm.Finish{}, false
	}
	f, ok := events[len(events)-1].(llm.Finish)
	return f, ok
}

// wantError checks an error's class and parts of its text.
func wantError(t *testing.T, err error, class llm.Class, parts ...string) *llm.Error {
	t.Helper()
	e, ok := errors.AsType[*llm.Error](err)
	if !ok {
		t.Fatalf("got error %v, want an *llm.Error of class %s", err, class)
	}
	if e.Class != class {
		t.Errorf("got class %s (%v), want %s", e.Class, err, class)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("error %q does not say %q", err, part)
		}
	}
	return e
}
