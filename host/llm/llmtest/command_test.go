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
		{[]string{"-fault", "melt"}, 1, `fault "melt": expected one of refuse`},
		{[]string{"-speed", "-1"}, 1, "speed -1"},
		{[]string{"--", filepath.Join(dir, "none")}, 1, "run "},
		{[]string{"-ready-file", filepath.Join(dir, "none", "ready")}, 1, "ready file"},
	} {
		var stderr bytes.Buffer
		if code := llmtest.Command(t.Context(), c.args, io.Discard, &stderr); code != c.code || !strings.Contains(stderr.String(), c.says) {
			t.Errorf("%v: exit code %d, %q", c.args, code, stderr.String())
		}
	}
}

func TestTheCommandRunsAProgramThatTalksWithIt(t *testing.T) {
	var out bytes.Buffer
	t.Setenv("OLLAMA_HOST", "elsewhere.example")
	show := []string{"-fault", "500", "--", "sh", "-c", `echo "$JARVIS_LLM__OLLAMA__URL $JARVIS_LLM__OLLAMA__MODEL <$OLLAMA_HOST>"; exit 7`}
	code := llmtest.Command(t.Context(), show, &out, io.Discard)
	if said := out.String(); code != 7 || !strings.HasPrefix(said, "http://127.0.0.1:") || !strings.HasSuffix(said, " llama3.2:1b <>\n") {
		t.Errorf("exit code %d, %q", code, said)
	}
}

func TestTheCommandsHelpHasExamples(t *testing.T) {
	var out bytes.Buffer
	if code := llmtest.Command(t.Context(), []string{"-help"}, &out, io.Discard); code != 0 || !strings.Contains(out.String(), "Examples:\n  jarvis-model -- jarvis serve") {
		t.Errorf("exit code %d, %s", code, out.String())
	}
}

func TestTheDemonstrationShowsToolsAndFaults(t *testing.T) {
	ready := filepath.Join(t.TempDir(), "ready")
	ctx, cancel := context.WithCancel(t.Context())
	out, stdout := io.Pipe()
	ended := make(chan int)
	go func() {
		ended <- llmtest.Command(ctx, []string{"-ready-file", ready, "-speed", "1e6"}, stdout, io.Discard)
	}()
	line := make([]byte, 64)
	n, err := out.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	url := strings.TrimSpace(string(line[:n])) + "/v1/chat/completions"
	tool := `"tools":[{"type":"function","function":{"name":"hangman__start"}}]`
	for said, c := range map[string]struct {
		status int
		says   string
	}{
		"A game for a rainy day?": {200, `"name":"hangman__start","arguments":"{}"`},
		"please, fault 429":       {429, `"message":"too many requests"`},
		"aide, merci":             {200, "modèle"},
		"what else":               {200, "demonstrations"},
	} {
		x := do(t, "POST", url, `{"model":"toy","messages":[{"role":"user","content":"`+said+`"}],`+tool+`}`)
		if x.status != c.status || !strings.Contains(x.body, c.says) {
			t.Errorf("%q: %d %s", said, x.status, x.body)
		}
	}
	cancel()
	_ = out.Close()
	<-ended
}
