package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jarvis-host/jarvis/host/protocol"
)

// jarvis runs the real program against a host, in the host's folder.
func (h *hostProcess) jarvis(stdin string, args ...string) (stdout, stderr string, code int) {
	h.t.Helper()
	cmd := exec.Command("jarvis", args...)
	cmd.Dir = h.dir
	cmd.Env = []string{quickExit, "PATH=" + os.Getenv("PATH"), "HOME=" + h.dir, "JARVIS_URL=http://" + h.addr, "LANG=C"}
	cmd.Stdin = strings.NewReader(stdin)
	var out, errs lockedBuffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	_ = cmd.Run()
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

func TestTheTerminalSaysOneThing(t *testing.T) {
	h := startHost(t, "", quiet)
	out, errs, code := h.jarvis("", "chat", "-m", "play hangman")
	if code != exitOK || !strings.Contains(out, "_ _") {
		t.Errorf("exit %d, printed %q %q", code, out, errs)
	}
	out, _, code = h.jarvis("", "chat", "-m", "what time is it", "--json")
	var done protocol.Done
	if err := json.Unmarshal([]byte(out), &done); err != nil || code != exitOK || done.Source != "intent" {
		t.Errorf("exit %d, printed %q: %v", code, out, err)
	}
	if _, errs, code = h.jarvis("", "chat", "-m", strings.Repeat("a", 4097)); code != exitFailed || !strings.Contains(errs, "4,097") {
		t.Errorf("too long: exit %d, %q", code, errs)
	}
}

func TestTheTerminalHoldsAConversation(t *testing.T) {
	h := startHost(t, "", quiet)
	out, errs, code := h.jarvis("play hangman\nstatus\ni give up\n", "chat")
	if code != exitOK || strings.Count(out, "_ _") < 2 || !strings.Contains(out, "The word was") {
		t.Errorf("exit %d, printed:\n%s\n%s", code, out, errs)
	}
	if !strings.Contains(errs, "hangman.start looked up") {
		t.Errorf("the tools' work is not shown: %s", errs)
	}
}

func TestTheTerminalShowsPluginsAndActsOnThem(t *testing.T) {
	h := startHost(t, "", quiet)
	out, errs, code := h.jarvis("", "plugin", "list")
	if code != exitOK || !strings.Contains(out, "hangman") || !strings.Contains(out, "ready") {
		t.Errorf("exit %d, printed %q %q", code, out, errs)
	}
	if _, errs, code = h.jarvis("", "plugin", "disable", "hangman"); code != exitOK {
		t.Fatalf("disable: exit %d, %s", code, errs)
	}
	if p := h.plugin("hangman"); p.State != "disabled" {
		t.Errorf("hangman is %+v", p)
	}
	if got := h.dial("a").ask("play hangman").done; got.Source == "intent" {
		t.Errorf("a disabled plugin answered: %+v", got)
	}
	if _, errs, code = h.jarvis("", "plugin", "enable", "hangman"); code != exitOK {
		t.Fatalf("enable: exit %d, %s", code, errs)
	}
	h.ready("hangman")
	if got := h.dial("b").ask("play hangman").done; got.Source != "intent" {
		t.Errorf("an enabled plugin did not answer: %+v", got)
	}
	if _, errs, code = h.jarvis("", "plugin", "restart", "nobody"); code != exitFailed || errs == "" {
		t.Errorf("restart of an unknown plugin: exit %d, %s", code, errs)
	}
}

// Accounts can be changed while the host runs: a new user is known at once, a
// removed one is not.
func TestAccountsChangeWhileTheHostRuns(t *testing.T) {
	h := startHost(t, "", quiet)
	out, errs, code := h.jarvis("", "user", "add", "alice", "--json", "--data", "data")
	var made struct{ User, Key string }
	if err := json.Unmarshal([]byte(out), &made); err != nil || code != exitOK {
		t.Fatalf("exit %d, %s %s: %v", code, out, errs, err)
	}
	alice := h.dialAs("alice", made.Key)
	alice.next(protocol.TypeHello)
	secret := alice.ask("what time is it").accepted.Session
	bob := h.dial("operator")
	bob.send(protocol.Resume{Type: protocol.TypeResume, Session: secret})
	var e protocol.Error
	bob.into(bob.next(protocol.TypeError), &e)
	if e.Code != protocol.NotFound {
		t.Errorf("another person's session is %+v", e)
	}
	if _, errs, code := h.jarvis("", "user", "remove", "alice", "--data", "data"); code != exitOK {
		t.Fatalf("remove: %s", errs)
	}
	for range alice.frames {
	}
	if err := <-alice.closed; err == nil {
		t.Error("a removed user's socket stays open")
	}
	if _, err := os.Stat(filepath.Join(h.data(), "operator.key")); err != nil {
		t.Error(err)
	}
}

// What an answer or a question says moves no cursor, fills no clipboard and hides
// nothing in the terminal that shows it.
func TestTheTerminalShowsTextAndObeysNoneOfIt(t *testing.T) { // fault-M5, fault-M7: of the terminal; the log and the model's side have theirs
	for text, want := range map[string]string{
		"\x1b[2J\x1b[31mred\x1b[0m":           "[2J[31mred[0m",
		"\x1b]52;c;aGk=\x07 clipboard":        "]52;c;aGk= clipboard",
		"\u009b2J\u009d52;c;x\u009c":          "2J52;c;x",
		"over\rwritten\b\x7f":                 "overwritten",
		"\u202egnp.exe\u202c \u2066x\u2069":   "gnp.exe x",
		"hidden\U000e0041\U000e007f":          "hidden",
		"météo à Lyon\n\tdemain : 12 °C 🎲 日本": "météo à Lyon\n\tdemain : 12 °C 🎲 日本",
	} {
		if got := printable(text); got != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
	}
}
