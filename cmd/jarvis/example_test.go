package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheExampleOfAClientTalks builds the client of examples/ and lets it play.
func TestTheExampleOfAClientTalks(t *testing.T) {
	h := startHost(t, "", quiet)
	program := filepath.Join(t.TempDir(), "client")
	if out, err := exec.Command("go", "build", "-o", program, "../../examples/client").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
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
