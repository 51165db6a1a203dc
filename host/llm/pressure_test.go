package llm_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/llm/ollama"
	"github.com/jarvis-host/jarvis/host/llm/openai"
)

// flood is a server that says tokens as fast as they are read.
type flood struct {
	line    string
	written atomic.Int64
}

func (f *flood) RoundTrip(r *http.Request) (*http.Response, error) {
	body, out := io.Pipe() // holds nothing: what is written has been read
	go func() {
		for {
			n, err := io.WriteString(out, f.line)
			f.written.Add(int64(n))
			if err != nil {
				return
			}
		}
	}()
	return &http.Response{StatusCode: http.StatusOK, Request: r, Header: http.Header{}, Body: body}, nil
}

// speakers are both protocols with the line of a token.
func speakers(t *testing.T) map[string]struct {
	p llm.Provider
	f *flood
} {
	t.Helper()
	native := &flood{line: `{"model":"toy","message":{"role":"assistant","content":" token"},"done":false}` + "\n"}
	events := &flood{line: `data: {"choices":[{"index":0,"delta":{"content":" token"},"finish_reason":null}]}` + "\n\n"}
	a, err := ollama.New(ollama.Config{Transport: native})
	if err != nil {
		t.Fatal(err)
	}
	b, err := openai.New(openai.Config{URL: "http://model.example", Transport: events})
	if err != nil {
		t.Fatal(err)
	}
	return map[string]struct {
		p llm.Provider
		f *flood
	}{"ollama": {a, native}, "openai": {b, events}}
}

func TestAReaderThatStopsStopsTheModel(t *testing.T) { // fault-L13: nothing piles up in memory
	for name, s := range speakers(t) {
		synctest.Test(t, func(t *testing.T) {
			stack := llm.NewLane(llm.NewGuard(s.p, llm.Limits{Tokens: 100_000}), llm.LaneOptions{Concurrency: 1})
			for ev, err := range stack.Stream(t.Context(), said("hi")) {
				if err != nil {
					t.Fatal(err)
				}
				if _, ok := ev.(llm.Delta); !ok {
					continue
				}
				time.Sleep(time.Hour) // the server could say billions of tokens meanwhile
				break
			}
			if n := s.f.written.Load(); n > 16<<10 {
				t.Errorf("%s: %d bytes were read ahead", name, n)
			}
			synctest.Wait()
		})
	}
}

func TestAHundredThousandTokensPassInOrder(t *testing.T) { // fault-L13
	for name, s := range speakers(t) {
		n := 0
		for ev, err := range llm.NewGuard(s.p, llm.Limits{BetweenTokens: time.Minute}).Stream(t.Context(), said("hi")) {
			if d, ok := ev.(llm.Delta); err != nil || !ok || d.Text != " token" {
				t.Fatalf("%s: token %d is %v, %v", name, n, ev, err)
			}
			if n++; n == 100_000 {
				break
			}
		}
	}
}

func TestASlowModelIsWaitedFor(t *testing.T) { // fault-L13: one token in ten seconds
	synctest.Test(t, func(t *testing.T) {
		body, out := io.Pipe()
		p, err := ollama.New(ollama.Config{Transport: reply{body}})
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			for i := range 20 {
				time.Sleep(10 * time.Second)
				fmt.Fprintf(out, `{"message":{"content":"%d "},"done":false}`+"\n", i)
			}
			fmt.Fprintln(out, `{"message":{"content":""},"done":true,"done_reason":"stop"}`)
			_ = out.Close()
		}()
		got, err := collect(llm.NewGuard(p, llm.DefaultLimits()).Stream(t.Context(), said("hi")))
		var b strings.Builder
		for _, ev := range got {
			if d, ok := ev.(llm.Delta); ok {
				b.WriteString(d.Text)
			}
		}
		if err != nil || !strings.HasSuffix(b.String(), "18 19 ") {
			t.Errorf("said %q, %v", b.String(), err)
		}
	})
}

// reply is a server that answers with a body.
type reply struct{ body io.ReadCloser }

func (r reply) RoundTrip(q *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Request: q, Header: http.Header{}, Body: r.body}, nil
}
