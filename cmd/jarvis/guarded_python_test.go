package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// fault-K13: of a plugin in Python, too, no core is dumped, its process is not
// dumpable, so that no other of its account reads it, and its environment holds no
// secret of the host's. The plugin says the first two of itself.
func TestNobodyReadsWhatAPluginInPythonHolds(t *testing.T) {
	interpreter := python(t)
	dir := t.TempDir()
	units := filepath.Join(dir, "units")
	for from, to := range map[string]string{"../../examples/units": units, "../../sdk/python/jarvis_plugin": filepath.Join(units, "jarvis_plugin")} {
		if err := os.CopyFS(to, os.DirFS(from)); err != nil {
			t.Fatal(err)
		}
	}
	main := filepath.Join(units, "__main__.py")
	example, err := os.ReadFile(main)
	if err != nil {
		t.Fatal(err)
	}
	const own = `import ctypes, resource
@p.tool("Tell how it is guarded", read_only=True, say={"en": ["how are you guarded"], "fr": ["comment es-tu gardé"]})
def guarded(call):
    return "dumpable %d core %s %s" % (ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), *resource.getrlimit(resource.RLIMIT_CORE))
`
	before, after, found := strings.Cut(string(example), "if __name__")
	if !found {
		t.Fatal("the example does not run itself")
	}
	if err := os.WriteFile(main, []byte(before+own+"\n\nif __name__"+after), 0o600); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "units.pyz")
	if out, err := exec.Command(interpreter, "-m", "zipapp", units, "-p", interpreter, "-o", program).CombinedOutput(); err != nil {
		t.Fatalf("%v %s", err, out)
	}
	h := startHost(t, dir, quiet+withKitchen+fmt.Sprintf("  units: {enabled: true, path: %q}\n", program))
	h.ready("units", "kitchen")
	c := h.dial("a")
	if got := c.ask("how are you guarded").done.Text; got != "dumpable 0 core 0 0" {
		t.Errorf("the plugin is %q", got)
	}
	if got := c.ask("convert 10 kilometres to miles").done.Text; !regexp.MustCompile(`6\.21\d miles`).MatchString(got) {
		t.Errorf("the example says %q", got)
	}
	proc := "/proc/" + strconv.Itoa(h.plugin("units").PID) + "/"
	raw, err := os.ReadFile(proc + "environ")
	if os.Getuid() != 0 {
		if err == nil {
			t.Error("another process of the account reads its environment")
		}
		return
	}
	if err != nil || !bytes.Contains(raw, []byte("JARVIS_PLUGIN=")) {
		t.Fatalf("the environment is %q, %v", raw, err)
	}
	for encoding, text := range (canary{"shop", "butter-and-bread"}).encodings() {
		if bytes.Contains(raw, []byte(text)) {
			t.Errorf("the shop's secret, written as %s, is in its environment", encoding)
		}
	}
	if bytes.Contains(raw, []byte(h.key)) || slices.ContainsFunc(strings.Split(string(raw), "\x00"), func(v string) bool { return strings.HasPrefix(v, "SHOP_SECRET=") }) {
		t.Errorf("its environment holds a secret: %q", raw)
	}
}
