package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/gorilla/websocket"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/jarvis-host/jarvis/host/llm/llmtest"
)

// checklist are commands for scripts that talk with a host that serves: the scripts
// checklist_*.txtar hold what the original promised for each installation and did not
// do, as an operator would check it.
var checklist = map[string]func(ts *testscript.TestScript, neg bool, args []string){
	"ready": waitReady,
	"until": waitUntil,
	"term":  terminate,
	"json":  everyLineIsJSON,
}

// eventually polls for something that must come true in a script.
func eventually(ts *testscript.TestScript, what string, check func() bool) {
	deadline := time.Now().Add(patience)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !check() {
		if time.Now().After(deadline) {
			ts.Fatalf("waited %v in vain for %s", patience, what)
		}
		<-tick.C
	}
}

// waitReady waits for a ready file. That of a host sets URL, that of a model MODEL.
func waitReady(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: ready FILE")
	}
	var raw []byte
	eventually(ts, args[0], func() (there bool) {
		var err error
		raw, err = os.ReadFile(ts.MkAbs(args[0]))
		return err == nil && len(raw) > 0
	})
	var host struct {
		Addr string `json:"addr"`
	}
	if json.Unmarshal(raw, &host) == nil {
		ts.Setenv("URL", "http://"+host.Addr)
		return
	}
	ts.Setenv("MODEL", strings.TrimSpace(string(raw)))
}

// terminate sends SIGTERM to the host of a ready file.
func terminate(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: term FILE")
	}
	var host struct {
		PID int `json:"pid"`
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &host))
	ts.Check(syscall.Kill(host.PID, syscall.SIGTERM))
}

// waitUntil runs a shell command again and again, until it prints a text.
func waitUntil(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: until COMMAND TEXT")
	}
	var out []byte
	defer func() { ts.Logf("%s", out) }()
	eventually(ts, args[0]+" to print "+args[1], func() bool {
		cmd := exec.Command("sh", "-c", args[0]) //nolint:gosec // the script's own
		cmd.Dir = ts.MkAbs(".")
		cmd.Env = append(os.Environ(), "URL="+ts.Getenv("URL"))
		out, _ = cmd.Output()
		return bytes.Contains(out, []byte(args[1]))
	})
}

// everyLineIsJSON holds a log to one record a line.
func everyLineIsJSON(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: json FILE")
	}
	lines := 0
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		var record map[string]any
		if err := json.Unmarshal([]byte(line), &record); err != nil || record["@level"] == nil || record["@message"] == nil {
			ts.Fatalf("no record: %s (%v)", line, err)
		}
		lines++
	}
	if lines == 0 {
		ts.Fatalf("%s is empty", args[0])
	}
}

func scriptedModel() int {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer cancel()
	return llmtest.Command(ctx, os.Args[1:], os.Stdout, os.Stderr)
}

// sayOnce is a client of the original's: it sends one message without a subprotocol
// and prints the answer. Its arguments are URL, KEYFILE and MESSAGE.
func sayOnce(args []string) int {
	key, err := os.ReadFile(args[1])
	if err == nil {
		var answer []byte
		if answer, err = exchange(args[0], strings.TrimSpace(string(key)), args[2]); err == nil {
			fmt.Println(string(answer))
			return 0
		}
	}
	fmt.Fprintln(os.Stderr, "ws:", err)
	return 1
}

func exchange(url, key, message string) ([]byte, error) {
	conn, resp, err := websocket.DefaultDialer.Dial(strings.Replace(url, "http", "ws", 1), http.Header{"Authorization": {"Bearer " + key}})
	if err != nil {
		return nil, fmt.Errorf("dial: %w (%v)", err, resp)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.WriteMessage(websocket.TextMessage, []byte(message)); err != nil {
		return nil, fmt.Errorf("send: %w", err)
	}
	_, answer, err := conn.ReadMessage()
	return answer, err
}
