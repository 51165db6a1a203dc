package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/jarvis-host/jarvis/cmd/jarvis/scaffold"
)

// D13: what is saved takes the place of what runs, the conversation goes on, and
// what does not start takes no place.
func TestAPluginIsSwappedWheneverItsSourceIsSaved(t *testing.T) {
	python(t)
	dir := filepath.Join(t.TempDir(), "greet")
	if _, err := scaffold.New(dir, "python"); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("jarvis", "plugin", "dev", dir)
	cmd.Env = append(os.Environ(), "LANG=C", "OLLAMA_URL=http://127.0.0.1:9")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	screen := &lockedBuffer{}
	cmd.Stdout, cmd.Stderr = screen, screen
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // it may have ended
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(screen)
		}
	})
	shows := func(text string) {
		t.Helper()
		until(t, fmt.Sprintf("%q on the screen", text), func() bool { return strings.Contains(screen.String(), text) })
	}
	say := func(text, want string) {
		t.Helper()
		if _, err := io.WriteString(in, text+"\n"); err != nil {
			t.Fatal(err)
		}
		shows(want)
	}
	source := filepath.Join(dir, "__main__.py")
	save := func(change func(string) string) {
		t.Helper()
		raw, err := os.ReadFile(source)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(source, []byte(change(string(raw))), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	say("greet Zoe", "Hello Zoe! (greeting 1 here)")
	save(func(s string) string { return s + "\ndef broken(:\n" })
	shows("* not swapped: ")
	shows("SyntaxError")
	say("greet Ann", "Hello Ann! (greeting 2 here)")
	save(func(s string) string {
		good, _, _ := strings.Cut(s, "\ndef broken")
		return strings.ReplaceAll(good, "Hello {name}", "Howdy {name}")
	})
	shows("* swapped after ")
	say("hello there", "* no sentence of greet matches (language ")
	say("greet Bob", "Howdy Bob! (greeting 3 here)")
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
}

// What a plugin logs while it answers does not stand in the line of the answer.
func TestALogLineBeginsALineOfItsOwn(t *testing.T) {
	var screen bytes.Buffer
	both := &screenLines{}
	answer, log := &answerWriter{both, &screen}, &lineWriter{both, &screen}
	for _, piece := range []struct {
		w    io.Writer
		text string
	}{{log, "one\n"}, {answer, "so "}, {answer, "far"}, {log, "two\n"}, {log, "three\n"}, {answer, " and on\n"}, {log, "four\n"}} {
		if _, err := io.WriteString(piece.w, piece.text); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := screen.String(), "one\nso far\ntwo\nthree\n and on\nfour\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Ctrl-C ends a start that hangs, and leaves nothing behind.
func TestASignalEndsAPluginThatNeverStarts(t *testing.T) {
	python(t)
	dir, room := filepath.Join(t.TempDir(), "greet"), t.TempDir()
	if _, err := scaffold.New(dir, "python"); err != nil {
		t.Fatal(err)
	}
	here := filepath.Join(room, "here")
	source := fmt.Sprintf("import time\nopen(%q, 'w').close()\ntime.sleep(600)\n", here)
	if err := os.WriteFile(filepath.Join(dir, "__main__.py"), []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("jarvis", "plugin", "dev", dir)
	cmd.Env = append(os.Environ(), "TMPDIR="+room)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	until(t, "the plugin's start", func() bool { _, err := os.Stat(here); return err == nil })
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 128+int(syscall.SIGINT) {
		t.Errorf("it ended with %v", err)
	}
	if left, err := filepath.Glob(filepath.Join(room, "jarvis-dev-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// An author reads what their plugin wrote, whatever it is about, and not what the
// host says of its state.
func TestAnAuthorReadsTheirOwnLines(t *testing.T) {
	shown := "2026-05-01T12:00:00Z [INFO]  my plugin ready to roll: plugin=dice n=2\n"
	wrong := "2026-05-01T12:00:00Z [WARN]  plugin failed: plugin=dice reason=crashed\n"
	var screen strings.Builder
	l := &pluginLines{w: &screen}
	for _, line := range []string{shown, "2026-05-01T12:00:00Z [INFO]  plugin ready: plugin=dice reason=\"\"\n", "2026-05-01T12:00:00Z [INFO]  host started\n", wrong} {
		if _, err := io.WriteString(l, line); err != nil {
			t.Fatal(err)
		}
	}
	if got := screen.String(); got != shown+wrong {
		t.Errorf("got %s", got)
	}
}

// A plugin that writes into its own folder, or a log that goes there, begins no build.
func TestOnlySourceBeginsABuild(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("main.go", "package main")
	before := lookAt(dir)
	for _, name := range []string{"dev.log", "main.go~", ".main.go.swp", "kettle/heat", "jarvis-plugin-x", "__pycache__/a.py", ".git/index.json", "dist/x.json"} {
		write(name, "x")
		if !lookAt(dir).same(before) {
			t.Errorf("%s begins a build", name)
		}
	}
	for _, name := range []string{"main.go", "texts/fr.json", "sentences/en.yaml", "go.mod"} {
		write(name, "package main // "+name)
		if lookAt(dir).same(before) {
			t.Errorf("%s begins no build", name)
		}
		before = lookAt(dir)
	}
}
