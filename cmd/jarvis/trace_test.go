package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/llm/llmtest"
	"github.com/jarvis-host/jarvis/host/telemetry"
)

// S06: one request id, the client's where it is harmless and else one of ours, is in
// the answer, in the host's log, in the plugin's lines and what is kept of them, in
// what the model and a service of the plugin are asked with, in the recorded call
// and in the receipt of what was done; and so is the client's trace, if it has one.
func TestOneRequestIDIsInAllThatARequestLedTo(t *testing.T) {
	var mu sync.Mutex
	var served []http.Header
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		served = append(served, r.Header)
		w.WriteHeader(http.StatusNotFound)
	}))
	t.Cleanup(service.Close)
	model := llmtest.New(t,
		llmtest.Rule{When: "please", ToolCalls: []llm.ToolCall{
			{ID: "1", Name: "door__dim", Arguments: []byte(`{"level":7}`)}, {ID: "2", Name: "leaky__fetch", Arguments: []byte(`{}`)},
		}},
		llmtest.Rule{Reply: "I asked."})
	h := startHost(t, "", "llm:\n  ollama:\n    url: "+model.URL()+"\nlog: {format: json}\nplugins:\n  leaky:\n    enabled: true\n    path: jarvis-plugin-leaky\n    record: 9\n"+
		"    grants: [secret one, secret two, notify, \"net config:/url\"]\n    secrets: {one: \"env:SHOP_SECRET\", two: \"env:SHOP_SECRET\"}\n"+
		"    config: {url: \""+service.URL+"/data\", token: \"env:SHOP_SECRET\"}\n"+strings.TrimPrefix(withLamp, "plugins:\n"))
	h.ready("leaky", "door")
	const parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	for offered, kept := range map[string]bool{"mine-1.2_3": true, strings.Repeat("x", 64): true, strings.Repeat("x", 65): false, "a b": false, "x\";DROP": false, "": false} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+h.addr+"/v1/chat", strings.NewReader(`{"text":"please ask a service that fails, and dim the lamp"}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+h.key)
		req.Header.Set("Content-Type", "application/json")
		req.Header["X-Request-Id"] = []string{offered}
		trace := ""
		if kept {
			trace = parent
			req.Header["Traceparent"] = []string{parent}
		}
		before := len(model.Requests())
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		var done struct{ Turn, State string }
		if err := json.NewDecoder(resp.Body).Decode(&done); err != nil || done.State != "answered" {
			t.Fatalf("%+v, %v", done, err)
		}
		_ = resp.Body.Close()
		id := resp.Header.Get("X-Request-ID")
		if (id == offered) != kept || !telemetry.ValidRequestID(id) {
			t.Errorf("%q became %q", offered, id)
		}
		asked := model.Requests()[before:]
		if len(asked) != 2 || asked[0].RequestID() != id || asked[1].RequestID() != id || asked[1].Header.Get("Traceparent") != trace {
			t.Errorf("the model was asked %d times, %v", len(asked), asked)
		}
		mu.Lock()
		if len(served) == 0 || slices.ContainsFunc(served, func(s http.Header) bool { return s.Get("X-Request-ID") != id || s.Get("Traceparent") != trace }) {
			t.Errorf("the service was asked with %q, want %q and %q", served, id, trace)
		}
		served = nil
		mu.Unlock()
		mark := `"request_id":"` + id + `"`
		traced := mark
		if trace != "" {
			traced = `"trace_id":"` + trace[3:35] + `"`
		}
		for what, of := range map[string]string{"the turn's record": "turn done", "the plugin's line": "asked in earnest"} {
			until(t, what, func() bool { return holdsLine(h.log.String(), mark, traced, of) })
		}
		if done := h.receipts("?plugin=door").Items[0]; done.RequestID != id {
			t.Errorf("the receipt is of %+v, want %q", done, id)
		}
		for _, file := range []string{"journal/leaky.jsonl", "recordings/leaky.jsonl"} {
			until(t, "the id in "+file, func() bool {
				raw, _ := os.ReadFile(filepath.Join(h.data(), file))
				return strings.Contains(string(raw), id)
			})
		}
		if code := h.restWith(http.MethodPost, "/v1/chat", `{"text":""}`, &struct{}{}, "X-Request-ID", "bad-one"); code != http.StatusBadRequest {
			t.Errorf("an empty message got %d", code)
		}
	}
	var refused struct {
		Error struct {
			RequestID string `json:"request_id"`
		}
	}
	h.restWith(http.MethodPost, "/v1/chat", `{"text":""}`, &refused, "X-Request-ID", "bad-one")
	if refused.Error.RequestID != "bad-one" {
		t.Errorf("an error names the request %q", refused.Error.RequestID)
	}
}

// holdsLine tells whether one line holds all parts.
func holdsLine(text string, parts ...string) bool {
	for line := range strings.Lines(text) {
		if !slices.ContainsFunc(parts, func(p string) bool { return !strings.Contains(line, p) }) {
			return true
		}
	}
	return false
}

// S07: every line that a busy host writes is one JSON object whose keys are documented,
// with what a plugin calls its own under a prefix; and of a thousand secrets that
// a plugin logged, and that clients wrote into messages, broken requests, paths and
// headers, none is there.
func TestEveryLineOfTheLogIsARecordOfDocumentedKeys(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "jarvis.log")
	h := startHost(t, dir, "llm:\n  ollama:\n    url: "+llmtest.New(t, llmtest.Rule{When: "broken", Fault: llmtest.Broken}).URL()+
		"\nlog: {format: json, level: trace, file: "+file+"}\n"+withKitchen+"  door:\n    enabled: true\n    path: jarvis-plugin-door\n    grants: [knock]\n  crash:\n    enabled: true\n    path: jarvis-plugin-crash\n")
	h.ready("door", "kitchen")
	c := h.dial("a")
	for _, said := range []string{"what time is it", "start the timer", "kick the door", "ask the model for a recipe", "order some food", "you are broken", "knock on the {door} door", "wait at the door"} {
		c.say(said)
	}
	c.send(map[string]any{"type": "stop", "session": c.session})
	bare := strings.NewReplacer("/", "", "+", "", "%", "", "&", "", "=", "")
	var secrets []string
	ways := []func(said string){
		func(said string) { h.rest(http.MethodPost, "/v1/chat", `{"text":`+quoted(said)+`}`, nil) },
		func(said string) { h.rest(http.MethodPost, "/v1/chat", said, nil) }, // no JSON
		func(said string) { h.get("/v1/sessions/"+url.PathEscape(said)+"?token="+url.QueryEscape(said), nil) },
		func(said string) { h.restWith(http.MethodGet, "/v1/me", "", nil, "X-Request-ID", said) },
	}
	for i := range 200 { // at once, and no more lines than a plugin may log
		var said strings.Builder
		for _, as := range []string{"password=%s ", "Authorization: Bearer %s\n", "https://me:%s@shop.example/ ", "{\"token\": \"%s\"} ", "api_key: %s "} {
			secrets = append(secrets, bare.Replace(newCanary("x").value))
			fmt.Fprintf(&said, as, secrets[len(secrets)-1])
		}
		if code := h.rest(http.MethodPost, "/v1/tools/door/knock", `{"door":`+quoted(said.String())+`}`, nil); code != http.StatusOK {
			t.Fatalf("knock: %d", code)
		}
		ways[i%len(ways)](strings.ReplaceAll(said.String(), "\n", " "))
	}
	h.signal(syscall.SIGHUP)
	h.signal(syscall.SIGQUIT)
	inFile := func(what string) bool {
		raw, _ := os.ReadFile(file)
		return strings.Contains(string(raw), what)
	}
	until(t, "the stacks", func() bool { return inFile("stacks of all goroutines") })
	h.stop()
	known := append(telemetry.Keys(), "@level", "@message", "@timestamp")
	knocks := 0
	for _, r := range records(t, file) {
		for key := range r {
			if !slices.Contains(known, key) && (r["plugin"] == nil || !strings.HasPrefix(key, telemetry.PluginPrefix)) {
				t.Errorf("the key %s is documented nowhere: %v", key, r)
			}
		}
		if r["@message"] == "knocked" && r["plugin"] == "door" {
			knocks++
		}
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	leaks := 0
	for _, s := range secrets {
		if strings.Contains(string(raw), s) {
			leaks++
		}
	}
	if leaks > 0 || knocks < 200 || len(secrets) != 1000 {
		t.Errorf("%d of 1000 secrets leaked, in %d lines", leaks, knocks)
	}
}
