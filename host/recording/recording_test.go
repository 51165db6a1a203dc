package recording_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jarvis-host/jarvis/host/recording"
	"github.com/jarvis-host/jarvis/sdk"
)

// D12
func TestARecordingHoldsTheLastCallsAndNoSecrets(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "recordings")
	open := func() *recording.Recorder {
		return &recording.Recorder{Dir: dir, Scrub: func(s string) string { return strings.ReplaceAll(s, "hunter2", "[secret]") }}
	}
	r := open()
	for i := range 25 {
		if i == 12 {
			r = open() // after a restart
		}
		in := &sdk.Invocation{Tool: fmt.Sprint("t", i), Args: []byte(`{"password":"hunter2"}`)}
		if err := r.Add("p", 10, recording.Call{Invocation: in, End: recording.Of("so ", sdk.Result{Text: "said"}, nil)}); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(dir, "p.jsonl")
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
	if len(lines) < 10 || len(lines) >= 20 || strings.Contains(string(raw), "hunter2") {
		t.Errorf("%d lines: %s", len(lines), raw)
	}
	for i, line := range lines {
		var c recording.Call
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		if want := fmt.Sprint("t", 25-len(lines)+i); c.Invocation.Tool != want || c.End.Text != "so said" || c.End.Kind != "result" {
			t.Errorf("line %d: got %+v, want %s", i, c, want)
		}
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
}
