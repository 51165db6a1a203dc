package openai_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/llm/openai"
)

// canned answers every request with the same body, without a connection.
type canned []byte

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, Request: r, Header: http.Header{},
		Body: io.NopCloser(bytes.NewReader(c)),
	}, nil
}

// FuzzStream feeds the decoder: it never panics, ends with exactly one Finish
// or one *llm.Error, and finishes only where the body holds a finish_reason.
func FuzzStream(f *testing.F) {
	for _, seed := range []string{
		"", "\n", "data:", "data: {}\n\n", data(one, two, end("stop"), "[DONE]"), "\uFEFF" + data(end("stop")),
		data(one) + "error: {\"code\":500}\n\n", data(`{"error":null}`, end("stop")), data(`{"choices":[]}`), ": ping\n\n",
		data(call(`{"index":0,"id":"a","function":{"name":"f","arguments":"{"}}`), call(`{"index":0,"function":{"arguments":"}"}}`), end("stop")),
		data(call(`{"function":{"name":"f","arguments":{"x":1}}}`), end("tool_calls")),
		data(part(`{"content":"<think>a"}`), part(`{"content":"b</think>c"}`), end("stop")), "data: {\ndata: }\n\n" + data(end("length")),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := openai.New(openai.Config{URL: "http://model.example", Transport: canned(body)})
		if err != nil {
			t.Fatal(err)
		}
		finishes, failures := 0, 0
		for ev, err := range p.Stream(t.Context(), hello("toy")) {
			if finishes+failures > 0 {
				t.Fatal("something came after the end")
			}
			if err != nil {
				failures++
				if _, ok := errors.AsType[*llm.Error](err); !ok {
					t.Fatalf("error %v is no *llm.Error", err)
				}
				continue
			}
			finishes += check(t, ev)
		}
		if finishes+failures != 1 {
			t.Fatalf("%d finishes and %d failures", finishes, failures)
		}
		if finishes == 1 && !bytes.Contains(body, []byte("finish_reason")) && !bytes.Contains(body, []byte(`\u`)) {
			t.Fatal("it finished without an end marker")
		}
	})
}

// check returns 1 for a Finish.
func check(t *testing.T, ev llm.Event) int {
	t.Helper()
	switch e := ev.(type) {
	case llm.Delta:
		if e.Text == "" || !utf8.ValidString(e.Text) {
			t.Fatalf("delta %q", e.Text)
		}
	case llm.ToolCall:
		if e.ID == "" || !json.Valid(e.Arguments) || e.Arguments[0] != '{' {
			t.Fatalf("tool call %+v", e)
		}
	case llm.Finish:
		return 1
	}
	return 0
}

// BenchmarkStream reads answers of 1000 tokens, without a connection.
func BenchmarkStream(b *testing.B) {
	const tokens = 1000
	p, err := openai.New(openai.Config{
		URL: "http://model.example", Transport: canned(strings.Repeat(data(two), tokens) + data(end("stop"), "[DONE]")),
	})
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		events, err := collect(llm.NewGuard(p, llm.Limits{}).Stream(b.Context(), hello("toy")))
		if err != nil || len(events) != tokens+1 {
			b.Fatalf("got %d events, %v", len(events), err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*tokens), "ns/token")
}
