package openai_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/llm/openai"
)

func TestStatusesAreSortedByWhatCanBeDone(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		class  llm.Class
		says   string
	}{
		"llama.cpp loads":           {503, `{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}`, llm.Overloaded, "Loading model"},
		"llama.cpp, no such route":  {404, `{"error":{"code":404,"message":"File Not Found","type":"not_found_error"}}`, llm.Refused, "no OpenAI-compatible API at http://"},
		"llama.cpp, key":            {401, `{"error":{"code":401,"message":"Invalid API Key","type":"authentication_error"}}`, llm.Unauthorized, "Invalid API Key"},
		"llama.cpp, bad request":    {500, `{"error":{"code":500,"message":"'messages' is required","type":"server_error"}}`, llm.Refused, "required"},
		"llama.cpp, bad JSON":       {500, `{"error":{"code":500,"message":"[json.exception.parse_error.101] parse error at line 1","type":"server_error"}}`, llm.Refused, "parse error"},
		"OpenRouter, no such model": {404, `{"error":{"code":404,"message":"No endpoints found for a/b."}}`, llm.NotFound, "model toy"},
		"llama.cpp, too long":       {400, `{"error":{"code":400,"message":"the request exceeds the available context size. try increasing it"}}`, llm.TooLarge, "context size"},
		"Ollama, no such model":     {404, `{"error":{"message":"model 'nope' not found","type":"not_found_error","param":null,"code":null}}`, llm.NotFound, "model toy"},
		"Ollama, bad JSON":          {400, `{"error":{"message":"unexpected EOF","type":"invalid_request_error","param":null,"code":null}}`, llm.Refused, "unexpected EOF"},
		"OpenAI, quota":             {429, `{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}`, llm.Overloaded, "quota"},
		"OpenAI, too long":          {400, `{"error":{"message":"This model's maximum context length is 8192 tokens","type":"invalid_request_error","code":"context_length_exceeded"}}`, llm.TooLarge, "8192"},
		"OpenRouter, no credit":     {402, `{"error":{"code":402,"message":"Insufficient credits"}}`, llm.Refused, "credits"},
		"OpenRouter, provider":      {502, `{"error":{"code":502,"message":"Bad gateway","metadata":{"error_type":"x"}}}`, llm.Unreachable, "Bad gateway"},
		"vLLM, a number":            {400, `{"object":"error","error":{"message":"bad","code":400}}`, llm.Refused, "bad"},
		"a text":                    {500, `{"error":"it broke"}`, llm.Internal, "it broke"},
		"null":                      {500, `{"error":null}`, llm.Internal, "null"},
		"plain text":                {500, `Internal Server Error`, llm.Internal, "Internal Server Error"},
		"a page":                    {404, `<html>nginx</html>`, llm.Refused, "no OpenAI-compatible API at http://"},
		"no body":                   {502, ``, llm.Unreachable, ""},
		"a gateway's time":          {504, ``, llm.Timeout, ""},
		"a redirect":                {302, ``, llm.Refused, "redirects"},
	} {
		t.Run(name, func(t *testing.T) {
			p := failing(t, c.status, c.body, "Location", "http://elsewhere.example/")
			_, err := ask(t, p, hello("toy"))
			if e := wantError(t, err, c.class, c.says); e.Status != c.status || e.Provider != "openai" {
				t.Errorf("got %+v", e)
			}
		})
	}
}

func TestRetryAfterIsBelievedWithinReason(t *testing.T) { // fault-L5
	now := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		header, value string
		want          time.Duration
	}{
		{"Retry-After", "7", 7 * time.Second},
		{"Retry-After", " 7 ", 7 * time.Second},
		{"Retry-After", now.Add(90 * time.Second).Format(http.TimeFormat), 90 * time.Second},
		{"Retry-After", now.Add(-time.Hour).Format(http.TimeFormat), 0},
		{"Retry-After", "1000000000", 5 * time.Minute},
		{"Retry-After", "99999999999999999999999", 5 * time.Minute},
		{"Retry-After", "-5", 0},
		{"Retry-After", "soon", 0},
		{"Retry-After-Ms", "1500", 1500 * time.Millisecond},
		{"Retry-After-Ms", "1e300", 5 * time.Minute},
		{"Retry-After-Ms", "-3", 0},
		{"Retry-After-Ms", "NaN", 0},
	} {
		p, err := openai.New(openai.Config{URL: "http://model.example", Now: func() time.Time { return now }, Transport: answering{429, c.header, c.value}})
		if err != nil {
			t.Fatal(err)
		}
		_, err = ask(t, p, hello("toy"))
		if e := wantError(t, err, llm.Overloaded); e.RetryAfter != c.want {
			t.Errorf("%s: %q is %s, want %s", c.header, c.value, e.RetryAfter, c.want)
		}
	}
}

// answering is a transport that answers with a status and a header.
type answering struct {
	status        int
	header, value string
}

func (a answering) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: a.status, Header: http.Header{a.header: {a.value}}, Request: r, Body: http.NoBody,
	}, nil
}

func TestAServerThatIsNotThereIsUnreachable(t *testing.T) { // fault-L1
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	_ = l.Close()
	_, err = ask(t, connect(t, openai.Config{URL: "http://" + addr}), hello("toy"))
	wantError(t, err, llm.Unreachable, "no connection", addr)
}

func TestLeavingTheLoopCancelsTheRequestUpstream(t *testing.T) { // fault-L25
	gone := make(chan struct{})
	p := raw(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, data(one))
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		close(gone)
	})
	for range p.Stream(t.Context(), hello("toy")) {
		break
	}
	<-gone
}

func TestCancellingTheContextEndsTheStreamWithItsCause(t *testing.T) { // fault-L25
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	stop := errors.New("stopped by the end user")
	gone := make(chan struct{})
	p := raw(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, data(one))
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
		close(gone)
	})
	var last error
	for ev, err := range p.Stream(ctx, hello("toy")) {
		if _, ok := ev.(llm.Delta); ok {
			cancel(stop)
		}
		last = err
	}
	if !errors.Is(last, stop) {
		t.Errorf("got %v", last)
	}
	<-gone
}

func TestALongToolCallKeepsTheGuardPatient(t *testing.T) {
	step := make(chan struct{})
	p := raw(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, data(call(`{"index":0,"id":"a","function":{"name":"lookup","arguments":"{"}}`)))
		_ = http.NewResponseController(w).Flush()
		<-step
		_, _ = io.WriteString(w, data(call(`{"index":0,"function":{"arguments":"}"}}`), end("stop")))
	})
	pulses := 0
	for ev, err := range p.Stream(t.Context(), withTool("toy")) {
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := ev.(llm.Pulse); ok {
			if pulses++; pulses == 1 {
				close(step) // the first fragment was told before the call was whole
			}
		}
	}
	if pulses != 2 {
		t.Errorf("%d pulses, want one for each fragment", pulses)
	}
}
