package llmtest_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/llm/llmtest"
)

const chatHi = `{"model":"toy","messages":[{"role":"user","content":"hi"}],` + tools + `}`

func TestEachFaultLooksAsItsNameSays(t *testing.T) {
	for fault, check := range map[llmtest.Fault]func(x exchange) bool{
		llmtest.Refuse:  func(x exchange) bool { return x.status == 0 && x.err != nil },
		llmtest.TooMany: func(x exchange) bool { return x.status == 429 && x.header.Get("Retry-After") == "7" },
		llmtest.Broken:  func(x exchange) bool { return x.status == 500 && strings.HasPrefix(x.body, `{"error":"`) },
		llmtest.Busy:    func(x exchange) bool { return x.status == 503 && strings.HasPrefix(x.body, `{"error":"`) },
		llmtest.CutMid:  func(x exchange) bool { return x.err != nil && !strings.HasSuffix(x.body, "\n") && x.body != "" },
		llmtest.NoEnd:   func(x exchange) bool { return x.err == nil && strings.HasSuffix(x.body, "\"done\":false}\n") },
		llmtest.HalfJSON: func(x exchange) bool {
			return x.err == nil && strings.HasSuffix(x.body, "\n") && !strings.HasSuffix(x.body, "}\n")
		},
		llmtest.ErrorLine: func(x exchange) bool { return x.status == 200 && strings.Contains(x.body, "\n{\"error\":\"") },
		llmtest.LyingDone: func(x exchange) bool {
			return strings.Index(x.body, `"done":true`) < strings.LastIndex(x.body, `"done":false`)
		},
		llmtest.ToolStorm: func(x exchange) bool { return strings.Count(x.body, `"name":"get_weather"`) == 50 },
		llmtest.HugeLine: func(x exchange) bool {
			return len(x.body) > 100<<20 && strings.Count(x.body[:100<<20], "\n") == 1
		},
	} {
		t.Run(string(fault), func(t *testing.T) {
			srv := llmtest.New(t, llmtest.Rule{Fault: fault, Reply: "one two", RetryAfter: "7"})
			if x := do(t, "POST", srv.URL()+"/api/chat", chatHi); !check(x) {
				t.Errorf("status %d, %v, body %.300s", x.status, x.err, x.body)
			}
		})
	}
}

// open sends a chat request and returns the open response.
func open(ctx context.Context, t *testing.T, srv *llmtest.Server) (*http.Response, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, srv.URL()+"/api/chat", strings.NewReader(chatHi))
	if err != nil {
		t.Fatal(err)
	}
	return (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
}

func TestAStalledOrEndlessAnswerLastsUntilItsClientGoes(t *testing.T) {
	for _, fault := range []llmtest.Fault{llmtest.StallBefore, llmtest.StallMid, llmtest.Endless} {
		t.Run(string(fault), func(t *testing.T) {
			srv := llmtest.New(t, llmtest.Rule{Fault: fault})
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error)
			go func() {
				resp, err := open(ctx, t, srv)
				if err == nil {
					_, err = io.Copy(io.Discard, resp.Body)
					_ = resp.Body.Close()
				}
				ended <- err
			}()
			<-srv.Arrived()
			cancel()
			if err := <-ended; !errors.Is(err, context.Canceled) {
				t.Errorf("it ended with %v", err)
			}
			if q := <-srv.Cancelled(); q.Text() != "hi" {
				t.Errorf("got %+v", q)
			}
		})
	}
}

func TestClosingTheServerEndsEveryAnswer(t *testing.T) {
	srv, err := llmtest.Start("127.0.0.1:0", llmtest.Script{Rules: []llmtest.Rule{{Fault: llmtest.StallMid, Reply: "one two"}}})
	if err != nil {
		t.Fatal(err)
	}
	resp, err := open(t.Context(), t, srv)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	for range 2 {
		if err := srv.Close(); err != nil {
			t.Error(err)
		}
	}
	if _, err := io.ReadAll(resp.Body); err == nil {
		t.Error("the answer ended as if it were complete")
	}
	select {
	case q := <-srv.Cancelled():
		t.Errorf("%+v counts as cancelled", q)
	default:
	}
	if _, err := net.Dial("tcp", strings.TrimPrefix(srv.URL(), "http://")); err == nil {
		t.Error("it still listens")
	}
}

func TestGatesHoldTheAnswerBack(t *testing.T) {
	start, step := make(chan struct{}), make(chan struct{})
	srv := llmtest.New(t, llmtest.Rule{Chunks: []string{"a", "b"}, Start: start, Step: step})
	got := make(chan string)
	go func() {
		defer close(got)
		resp, err := open(t.Context(), t, srv)
		if err != nil {
			got <- err.Error()
			return
		}
		defer resp.Body.Close()
		for s := bufio.NewScanner(resp.Body); s.Scan(); {
			got <- s.Text()
		}
	}()
	<-srv.Arrived()
	select {
	case line := <-got:
		t.Fatalf("%q came before the gate was opened", line)
	default:
	}
	start <- struct{}{}
	for _, want := range []string{`"content":"a"`, `"content":"b"`, `"done":true`} {
		if line := <-got; !strings.Contains(line, want) {
			t.Errorf("got %q, want %s", line, want)
		}
		if want != `"done":true` {
			step <- struct{}{}
		}
	}
	if line, more := <-got; more {
		t.Errorf("and then %q", line)
	}
}

func TestRequestsAreKeptAsTheyCame(t *testing.T) {
	srv := llmtest.New(t)
	do(t, "POST", srv.URL()+"/api/chat", `{"model":"toy","stream":false,"think":"low","keep_alive":"5m","format":"json",
		"options":{"num_ctx":4096},"messages":[{"role":"system","content":"be brief"},{"role":"user","content":"hi"}]}`)
	do(t, "POST", srv.URL()+"/api/embed", `{"model":"toyembed","input":"hi"}`)
	do(t, "GET", srv.URL()+"/api/tags", "")
	all := srv.Requests()
	if len(all) != 2 {
		t.Fatalf("got %d requests, want 2", len(all))
	}
	q := all[0]
	if q.Path != "/api/chat" || q.Model != "toy" || q.Stream || q.Think != "low" || q.Options["num_ctx"] != 4096.0 ||
		string(q.KeepAlive) != `"5m"` || string(q.Format) != `"json"` || q.Text() != "hi" || q.Messages[0].Role != llm.System {
		t.Errorf("got %+v", q)
	}
	if e := all[1]; e.Path != "/api/embed" || string(e.Input) != `"hi"` {
		t.Errorf("got %+v", e)
	}
}

func TestAServerRemembersTheLatestThousandRequests(t *testing.T) {
	srv := llmtest.NewServer(llmtest.Script{})
	for range 1010 {
		req, _ := http.NewRequest(http.MethodPost, "/api/embed", strings.NewReader(`{"model":"toyembed","input":""}`))
		srv.ServeHTTP(discard{http.Header{}}, req)
	}
	if n := len(srv.Requests()); n != 1000 {
		t.Errorf("it has %d", n)
	}
	if err := srv.Close(); err != nil {
		t.Error(err)
	}
}

type discard struct{ header http.Header }

func (d discard) Header() http.Header         { return d.header }
func (d discard) Write(b []byte) (int, error) { return len(b), nil }
func (d discard) WriteHeader(int)             {}
