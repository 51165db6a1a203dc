package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What `jarvis plugin pack` made, unpacked: nothing of it runs before it is called.
func TestAPackedPluginRunsWhenItIsCalled(t *testing.T) {
	door, err := exec.LookPath("jarvis-plugin-door")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	dir := t.TempDir()
	cmd := exec.CommandContext(ctx, "jarvis", "plugin", "pack", door, "--out", dir)
	cmd.Env = append(os.Environ(), quickExit)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if out, err := exec.CommandContext(ctx, "tar", "-xzf", strings.TrimSpace(string(out)), "-C", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	h := startHost(t, "", quiet+`plugins:
  door:
    enabled: true
    path: `+filepath.Join(dir, "jarvis-plugin-door")+`
    idle_after: 1h
    grants: [knock]
`)
	if p := h.plugin("door"); p.State != "idle" || p.PID != 0 || p.Version != "0.1.0" {
		t.Fatalf("got %+v", p)
	}
	for _, action := range []string{"disable", "enable"} { // it is as enabled as one that runs
		if _, errs, code := h.jarvis("", "plugin", action, "door"); code != exitOK {
			t.Errorf("%s: code %d: %s", action, code, errs)
		}
	}
	if p := h.plugin("door"); p.State != "idle" || p.PID != 0 {
		t.Errorf("enabled, it is %+v", p)
	}
	if got := h.dial("a").ask("knock on the red door").done.Text; got != "knocked on red" {
		t.Errorf("got %q", got)
	}
	h.ready("door")
	if p := h.plugin("door"); p.PID == 0 || p.Restarts != 0 {
		t.Errorf("got %+v", p)
	}
}
