package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// exampleClient builds examples/client.
func exampleClient(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "client")
	if out, err := exec.Command("go", "build", "-o", program, "../../examples/client").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return program
}

// TestTheExampleOfAClientTalks builds the client of examples/ and lets it play.
func TestTheExampleOfAClientTalks(t *testing.T) {
	h := startHost(t, "", quiet)
	program := exampleClient(t)
	key := filepath.Join(h.data(), "operator.key")
	cmd := exec.Command(program, "--url", "http://"+h.addr, "--key-file", key)
	cmd.Stdin = strings.NewReader("what time is it?\nplay hangman\ne\n")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"It's ", "(jarvis.time: read)", "(hangman.start: read)", "_"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the client does not show %q:\n%s", want, out)
		}
	}
	wrong := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(wrong, []byte("jrv_wrong"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(program, "--url", "http://"+h.addr, "--key-file", wrong).CombinedOutput(); err == nil || !strings.Contains(string(out), "401") {
		t.Errorf("with a wrong key: %v\n%s", err, out)
	}
}

// What is said just when the connection is lost is said again on the next one, and
// happens once: by the terminal, and by the client that others begin with.
func TestClientsSayAgainWhatWasLost(t *testing.T) {
	h := startHost(t, "", quiet)
	key := filepath.Join(h.data(), "operator.key")
	for name, program := range map[string][]string{"terminal": {"jarvis", "chat"}, "example": {exampleClient(t)}} {
		t.Run(name, func(t *testing.T) {
			c := newCable(t, "http://"+h.addr)
			cmd := exec.Command(program[0], append(program[1:], "--url", c.url(), "--key-file", key)...) //nolint:gosec // our own
			cmd.Env = []string{quickExit, "PATH=" + os.Getenv("PATH"), "HOME=" + h.dir, "LANG=C"}
			in, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			var out lockedBuffer
			cmd.Stdout, cmd.Stderr = &out, &out
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				_ = cmd.Process.Kill()
				if t.Failed() {
					t.Logf("the client printed:\n%s", &out)
				}
			})
			answer := regexp.MustCompile(`It's [0-9]`)
			answered := func(times int) {
				t.Helper()
				until(t, "an answer", func() bool { return len(answer.FindAllString(out.String(), -1)) >= times })
			}
			if _, err := in.Write([]byte("what time is it?\n")); err != nil {
				t.Fatal(err)
			}
			answered(1)
			c.arm.Store(true)
			if _, err := in.Write([]byte("say the time\n")); err != nil {
				t.Fatal(err)
			}
			until(t, "the line to be lost", func() bool { return c.lost.Load() > 0 })
			c.mend()
			c.hangUp()
			answered(2)
			if err := in.Close(); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); err != nil {
				t.Errorf("ended with %v\n%s", err, &out)
			}
			if n := strings.Count(out.String(), "It's "); n != 2 {
				t.Errorf("two questions were answered %d times:\n%s", n, &out)
			}
			var sessions struct{ Items []struct{ ID string } }
			h.get("/v1/sessions", &sessions)
			var kept struct{ Items []struct{ Text string } }
			h.get("/v1/sessions/"+sessions.Items[0].ID+"/messages", &kept)
			if len(kept.Items) != 4 {
				t.Errorf("the conversation has %+v", kept.Items)
			}
		})
	}
}
