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

// sayOnce is a client of the original's. Called with URL, KEYFILE and MESSAGE it sends
// one message without a subprotocol and prints the answer; with -from ADDRESS before
// them and no message it prints how the handshake ended.
func sayOnce(args []string) int {
	header := http.Header{}
	if args[0] == "-from" {
		header.Set("X-Forwarded-For", args[1])
		args = args[2:]
	}
	key, err := os.ReadFile(args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "ws:", err)
		return 1
	}
	header.Set("Authorization", "Bearer "+strings.TrimSpace(string(key)))
	conn, resp, err := websocket.DefaultDialer.Dial(strings.Replace(args[0], "http", "ws", 1), header)
	if resp != nil && len(args) == 2 {
		fmt.Println(resp.StatusCode, resp.Header.Get("Retry-After"))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "ws:", err)
		return 1
	}
	defer func() { _ = conn.Close() }()
	if len(args) == 2 {
		return 0
	}
	if err := conn.WriteMessage(websocket.TextMessage, []byte(args[2])); err != nil {
		fmt.Fprintln(os.Stderr, "ws: send:", err)
		return 1
	}
	_, answer, err := conn.ReadMessage()
	fmt.Println(string(answer))
	if err != nil {
		fmt.Fprintln(os.Stderr, "ws: read:", err)
		return 1
	}
	return 0
}
