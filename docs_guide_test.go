package jarvis_test

import (
	"fmt"
	"go/format"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jarvis-host/jarvis/host/config"
	// Children compile against these; imported, a change of them runs the test again.
	_ "github.com/jarvis-host/jarvis/sdk/plugintest"
	_ "github.com/jarvis-host/jarvis/sdk/serve"
)

const guide = "docs/plugin-guide.md"

// ended begins what is after the ten minutes, which are made, command by command,
// by the tests of cmd/jarvis.
const ended = "\n---\n"

// block is one snippet of the guide.
type block struct {
	file string // where a reader puts it, empty for a fragment
	line int    // of its first line of code, in the guide
	code string
}

// TestEverySnippetOfThePluginGuideCompiles builds the plugin that a reader of
// the guide ends up with, and runs the guide's own test of it.
func TestEverySnippetOfThePluginGuideCompiles(t *testing.T) {
	files := map[string]int{}
	dir := newModule(t)
	for _, b := range blocks(t, "go") {
		checkForm(t, b)
		if b.file == "" {
			continue
		}
		if line, twice := files[b.file]; twice {
			t.Fatalf("%s:%d: file %s is there already, at line %d", guide, b.line, b.file, line)
		}
		files[b.file] = b.line
		write(t, filepath.Join(dir, filepath.FromSlash(b.file)),
			fmt.Sprintf("//line %s:%d\n%s", filepath.Base(guide), b.line, b.code))
	}
	if len(files) == 0 {
		t.Fatalf("%s has no Go block that begins with a line // file: NAME", guide)
	}
	run(t, dir, "vet", "./...")
	run(t, dir, "test", "./...")
}

// TestTheHostAcceptsTheConfigurationOfThePluginGuide loads each YAML block,
// with a program where the guide says that the reader's is.
func TestTheHostAcceptsTheConfigurationOfThePluginGuide(t *testing.T) {
	for _, b := range blocks(t, "yaml") {
		dir := t.TempDir()
		file := filepath.Join(dir, "jarvis.yaml")
		write(t, filepath.Join(dir, "jarvis-plugin-dice"), "")
		write(t, file, strings.ReplaceAll(b.code, "/home/me/dice", filepath.ToSlash(dir)))
		got, err := config.Load(config.Options{File: file, Dir: dir, SecretDirs: []string{dir}})
		if err != nil {
			t.Errorf("%s: block at line %d is refused: %v", guide, b.line, err)
			continue
		}
		if p := got.Config().Plugins["dice"]; p.Enabled == nil || !*p.Enabled || p.Path == "" {
			t.Errorf("%s: block at line %d does not enable the plugin dice", guide, b.line)
		}
	}
}

// blocks finds the fenced blocks of a language in the guide.
func blocks(t *testing.T, lang string) []block {
	t.Helper()
	raw, err := os.ReadFile(guide)
	if err != nil {
		t.Fatal(err)
	}
	before, text, found := strings.Cut(string(raw), ended)
	if !found {
		t.Fatalf("%s: the ten minutes have no end", guide)
	}
	var all []block
	var open *block
	n := strings.Count(before+ended, "\n")
	for line := range strings.Lines(text) {
		n++
		fence := strings.TrimRight(line, "\r\n")
		switch {
		case open == nil && fence == "```"+lang:
			open = &block{line: n + 1}
		case open == nil:
		case fence == "```":
			all = append(all, *open)
			open = nil
		case open.code == "" && open.file == "" && strings.HasPrefix(line, "// file: "):
			open.file = strings.TrimSpace(strings.TrimPrefix(line, "// file: "))
			open.line++
			if !filepath.IsLocal(open.file) {
				t.Fatalf("%s:%d: file %q, expected a name inside of the plugin's folder", guide, n, open.file)
			}
		case open.code == "" && fence == "":
			open.line++
		default:
			open.code += line
		}
	}
	if open != nil {
		t.Fatalf("%s:%d: this block has no end", guide, open.line)
	}
	return all
}

// checkForm parses a block, as a file, declarations or statements, and holds it
// to the one form of Go code.
func checkForm(t *testing.T, b block) {
	t.Helper()
	formatted, err := format.Source([]byte(b.code))
	if err != nil {
		t.Errorf("%s: block at line %d does not parse: %v", guide, b.line, err)
		return
	}
	if string(formatted) != b.code {
		t.Errorf("%s: block at line %d is not as gofmt writes it:\n%s", guide, b.line, formatted)
	}
}

// newModule makes a module that takes this repository for the published one,
// with the same versions of everything else.
func newModule(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	mod, err := os.ReadFile("go.mod")
	if err != nil {
		t.Fatal(err)
	}
	sum, err := os.ReadFile("go.sum")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	_, rest, _ := strings.Cut(string(mod), "\n")
	write(t, filepath.Join(dir, "go.mod"),
		fmt.Sprintf("module example.org/dice\n%s\nrequire %s v0.0.0\n\nreplace %[2]s => %q\n", rest, module, root))
	write(t, filepath.Join(dir, "go.sum"), string(sum))
	return dir
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// run runs the go command offline. The //line comments make it speak of the
// guide's lines.
func run(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod -trimpath", "GOPROXY=off", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}
