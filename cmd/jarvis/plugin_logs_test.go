package main

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/jarvis-host/jarvis/host/protocol"
)

// D06, D09: an author finds what a plugin logged, with the stack of its panic
// and the request's id, whatever the level of the host's log, while it runs and
// after a restart of the host; secrets are replaced.
func TestAnAuthorReadsWhatAPluginLogs(t *testing.T) {
	door, err := exec.LookPath("jarvis-plugin-door")
	if err != nil {
		t.Fatal(err)
	}
	config := quiet + "log: {level: error}\nplugins:\n  door:\n    enabled: true\n    path: " + door + "\n    secrets: {fell: \"env:SHOP_SECRET\"}\n    grants: [open, knock, dim]\n"
	h := startHost(t, "", config)
	h.ready("door")
	logs := func(args ...string) *exec.Cmd {
		cmd := exec.Command("jarvis", append([]string{"plugin", "logs", "door", "--url", "http://" + h.addr, "--key-file", h.data() + "/operator.key"}, args...)...)
		cmd.Env = append(os.Environ(), "TZ=UTC")
		return cmd
	}
	follower, screen := logs("-f"), &lockedBuffer{}
	follower.Stdout, follower.Stderr = screen, screen
	if err := follower.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = follower.Process.Kill() }) // it may have ended
	until(t, "what was logged before", func() bool { return strings.Contains(screen.String(), "plugin ready from=host") })
	if code := h.rest("POST", "/v1/tools/door/knock", `{"door":"butter-and-bread"}`, nil); code != 200 {
		t.Fatalf("knock: status %d", code)
	}
	c := h.dial("a")
	c.say("kick the door")
	c.next(protocol.TypeDone)
	until(t, "the panic", func() bool { return strings.Contains(screen.String(), "the door fell") })
	if !strings.Contains(screen.String(), "main.go:") && !strings.Contains(screen.String(), "main_test.go:") {
		t.Errorf("there is no stack:\n%s", screen)
	}
	if err := follower.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	if e, ok := errors.AsType[*exec.ExitError](follower.Wait()); !ok || e.ExitCode() != 130 {
		t.Errorf("after Ctrl-C it ended with %v", e)
	}
	h.stop()
	h = startHost(t, h.dir, config)
	out, err := logs("--json", "-n", "200").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "the door fell") || !strings.Contains(string(out), `"request_id"`) || strings.Contains(string(out), "butter-and-bread") {
		t.Errorf("after a restart: %v\n%s", err, out)
	}
	if !strings.Contains(string(out), `"message":"knocked"`) {
		t.Errorf("what was logged below the host's level is not kept:\n%s", out)
	}
	cmd := logs()
	cmd.Args[3] = "nobody"
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), `plugin "nobody"`) {
		t.Errorf("of nobody: %v, %s", err, out)
	}
}

// An operator who asks for a plugin that is not there reads which are, and one who
// restarts a plugin that can't run reads why, not that it is done.
func TestARestartSaysWhatBecameOfThePlugin(t *testing.T) {
	kitchen, err := exec.LookPath("jarvis-plugin-kitchen")
	if err != nil {
		t.Fatal(err)
	}
	h := startHost(t, "", quiet+"plugins:\n  kitchen:\n    enabled: true\n    path: "+kitchen+"\n")
	for name, want := range map[string][]string{
		"kitchn":  {"no plugin “kitchn” in this host", "kitchen", "after a restart of `jarvis serve`"},
		"kitchen": {"kitchen is blocked: need: not granted: ", "to plugins.kitchen.grants"},
	} {
		for _, action := range []string{"restart", "enable"} {
			cmd := exec.Command("jarvis", "plugin", action, name, "--url", "http://"+h.addr, "--key-file", h.data()+"/operator.key")
			out, err := cmd.CombinedOutput()
			for _, part := range want {
				if err == nil || !strings.Contains(string(out), part) || strings.Contains(string(out), "done") {
					t.Errorf("%s %s: %v, %s; want %q", action, name, err, out, part)
				}
			}
		}
	}
}
