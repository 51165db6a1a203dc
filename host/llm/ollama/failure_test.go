package ollama_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/llm/llmtest"
	"github.com/jarvis-host/jarvis/host/llm/ollama"
)

// freeAddr is an address where no one listens.
func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestAServerThatIsNotThereIsUnreachable(t *testing.T) { // fault-L1
	addr := freeAddr(t)
	_, err := ask(t, connect(t, ollama.Config{URL: addr}), hello("toy"))
	wantError(t, err, llm.Unreachable, "no connection", addr)
}

// failed is a transport that gets nowhere.
type failed struct{ err error }

func (f failed) RoundTrip(*http.Request) (*http.Response, error) { return nil, f.err }

func TestAHostWithoutAnAddressIsUnreachable(t *testing.T) { // fault-L2
	lookup := failed{&net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "no-such-host.invalid"}}}
	_, err := ask(t, connect(t, ollama.Config{URL: "no-such-host.invalid", Transport: lookup}), hello("toy"))
	wantError(t, err, llm.Unreachable, "no address", "no-such-host.invalid")
}

func TestACertificateThatNoOneTrustsIsUnreachable(t *testing.T) { // fault-L2
	srv := httptest.NewUnstartedServer(llmtest.NewServer(llmtest.Script{}))
	srv.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // it complains of us
	srv.StartTLS()
	defer srv.Close()
	_, err := ask(t, connect(t, ollama.Config{URL: srv.URL}), hello("toy"))
	wantError(t, err, llm.Unreachable, "no trusted TLS connection")
}

func TestTLSToAServerWithoutItIsUnreachable(t *testing.T) { // fault-L2
	srv := llmtest.New(t)
	url := "https" + strings.TrimPrefix(srv.URL(), "http")
	_, err := ask(t, connect(t, ollama.Config{URL: url}), hello("toy"))
	wantError(t, err, llm.Unreachable, "no connection")
}

func TestAMissingModelIsNamedWithTheCommandThatGetsIt(t *testing.T) { // fault-L3
	srv := llmtest.New(t)
	p := connect(t, ollama.Config{URL: srv.URL()})
	_, err := ask(t, p, hello("llama3.2:3b"))
	e := wantError(t, err, llm.NotFound, "model llama3.2:3b", "ollama pull llama3.2:3b")
	if e.Status != http.StatusNotFound || e.Fetch != "ollama pull llama3.2:3b" || e.Provider != "ollama" {
		t.Errorf("got %+v", e)
	}
}

func TestStatusesAreSortedByWhatCanBeDone(t *testing.T) {
	for _, c := range []struct {
		status int
		body   string
		class  llm.Class
		part   string
	}{
		{400, `{"error":"model is required"}`, llm.Refused, "model is required"},
		{400, `{"error":"the prompt is longer than the context length currently available"}`, llm.TooLarge, "context length"},
		{400, `Client sent an HTTP request to an HTTPS server.`, llm.Refused, "HTTPS server"},
		{401, `{"error":"unauthorized","signin_url":"https://x"}`, llm.Unauthorized, "unauthorized"},
		{403, ``, llm.Unauthorized, "host name"},
		{404, `404 page not found`, llm.Refused, "no Ollama at"},
		{405, `405 method not allowed`, llm.Refused, "no Ollama at"},
		{408, ``, llm.Timeout, ""},
		{413, `<html>`, llm.TooLarge, "<html>"},
		{429, `{"error":{"message":"slow down","code":429}}`, llm.Overloaded, "slow down"},
		{499, `{"error":"request canceled"}`, llm.Interrupted, "canceled"},
		{500, `{"error":"option \"num_ctx\" must be of type integer"}`, llm.Refused, "num_ctx"},
		{500, `{"error":"invalid format: \"yaml\""}`, llm.Refused, "format"},
		{500, `{"error":"invalid JSON schema in format"}`, llm.Refused, "schema"},
		{500, `{"error":"model requires more system memory"}`, llm.Internal, "memory"},
		{500, `the request exceeds the available context size`, llm.TooLarge, "context size"},
		{502, ``, llm.Unreachable, ""},
		{503, `{"error":"server busy"}`, llm.Overloaded, "server busy"},
		{504, ``, llm.Timeout, ""},
		{204, ``, llm.Refused, ""},
	} {
		_, err := ask(t, failing(t, c.status, c.body), hello("toy"))
		if e := wantError(t, err, c.class, c.part); e.Status != c.status {
			t.Errorf("status %d came out as %d", c.status, e.Status)
		}
	}
}

func TestAnErrorBodyIsReadWithinBounds(t *testing.T) {
	_, err := ask(t, failing(t, 500, strings.Repeat("é", 1<<20)), hello("toy"))
	wantError(t, err, llm.Internal, "é…")
	if len(err.Error()) > 1000 {
		t.Errorf("the error has %d bytes", len(err.Error()))
	}
}

func TestRetryAfterIsBelievedWithinReason(t *testing.T) { // fault-L5
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for header, want := range map[string]time.Duration{
		"":                              0,
		"2":                             2 * time.Second,
		"-5":                            0,
		"1000000000":                    5 * time.Minute,
		"99999999999999999999":          5 * time.Minute,
		"soon":                          0,
		"Sun, 01 Mar 2026 12:00:07 GMT": 7 * time.Second,
		"Sun, 01 Mar 2020 12:00:07 GMT": 0,
		"Sun, 01 Mar 2099 12:00:07 GMT": 5 * time.Minute,
	} {
		srv := llmtest.New(t, llmtest.Rule{Fault: llmtest.TooMany, RetryAfter: header})
		p := connect(t, ollama.Config{URL: srv.URL(), Now: func() time.Time { return now }})
		_, err := ask(t, p, hello("toy"))
		if e := wantError(t, err, llm.Overloaded); e.RetryAfter != want {
			t.Errorf("Retry-After %q is %s, want %s", header, e.RetryAfter, want)
		}
	}
}

func TestARedirectIsNotFollowed(t *testing.T) {
	other := llmtest.New(t)
	for _, status := range []int{301, 302, 307, 308} {
		p := failing(t, status, "", "Location", other.URL()+"/api/chat")
		_, err := ask(t, p, hello("toy"))
		wantError(t, err, llm.Refused, "redirects")
	}
	if n := len(other.Requests()); n != 0 {
		t.Errorf("the other host got %d requests", n)
	}
}

func TestHeadersThatNeverComeAreATimeout(t *testing.T) {
	srv := llmtest.New(t, llmtest.Rule{Fault: llmtest.StallBefore})
	p := connect(t, ollama.Config{URL: srv.URL(), HeaderTimeout: time.Millisecond})
	_, err := ask(t, p, hello("toy"))
	wantError(t, err, llm.Timeout, "no response within 1ms")
	<-srv.Cancelled()
}

func TestHeadersWithoutEndAreAnError(t *testing.T) {
	_, err := ask(t, failing(t, 200, "", "X-Junk", strings.Repeat("x", 1<<20)), hello("toy"))
	wantError(t, err, llm.Interrupted, "no response")
}

func TestACallerThatHasGoneGetsItsOwnReason(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	srv := llmtest.New(t)
	p := connect(t, ollama.Config{URL: srv.URL()})
	_, err := collect(p.Stream(ctx, hello("toy")))
	if _, ours := errors.AsType[*llm.Error](err); ours || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

// The guard's deadlines reach the wire: the server sees its client hang up.
func TestAGuardedStallIsATimeoutAndFreesTheModel(t *testing.T) { // fault-L6, fault-L7
	for fault, part := range map[llmtest.Fault]string{
		llmtest.StallBefore: "no first token within 1ms",
		llmtest.StallMid:    "no further token within 2ms",
	} {
		limits := llm.Limits{FirstToken: time.Millisecond, BetweenTokens: 2 * time.Millisecond}
		if fault == llmtest.StallMid {
			limits.FirstToken = time.Minute
		}
		srv := llmtest.New(t, llmtest.Rule{Reply: "one two", Fault: fault})
		g := llm.NewGuard(connect(t, ollama.Config{URL: srv.URL()}), limits)
		_, err := collect(g.Stream(t.Context(), hello("toy")))
		wantError(t, err, llm.Timeout, part)
		if fault == llmtest.StallMid {
			<-srv.Cancelled() // a request that is cut off before it is written may never arrive
		}
	}
}

func TestAnAnswerWithoutEndStopsAtTheCap(t *testing.T) { // fault-L11, fault-L18
	srv := llmtest.New(t, llmtest.Rule{Fault: llmtest.Endless, Reply: "tick"})
	g := llm.NewGuard(connect(t, ollama.Config{URL: srv.URL()}), llm.Limits{Tokens: 100})
	got, err := collect(g.Stream(t.Context(), hello("toy")))
	wantError(t, err, llm.Limit, "100 tokens")
	if len(got) != 100 {
		t.Errorf("got %d events, want 100", len(got))
	}
	<-srv.Cancelled()
}
