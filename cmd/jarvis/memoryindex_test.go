package main

import (
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jarvis-host/jarvis/host/health"
	"github.com/jarvis-host/jarvis/host/memory/qdrant/qdranttest"
	"github.com/jarvis-host/jarvis/host/protocol"
)

// The index helps while it answers. When it does not, the same interface works,
// /ready and each answer say so, and afterwards the index holds what is kept and
// nothing else, also of what the command line changed. M09, fault-S11, fault-C6.
func TestMemoriesWithAnIndexThatGoes(t *testing.T) {
	server, url := qdranttest.Listen(t)
	server.Make(qdranttest.Trouble{Down: true})
	dir := t.TempDir()
	key := filepath.Join(dir, "index.key")
	if err := os.WriteFile(key, []byte(qdranttest.Key), 0o600); err != nil {
		t.Fatal(err)
	}
	config := quiet + "memory:\n  qdrant:\n    url: " + url + "\n    key_file: " + key + "\n    collection: home\n    search_within: 5s\n"
	h := startHost(t, dir, config)
	index := func() health.Service {
		var r health.Report
		if code := h.get("/ready", &r); code != http.StatusOK {
			t.Fatalf("/ready: %d", code)
		}
		if r.Services["memory"].Required {
			t.Error("no chat without memory")
		}
		return r.Services["qdrant"]
	}
	search := func() (found protocol.MemoryFound) {
		if code := h.rest(http.MethodPost, "/v1/memories/search", `{"query":"which nuts?","facts":true}`, &found); code != http.StatusOK {
			t.Fatalf("search: %d", code)
		}
		return found
	}
	c := h.dial("phone")
	c.ask("remember that I'm allergic to nuts")
	until(t, "the index to be told of as down", func() bool { return index().State == health.Down })
	if got := search(); !got.Degraded || len(got.Items) == 0 {
		t.Errorf("with the index down: %+v", got)
	}
	if got := c.ask("what do you know about nuts?"); !got.done.Degraded || !strings.Contains(got.done.Text, "nuts") {
		t.Errorf("with the index down: %+v", got.done)
	}
	server.Make(qdranttest.Trouble{})
	until(t, "the index to be told of as up", func() bool { return index().State == health.Up })
	holds := func(n int) func() bool { return func() bool { return len(server.Points("home")) == n } }
	until(t, "the index to hold what is kept", holds(2))
	if got := search(); got.Degraded || len(got.Items) == 0 {
		t.Errorf("with the index up: %+v", got)
	}
	if server.Calls("QueryBatch") == 0 {
		t.Error("the index is not asked")
	}
	cli := func(args ...string) string {
		t.Helper()
		cmd := exec.Command("jarvis", append(append([]string{"memory"}, args...), "--config", filepath.Join(dir, "jarvis.yaml"), "--data", h.data())...) //nolint:gosec // our own
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Run(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, &out)
		}
		return out.String()
	}
	cli("add", "I like tea")
	until(t, "the index to hold what the command line added", holds(4))
	if out := cli("reindex"); !strings.Contains(out, "4 of them in the index at "+url) {
		t.Errorf("reindex: %s", out)
	}
	server.Make(qdranttest.Trouble{Down: true})
	if out := cli("forget", "--about", "nuts", "--yes"); !strings.Contains(out, "2 forgotten") || !strings.Contains(out, "tells the index what changed") {
		t.Errorf("forget: %s", out)
	}
	server.Make(qdranttest.Trouble{})
	h.stop() // whoever comes next finds it out
	h = startHost(t, dir, config)
	until(t, "the index to hold nothing that was forgotten", holds(2))
	if strings.Contains(h.log.String(), qdranttest.Key) {
		t.Error("the log holds the key")
	}
}
