//go:build integration

package integration_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jarvis-host/jarvis/host/llm/llmtest/gguf"
)

// patience is how long a server may take to start.
const patience = 2 * time.Minute

// llamaServer starts llama.cpp's server, or skips the test and says why: the
// program that LLAMA_SERVER names, else the one from PyPI.
func llamaServer(t *testing.T, write func(io.Writer) error, more ...string) (url string) {
	t.Helper()
	if program := os.Getenv("LLAMA_SERVER"); program != "" {
		return ownServer(t, program, modelFile(t, write), more)
	}
	python := environment(t)
	model := modelFile(t, write)
	args := append([]string{"llama_server.py", model, strconv.Itoa(freePort(t))}, more...)
	cmd := exec.Command(python, args...)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "http://") {
			go func() { _, _ = io.Copy(io.Discard, stdout) }()
			return lines.Text()
		}
	}
	t.Fatalf("llama.cpp's server did not start:\n%s", log.String())
	return ""
}

// ownServer starts a llama-server that is on this machine.
func ownServer(t *testing.T, program, model string, more []string) (url string) {
	t.Helper()
	port := strconv.Itoa(freePort(t))
	args := []string{"-m", model, "--host", "127.0.0.1", "--port", port, "-c", "4096", "-np", "2", "--jinja", "--no-warmup"}
	if slices.Contains(more, "embedding") {
		args = append(args, "--embedding", "--pooling", "mean")
	}
	cmd := exec.Command(program, args...)
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	url = "http://127.0.0.1:" + port
	for began := time.Now(); time.Since(began) < patience; time.Sleep(100 * time.Millisecond) {
		resp, err := http.Get(url + "/health")
		if err != nil {
			continue
		}
		_ = resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			return url
		}
	}
	t.Fatal(program + " did not start")
	return ""
}

func modelFile(t *testing.T, write func(io.Writer) error) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "toy.gguf")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(write(f), f.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}

// environment is a Python with llama.cpp's server, made once below .cache.
func environment(t *testing.T) (python string) {
	t.Helper()
	system, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("no python3: llama.cpp's server comes from PyPI")
	}
	want, err := os.ReadFile("requirements.txt")
	if err != nil {
		t.Fatal(err)
	}
	dir, err := filepath.Abs("../../.cache/integration")
	if err != nil {
		t.Fatal(err)
	}
	python, stamp := filepath.Join(dir, "bin", "python"), filepath.Join(dir, "requirements.txt")
	if got, err := os.ReadFile(stamp); err == nil && bytes.Equal(got, want) {
		return python
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	for _, args := range [][]string{
		{system, "-m", "venv", "--clear", dir},
		{python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:", "-r", "requirements.txt"},
	} {
		t.Logf("%s", strings.Join(args, " "))
		if out, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Skipf("llama.cpp's server can't be had from PyPI: %v\n%s", err, out)
		}
	}
	if err := os.WriteFile(stamp, want, 0o600); err != nil {
		t.Fatal(err)
	}
	return python
}

// ollamaServer starts an Ollama server of its own with the two toy models, or
// skips the test and says why.
func ollamaServer(t *testing.T) (url string) {
	t.Helper()
	program, err := exec.LookPath("ollama")
	if err != nil {
		t.Skip("no ollama on the PATH")
	}
	dir, host := t.TempDir(), "127.0.0.1:"+strconv.Itoa(freePort(t))
	env := append(os.Environ(), "OLLAMA_HOST="+host, "OLLAMA_MODELS="+filepath.Join(dir, "models"), "HOME="+dir)
	serve := exec.Command(program, "serve")
	serve.Env = env
	var log bytes.Buffer
	serve.Stdout, serve.Stderr = &log, &log
	if err := serve.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = serve.Process.Signal(os.Interrupt)
		_ = serve.Wait()
	})
	for name, write := range map[string]func(io.Writer) error{"toy": gguf.WriteChat, "toyembed": gguf.WriteEmbedding} {
		file := filepath.Join(dir, name+".modelfile")
		if err := os.WriteFile(file, []byte(modelfile(name, modelFile(t, write))), 0o600); err != nil {
			t.Fatal(err)
		}
		create(t, env, program, name, file)
	}
	return "http://" + host
}

// modelfile describes a model to Ollama, whose templates are written in Go.
func modelfile(name, path string) string {
	text := "FROM " + path + "\nPARAMETER temperature 0\n"
	if name == "toyembed" {
		return text
	}
	return text + `TEMPLATE """{{- if .Tools }}<|system|>Tools: <tools>
{{- range .Tools }}
{{ . }}
{{- end }}
</tools>
For each call return a json object inside <tool_call></tool_call>:
<tool_call>
{"name": <function-name>, "arguments": <args-json-object>}
</tool_call><|end|>{{ end }}
{{- range .Messages }}
{{- if eq .Role "user" }}<|user|>{{ .Content }}<|end|>
{{- else if eq .Role "system" }}<|system|>{{ .Content }}<|end|>
{{- else if eq .Role "tool" }}<|tool|>{{ .Content }}<|end|>
{{- else }}<|assistant|>{{ .Content }}{{ range .ToolCalls }}<tool_call>
{"name": "{{ .Function.Name }}", "arguments": {{ .Function.Arguments }}}
</tool_call>{{ end }}<|end|>
{{- end }}
{{- end }}<|assistant|>"""
`
}

// create hands a model to a server that may still be starting.
func create(t *testing.T, env []string, program, name, file string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		cmd := exec.CommandContext(ctx, program, "create", name, "-f", file)
		cmd.Env = env
		out, err := cmd.CombinedOutput()
		if err == nil {
			return
		}
		if ctx.Err() != nil || !strings.Contains(string(out), "connect") {
			t.Fatalf("ollama create %s: %v\n%s", name, err, out)
		}
		time.Sleep(200 * time.Millisecond)
	}
}
