//go:build integration

package integration_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jarvis-host/jarvis/host/llm/llmtest/gguf"
)

// TestTheHostWithARealServer asks the whole program: the doctor, then a question.
func TestTheHostWithARealServer(t *testing.T) { // I03, O10
	url := llamaServer(t, gguf.WriteChat)
	dir := t.TempDir()
	program := filepath.Join(dir, "jarvis")
	if out, err := exec.Command("go", "build", "-o", program, "../../cmd/jarvis").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	file := filepath.Join(dir, "jarvis.yaml")
	if err := os.WriteFile(file, []byte(`
data_dir: data
llm:
  providers: {real: {kind: openai, url: "`+url+`"}}
  routes: {toy: {provider: real, model: toy}}
`), 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(want string, args ...string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), program, args...)
		cmd.Dir, cmd.Env = dir, []string{"HOME=" + dir, "PATH=" + os.Getenv("PATH"), "LANG=C"}
		out, err := cmd.CombinedOutput()
		if !strings.Contains(string(out), want) {
			t.Errorf("jarvis %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	run("✓ real has the model toy.", "doctor", "--config", file, "--listen", "127.0.0.1:0")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	ready := filepath.Join(dir, "ready.json")
	serve := exec.CommandContext(ctx, program, "serve", "--config", file, "--listen", "127.0.0.1:0", "--ready-file", ready)
	serve.Cancel = func() error { return serve.Process.Signal(os.Interrupt) }
	serve.Dir, serve.Env = dir, []string{"HOME=" + dir, "PATH=" + os.Getenv("PATH")}
	if err := serve.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { cancel(); _ = serve.Wait() }()
	for _, err := os.Stat(ready); err != nil && ctx.Err() == nil; _, err = os.Stat(ready) {
		time.Sleep(50 * time.Millisecond)
	}
	raw, err := os.ReadFile(ready)
	if err != nil {
		t.Fatal(err)
	}
	addr := strings.Split(strings.SplitN(string(raw), `"addr":"`, 2)[1], `"`)[0]
	run("Forty-two", "chat", "--url", "http://"+addr, "--key-file", filepath.Join(dir, "data", "operator.key"), "-m", "ponder this")
	run("real", "usage", "--config", file)
}
