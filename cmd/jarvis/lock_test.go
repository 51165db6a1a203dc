package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// fault-S9, fault-S10: a second host on a data directory is refused and names the
// first, which goes on; once that was killed, the lock that it left behind holds
// nobody up.
func TestASecondHostIsRefusedAndALockOfADeadOneIsNot(t *testing.T) {
	h := startHost(t, "", quiet)
	c := h.dial("a")
	c.ask("what time is it")
	out, err := exec.Command("jarvis", "serve", "--data", h.data(), "--listen", "127.0.0.1:0").CombinedOutput()
	var ended *exec.ExitError
	want := fmt.Sprintf("%s is in use by process %d", h.data(), h.cmd.Process.Pid)
	if !errors.As(err, &ended) || ended.ExitCode() != exitFailed || !strings.Contains(string(out), want) {
		t.Errorf("a second host: %v: %s", err, out)
	}
	if got := c.ask("what time is it"); got.done.State != "answered" {
		t.Errorf("the first host, afterwards: %+v", got.done)
	}
	h.kill()
	if left, err := os.ReadFile(filepath.Join(h.data(), "host.lock")); err != nil || len(left) == 0 {
		t.Fatalf("no lock was left behind: %q, %v", left, err)
	}
	h = startHost(t, h.dir, quiet)
	next := h.dial("b")
	next.session = c.session
	if got := next.ask("what time is it"); got.done.State != "answered" {
		t.Errorf("after the first was killed: %+v", got.done)
	}
}
