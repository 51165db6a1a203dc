package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jarvis-host/jarvis/host/health"
	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/llm/llmtest"
	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/plugins/mcp/mcptest"
)

// held is a server that answers some requests only when whoever asked has left.
type held struct {
	*httptest.Server
	begun, ended chan string
}

// holding returns a server that hangs on the requests that match, and answers the
// others as next does.
func holding(t *testing.T, match func(r *http.Request, body string) bool, next http.Handler) *held {
	t.Helper()
	s := &held{begun: make(chan string, 16), ended: make(chan string, 16)}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if !match(r, string(body)) {
			next.ServeHTTP(w, r)
			return
		}
		s.begun <- r.URL.Path
		<-r.Context().Done()
		s.ended <- r.URL.Path
	}))
	t.Cleanup(s.Close)
	return s
}

// await returns when something came, or fails.
func await[T any](t *testing.T, what string, from <-chan T) {
	t.Helper()
	select {
	case <-from:
	case <-time.After(patience):
		t.Fatalf("waited %v in vain for %s", patience, what)
	}
}

// S09, fault-L25: whatever a turn asks of others over the network ends with it: when
// the end user stops it, and when the last client has left and the operator wants it
// to end then.
func TestNoCallOutlivesItsTurn(t *testing.T) {
	model := llmtest.New(t,
		llmtest.Rule{When: "wait far away", ToolCalls: []llm.ToolCall{{ID: "1", Name: "far__wait", Arguments: []byte(`{}`)}}},
		llmtest.Rule{When: "story", Fault: llmtest.StallBefore},
	)
	sky := holding(t, func(r *http.Request, _ string) bool { return r.URL.Path == "/v1/forecast" }, openMeteo(t).Config.Handler)
	notes, closeNotes := mcptest.Handler()
	t.Cleanup(closeNotes)
	far := holding(t, func(_ *http.Request, body string) bool { return strings.Contains(body, `"tools/call"`) }, notes)
	h := startHost(t, "", withModel(model.URL())+fmt.Sprintf(`
gateway: {unwatched: stop}
plugins:
  weather:
    config: {forecast_url: %[1]s/v1/forecast, geocoding_url: %[1]s/v1/search}
  far:
    kind: mcp
    enabled: true
    config: {url: %[2]s}
`, sky.URL, far.URL))
	h.ready("far", "weather")

	ways := map[string]func(*client){
		"a stop": func(c *client) {
			c.send(protocol.Stop{Type: protocol.TypeStop, Session: c.session})
			var done protocol.Done
			c.into(c.next(protocol.TypeDone), &done)
			if done.State != "stopped" {
				t.Errorf("a stop ended the turn as %+v", done)
			}
		},
		"a client that leaves": func(c *client) { _ = c.conn.Close() },
	}
	for way, end := range ways {
		for peer, begin := range map[string]struct {
			says         string
			begun, ended func()
		}{
			"the model": {
				"tell me a story",
				func() { await(t, "the model to be asked", model.Arrived()) },
				func() { await(t, "the model to be let go", model.Cancelled()) },
			},
			"a service that a plugin asks": {
				"what's the weather in Lyon",
				func() { await(t, "the forecast to be asked for", sky.begun) },
				func() { await(t, "the forecast to be given up", sky.ended) },
			},
			"a mounted server": {
				"wait far away",
				func() {
					await(t, "the model to be asked", model.Arrived())
					await(t, "the server to be called", far.begun)
				},
				func() { await(t, "the call to be given up", far.ended) },
			},
		} {
			t.Run(peer+" and "+way, func(t *testing.T) {
				c := h.dial("a")
				c.say(begin.says)
				var accepted protocol.Accepted
				c.into(c.next(protocol.TypeAccepted), &accepted)
				c.session = accepted.Session
				begin.begun()
				end(c)
				begin.ended()
			})
		}
	}
}

// S09: a service that a plugin asks and that does not answer is asked no more for a
// while, which operators see in /ready and in the metrics; the rest of the plugin and of
// the host goes on, and an answer ends it.
func TestAServiceThatAPluginAsksAndThatFailsIsLeftAlone(t *testing.T) {
	var asked, well atomic.Int64
	sky := openMeteo(t).Config.Handler
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/forecast" {
			asked.Add(1)
			if well.Load() == 0 {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
		}
		sky.ServeHTTP(w, r)
	}))
	t.Cleanup(service.Close)
	h := startHost(t, "", withWeather(service))
	h.ready("weather")
	c := h.dial("a")
	for range 10 { // of one service with one address: finding Lyon works no better
		if got := c.ask("what's the weather in Lyon").done; got.State == "answered" && strings.Contains(got.Text, "°") {
			t.Fatalf("a forecast from nowhere: %+v", got)
		}
	}
	if n := asked.Load(); n > 10 {
		t.Errorf("10 questions asked a service %d times that answers none", n)
	}
	until(t, "/ready to tell", func() bool { return h.service("plugin:weather").State == health.Down })
	if s := h.service("plugin:weather"); !strings.Contains(s.Error, strings.TrimPrefix(service.URL, "http://")+" does not answer: 503") {
		t.Errorf("told of as %+v", s)
	}
	if n := h.metric(`service_health_status{service="plugin:weather"}`); n != 0 {
		t.Errorf("the metric is %v", n)
	}
	if got := c.ask("what time is it").done; got.State != "answered" {
		t.Errorf("the rest: %+v", got)
	}
	well.Store(1)
	until(t, "a forecast", func() bool { return strings.Contains(c.ask("what's the weather in Lyon").done.Text, "°") })
	until(t, "/ready to be well again", func() bool { return h.service("plugin:weather").State == health.Up })
}
