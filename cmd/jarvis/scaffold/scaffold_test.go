package scaffold_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/jarvis-host/jarvis/cmd/jarvis/scaffold"
	"github.com/jarvis-host/jarvis/sdk/conformance"
	"github.com/jarvis-host/jarvis/sdk/plugintest"
)

// D01: a new plugin builds, passes its tests and those of every plugin as it is,
// without a network and without the published module.
func TestANewGoPluginBuildsAndPassesItsTestsOffline(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "greeter")
	written, err := scaffold.New(dir, "go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range written {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	goTool(t, dir, "vet", "./...")
	goTool(t, dir, "test", "./...")
	goTool(t, dir, "build", "-o", "jarvis-plugin-greeter", ".")
	plugintest.Conformance(t, filepath.Join(dir, "jarvis-plugin-greeter"), func(o *conformance.Options) { o.Slack = 10 })
}

func goTool(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOPROXY=off", "GOFLAGS=-mod=readonly -trimpath", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go %v: %v\n%s", args, err, out)
	}
}

// An author may read the SDK's documentation, and no file of theirs changes by it.
// The first time it fetches what a build does not need.
func TestGoDocAndTheListOfModulesWorkInANewPlugin(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "greeter")
	if _, err := scaffold.New(dir, "go"); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"list", "-m", "all"},
		{"doc", "github.com/jarvis-host/jarvis/sdk", "Schedule"},
		{"doc", "github.com/jarvis-host/jarvis/sdk/plugintest", "Session.Say"},
	} {
		cmd := exec.Command("go", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOFLAGS=-mod=readonly", "GOWORK=off")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("go %v: %v\n%s", args, err, out)
		}
	}
}

// D01, D10. Runs where Python has what the helper needs.
func TestANewPythonPluginPassesItsTests(t *testing.T) {
	python, err := scaffold.Python()
	if err != nil {
		if os.Getenv("JARVIS_TESTS_SKIP_NOTHING") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	dir := filepath.Join(t.TempDir(), "greeter")
	if _, err := scaffold.New(dir, "python"); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, "-m", "unittest")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

func TestAFolderInUseIsLeftAlone(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "mine")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	kept := filepath.Join(dir, "thesis.txt")
	if err := os.WriteFile(kept, []byte("years of work"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := scaffold.New(dir, "go"); err == nil {
		t.Error("a folder that holds something was taken")
	}
	if _, err := os.Stat(kept); err != nil {
		t.Error(err)
	}
}

func TestWhatCannotBeAPluginIsRefusedAndNothingIsLeft(t *testing.T) {
	for _, c := range []struct{ name, lang string }{{"Big", "go"}, {"with-dash", "python"}, {"fine", "cobol"}, {"9lives", "go"}} {
		dir := filepath.Join(t.TempDir(), c.name)
		if _, err := scaffold.New(dir, c.lang); err == nil {
			t.Errorf("%s in %s: made", c.name, c.lang)
		}
		if _, err := os.Stat(dir); !os.IsNotExist(err) {
			t.Errorf("%s in %s: the folder is there", c.name, c.lang)
		}
	}
}
