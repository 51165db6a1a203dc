package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/host/health"
	"github.com/jarvis-host/jarvis/host/llm/llmtest"
	"github.com/jarvis-host/jarvis/host/protocol"
)

// standing is what a host says of itself: the status of /health and of /ready.
type standing struct{ health, ready string }

func (h *hostProcess) standing() standing {
	h.t.Helper()
	return standing{fmt.Sprint(h.get("/health", nil)), fmt.Sprint(h.get("/ready", nil))}
}

// withoutOthers has neither a model, nor an index, nor one of its plugins.
const withoutOthers = quiet + "memory:\n  qdrant:\n    url: http://127.0.0.1:9\n    collection: home\n" +
	"plugins:\n  crash:\n    enabled: true\n    path: jarvis-plugin-crash\n"

// fault-C6: /health and /ready answer in every state as the table in
// docs/operations.md has it, and each of its rows is tried.
func TestHealthAndReadyAnswerAsTheirTableSays(t *testing.T) {
	tries := map[string]func(t *testing.T) standing{
		"all is well": func(t *testing.T) standing { return startHost(t, "", withModel(llmtest.New(t).URL())).standing() },
		"a model, a plugin or another optional service is down": func(t *testing.T) standing {
			h := startHost(t, "", withoutOthers)
			for _, name := range []string{"model", "qdrant", "plugin:crash"} {
				until(t, name+" to be down", func() bool { s := h.service(name); return s.State == health.Down && s.Error != "" })
			}
			return h.standing()
		},
		"the store can't be read or written, or a required service is unknown yet": func(t *testing.T) standing {
			h := startHost(t, "", quiet)
			c := h.dial("a")
			defer h.readOnly()()
			c.say("what time is it") // what can't be kept is how it is found out
			c.next(protocol.TypeError)
			until(t, "the store to be down", func() bool { return h.service("store").State == health.Down })
			return h.standing()
		},
		"the host drains": func(t *testing.T) standing {
			h := startHost(t, "", strings.Replace(withModel(slowModel(t).URL()), "2s", "10m", 1))
			c := h.dial("a")
			c.say("tell me a very long story")
			c.next(protocol.TypeDelta)
			h.signal(syscall.SIGTERM)
			c.next(protocol.TypeDraining)
			defer h.kill()
			return h.standing()
		},
	}
	raw, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(raw), "| what happens | `/health` | `/ready` |\n")
	table, _, _ = strings.Cut(table, "\n\n")
	said := map[string]standing{}
	for line := range strings.Lines(table) {
		cells := strings.Split(line, "|")
		if len(cells) != 5 || strings.Contains(line, "---") {
			continue
		}
		code, _, _ := strings.Cut(strings.TrimSpace(cells[3]), ",")
		said[strings.TrimSpace(cells[1])] = standing{strings.TrimSpace(cells[2]), code}
	}
	for what, try := range tries {
		t.Run(what, func(t *testing.T) {
			want, ok := said[what]
			if !ok {
				t.Fatal("the table does not have it any more")
			}
			if got := try(t); got != want {
				t.Errorf("%+v, the table says %+v", got, want)
			}
		})
	}
	delete(said, "the host starts") // TestThePortOpensWhenTheHostIsWhole knocks meanwhile
	for what := range said {
		if tries[what] == nil {
			t.Errorf("nobody tries what the table says of %q", what)
		}
	}
}

// fault-C15: a message that kills the host takes its turn with it and nothing more:
// each restart comes up, ends the turn as interrupted, and asks nothing again by
// itself, also after the third time.
func TestAMessageThatKillsTheHostIsNeverReplayed(t *testing.T) {
	inner := llmtest.New(t)
	var victim atomic.Pointer[hostProcess]
	var asked atomic.Int64
	model := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/chat" {
			inner.ServeHTTP(w, r)
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		asked.Add(1)
		_ = victim.Load().cmd.Process.Kill()
		<-r.Context().Done()
	}))
	t.Cleanup(model.Close)
	dir := t.TempDir()
	h := startHost(t, dir, withModel(model.URL))
	var session string
	want := map[string]int{}
	for i := range int64(3) {
		victim.Store(h)
		c := h.dial(fmt.Sprint("before", i))
		c.session = session
		c.say("tell me what kills you")
		var accepted protocol.Accepted
		c.into(c.next(protocol.TypeAccepted), &accepted)
		session = accepted.Session
		<-h.end
		until(t, "the plugins to go with the host", func() bool { return len(h.processes()) == 0 })

		h = startHost(t, dir, withModel(model.URL))
		c = h.dial(fmt.Sprint("after", i))
		c.session = session
		c.send(protocol.Resume{Type: protocol.TypeResume, Session: session, After: accepted.Seq})
		var done protocol.Done
		c.into(c.next(protocol.TypeDone), &done)
		if done.Turn != accepted.Turn || done.State != "interrupted" {
			t.Errorf("after death %d the turn ended as %+v", i+1, done)
		}
		want[accepted.Turn+" user "], want[accepted.Turn+" assistant interrupted"] = 1, 1
		if got := c.ask("what time is it").done; got.State != "answered" {
			t.Errorf("after death %d: %+v", i+1, got)
		}
		if n := asked.Load(); n != i+1 {
			t.Fatalf("the model was asked %d times after %d messages", n, i+1)
		}
	}
	var messages protocol.List[protocol.Message]
	h.get("/v1/sessions/"+session+"/messages", &messages)
	kept := map[string]int{}
	for _, m := range messages.Items {
		if key := m.Turn + " " + m.Role + " " + m.State; want[key] > 0 {
			kept[key]++
		}
	}
	if d := cmp.Diff(want, kept); d != "" {
		t.Error(d)
	}
}

// fault-H30: when a model gives all the answers that it may and all places to wait
// are taken, the next one is told at once when to come back, and the model's server
// has no more requests than it may.
func TestAModelWithoutAPlaceSaysWhenToComeBack(t *testing.T) {
	start := make(chan struct{})
	srv := llmtest.New(t, llmtest.Rule{Reply: "at last", Start: start})
	h := startHost(t, "", "llm:\n  providers:\n    m: {kind: ollama, url: \""+srv.URL()+"\", concurrency: 2, queue: 1}\n"+
		"  routes: {only: {provider: m, model: toy}}\n")
	clients := []*client{h.dial("a"), h.dial("b"), h.dial("c")}
	for _, c := range clients[:2] {
		c.say("the wish of " + c.name)
		<-srv.Arrived()
	}
	clients[2].say("the wish of c")
	var told protocol.Progress
	clients[2].into(clients[2].next(protocol.TypeProgress), &told)
	if told.Position != 1 {
		t.Errorf("told %+v", told)
	}
	for _, path := range []string{"/v1/chat/completions", "/api/chat"} {
		req, err := http.NewRequest(http.MethodPost, "http://"+h.addr+path, strings.NewReader(`{"model":"only","messages":[{"role":"user","content":"one more wish"}]}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+h.key)
		req.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
			t.Errorf("%s: %d, Retry-After %q: %s", path, resp.StatusCode, resp.Header.Get("Retry-After"), body)
		}
	}
	if n := len(srv.Requests()); n != 2 {
		t.Errorf("the model's server has %d requests", n)
	}
	close(start)
	for _, c := range clients {
		var done protocol.Done
		c.into(c.next(protocol.TypeDone), &done)
		if done.Text != "at last" {
			t.Errorf("%s: %+v", c.name, done)
		}
	}
}
