package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jarvis-host/jarvis/host/llm/llmtest"
	"github.com/jarvis-host/jarvis/host/memory/qdrant/qdranttest"
)

// examine runs the doctor on a fresh data directory.
func examine(t *testing.T, url, model string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	return examineIn(t, nil, url, model, args...)
}

func examineIn(t *testing.T, environ []string, url, model string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	p := &program{stdin: strings.NewReader(""), stdout: &out, stderr: &errs, signals: make(chan os.Signal), environ: append(environ,
		"JARVIS_LLM__OLLAMA__URL="+url, "JARVIS_LLM__OLLAMA__MODEL="+model, "JARVIS_TIME_ZONE=Europe/Paris",
	)}
	args = append([]string{"doctor", "--data", filepath.Join(t.TempDir(), "data"), "--listen", "127.0.0.1:0"}, args...)
	return p.run(t.Context(), args), out.String(), errs.String()
}

func TestTheDoctorFindsAllWellWithAModel(t *testing.T) { // O10, O11
	code, out, _ := examine(t, llmtest.New(t).URL(), "llama3.2:1b")
	if code != 0 || !strings.Contains(out, "✓ The window of llama3.2:1b is 8,192 tokens") || strings.Contains(out, "✗") {
		t.Errorf("exit code %d\n%s", code, out)
	}
}

func TestTheDoctorLooksAtTheMemoryIndex(t *testing.T) { // O10
	server, url := qdranttest.Listen(t)
	for name, c := range map[string]struct{ key, says string }{
		"good":    {qdranttest.Key, "✓ The memory index, Qdrant 1.17.0, answers at " + url},
		"refused": {"wrong", "✗ The memory index at " + url + " does not take the key."},
		"down":    {qdranttest.Key, "! The memory index doesn't answer at " + url},
		"old":     {qdranttest.Key, "! The memory index at " + url + " is Qdrant 1.9.0, older than is known to work. Update it to 1.16 or newer."},
	} {
		server.Make(qdranttest.Trouble{Down: name == "down", Version: map[string]string{"old": "1.9.0"}[name]})
		_, out, _ := examineIn(t, []string{"QDRANT_URL=" + url, "JARVIS_MEMORY__QDRANT__KEY=" + c.key}, "http://127.0.0.1:9", "toy")
		if !strings.Contains(out, c.says) {
			t.Errorf("%s: %s", name, out)
		}
	}
}

func TestTheDoctorSpeaksFrench(t *testing.T) { // O10
	code, out, _ := examine(t, "http://127.0.0.1:9", "toy", "--lang", "fr")
	if code != 1 || !strings.Contains(out, "✗ ollama ne répond pas à http://127.0.0.1:9") || !strings.Contains(out, "Certaines choses sont à réparer.") {
		t.Errorf("exit code %d\n%s", code, out)
	}
}

func TestTheDoctorsFindingsAreReadByPrograms(t *testing.T) { // O10
	code, out, _ := examine(t, llmtest.New(t).URL(), "fresh:1b", "--json")
	var got struct {
		Verdict  string
		Findings []struct {
			Check, Level, Subject, Message string
			Missing                        string `json:"missing_model"`
		}
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil || code != 1 || got.Verdict != "failure" {
		t.Fatalf("exit code %d, %v\n%s", code, err, out)
	}
	checks := map[string]string{}
	for _, f := range got.Findings {
		checks[f.Check] = f.Level
		if f.Check == "model_present" && (f.Missing != "fresh:1b" || f.Subject != "ollama" || !strings.Contains(f.Message, "ollama pull fresh:1b")) {
			t.Errorf("missing model: %+v", f)
		}
	}
	for check, level := range map[string]string{"config": "ok", "data_dir": "ok", "disk": "", "port": "ok", "clock": "ok", "orphans": "", "model_server": "ok", "model_present": "failure"} {
		if got, ok := checks[check]; !ok || level != "" && got != level {
			t.Errorf("%s is %q, want %q", check, got, level)
		}
	}
}

func TestTheDoctorBringsAMissingModel(t *testing.T) { // O10
	srv := llmtest.New(t)
	code, out, progress := examine(t, srv.URL(), "fresh:1b", "--pull")
	if code != 0 || !strings.Contains(out, "fresh:1b is there.") {
		t.Errorf("exit code %d\n%s", code, out)
	}
	if !strings.Contains(progress, "██████████████████████████████ 100 %  4.0 MB") || !strings.Contains(progress, "pulling manifest") {
		t.Errorf("progress:\n%s", progress)
	}
	if code, out, _ := examine(t, srv.URL(), "fresh:1b"); code != 0 {
		t.Errorf("afterwards: exit code %d\n%s", code, out)
	}
	if code, out, _ := examine(t, srv.URL(), "nope", "--pull"); code != 1 || !strings.Contains(out, "The download of nope failed: ") {
		t.Errorf("exit code %d\n%s", code, out)
	}
}

func TestABarIsDrawnAgainOnATerminalOnly(t *testing.T) {
	var b strings.Builder
	bar := progressBar{w: &b, terminal: true}
	bar.show("pulling a long name", 0, 0)
	bar.show("x", 1, 2)
	bar.show("x", 1, 2)
	bar.show("done", 0, 0)
	bar.end()
	want := "\rpulling a long name\r" + strings.Repeat("█", 15) + strings.Repeat("░", 15) + "  50 %  0.0 MB\rdone" + strings.Repeat(" ", 40) + "\n"
	if b.String() != want {
		t.Errorf("%q", b.String())
	}
}
