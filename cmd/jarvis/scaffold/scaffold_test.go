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

// An author who reads the SDK's documentation needs no network for it either, and no
// file of theirs changes by it.
func TestGoDocAndTheListOfModulesWorkInANewPluginOffline(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "greeter")
	if _, err := scaffold.New(dir, "go"); err != nil {
		t.Fatal(err)
	}
	// make build has fetched what go doc looks into; go test alone has not.
	if out, err := exec.Command("go", "list", "-m", "all").CombinedOutput(); err != nil {
		t.Fatalf("go list -m all: %v\n%s", err, out)
	}
	goTool(t, dir, "list", "-m", "all")
	goTool(t, dir, "doc", "github.com/jarvis-host/jarvis/sdk", "Schedule")
	goTool(t, dir, "doc", "github.com/jarvis-host/jarvis/sdk/plugintest", "Session.Say")
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
