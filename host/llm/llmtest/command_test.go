package llmtest_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jarvis-host/jarvis/host/llm/llmtest"
)

func TestTheCommandServesAScriptUntilItIsStopped(t *testing.T) {
	dir := t.TempDir()
	script, ready := filepath.Join(dir, "script.yaml"), filepath.Join(dir, "ready")
	if err := os.WriteFile(script, []byte("rules: [{reply: scripted}]"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	out, stdout := io.Pipe()
	code := make(chan int)
	go func() {
		code <- llmtest.Command(ctx, []string{"-script", script, "-ready-file", ready}, stdout, io.Discard)
	}()
	line := make([]byte, 64)
	n, err := out.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	url := strings.TrimSpace(string(line[:n]))
	if x := do(t, "POST", url+"/api/chat", chatHi); !strings.Contains(x.body, `"scripted"`) {
		t.Errorf("it says %s", x.body)
	}
	cancel()
	_ = out.Close()
	if c := <-code; c != 0 {
		t.Errorf("exit code %d", c)
	}
	if raw, err := os.ReadFile(ready); err != nil || strings.TrimSpace(string(raw)) != url {
		t.Errorf("the ready file holds %q, %v", raw, err)
	}
}

func TestTheCommandTellsWhatItCannotDo(t *testing.T) {
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad.yaml")
	if err := os.WriteFile(bad, []byte("rules: [{fault: melt}]"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"-nonsense"}, 2, "nonsense"},
		{[]string{"-script", filepath.Join(dir, "none.yaml")}, 1, "none.yaml"},
		{[]string{"-script", bad}, 1, `fault "melt"`},
		{[]string{"-listen", "256.0.0.1:1"}, 1, "listen"},
		{[]string{"-ready-file", filepath.Join(dir, "none", "ready")}, 1, "ready file"},
	} {
		var stderr bytes.Buffer
		if code := llmtest.Command(t.Context(), c.args, io.Discard, &stderr); code != c.code || !strings.Contains(stderr.String(), c.says) {
			t.Errorf("%v: exit code %d, %q", c.args, code, stderr.String())
		}
	}
}
