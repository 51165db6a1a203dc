package openai_test

import (
	"errors"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/llm/openai"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func connect(t *testing.T, cfg openai.Config) *openai.Provider {
	t.Helper()
	p, err := openai.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// raw returns a client of a server that runs h for every request.
func raw(t *testing.T, h http.HandlerFunc) *openai.Provider {
	t.Helper()
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return connect(t, openai.Config{URL: srv.URL, Key: "sk-test"})
}

// saying returns a client of a server that answers with a stream and a clean end.
func saying(t *testing.T, body string) *openai.Provider {
	t.Helper()
	return typed(t, "text/event-stream", body)
}

func typed(t *testing.T, kind, body string) *openai.Provider {
	t.Helper()
	return raw(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		_, _ = io.WriteString(w, body)
	})
}

// failing returns a client of a server that answers with a status and a body.
func failing(t *testing.T, status int, body string, header ...string) *openai.Provider {
	t.Helper()
	return raw(t, func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

// peer is a server that keeps the bodies of requests and answers in turn; the
// last reply is used again and again.
type peer struct {
	mu      sync.Mutex
	bodies  []string
	headers []http.Header
	replies []string // "status body"; the status may be left out
}

func (p *peer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.bodies, p.headers = append(p.bodies, string(body)), append(p.headers, r.Header.Clone())
	reply := p.replies[min(len(p.bodies), len(p.replies))-1]
	if rest, ok := strings.CutPrefix(reply, "500 "); ok {
		w.WriteHeader(http.StatusInternalServerError)
		reply = rest
	} else if strings.HasPrefix(reply, "{") {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
	}
	_, _ = io.WriteString(w, reply)
}

func hello(model string) llm.Request {
	return llm.Request{Model: model, Messages: []llm.Message{{Role: llm.User, Content: "hello there"}}}
}

func withTool(model string) llm.Request {
	r := hello(model)
	r.Tools = []llm.ToolDef{{Name: "lookup", Description: "Looks something up."}}
	return r
}

// collect gathers what an end user could notice: all but pulses.
func collect(stream iter.Seq2[llm.Event, error]) (events []llm.Event, err error) {
	for ev, e := range stream {
		if e != nil {
			return events, e
		}
		if _, pulse := ev.(llm.Pulse); !pulse {
			events = append(events, ev)
		}
	}
	return events, nil
}

func ask(t *testing.T, p *openai.Provider, r llm.Request) ([]llm.Event, error) {
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

func thought(events []llm.Event) string {
	var b strings.Builder
	for _, ev := range events {
		if d, ok := ev.(llm.Thinking); ok {
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

// data writes objects as events.
func data(objects ...string) string {
	var b strings.Builder
	for _, o := range objects {
		b.WriteString("data: " + o + "\n\n")
	}
	return b.String()
}

// part is an object with a delta.
func part(delta string) string {
	return `{"choices":[{"index":0,"delta":` + delta + `,"finish_reason":null}]}`
}

// end is an object with a finish_reason.
func end(reason string) string {
	return `{"model":"toy","choices":[{"index":0,"delta":{},"finish_reason":"` + reason + `"}]}`
}

const (
	one = `{"choices":[{"index":0,"delta":{"content":"one"},"finish_reason":null}]}`
	two = `{"choices":[{"index":0,"delta":{"content":" two"},"finish_reason":null}]}`
)
