package launch_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"testing"

	"github.com/jarvis-host/jarvis/sdk/launch"
)

// hostWith starts a host in a process of its own that runs one plugin.
func hostWith(t *testing.T, name, dir, shim string) (*exec.Cmd, launch.Footprint) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "__host", name, dir, shim)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	var f launch.Footprint
	if err := json.NewDecoder(out).Decode(&f); err != nil {
		t.Fatal(err)
	}
	return cmd, f
}

func kill(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
}

// fault-P17
func TestAHostThatIsKilledTakesItsPluginsAlong(t *testing.T) {
	for _, tt := range []struct{ name, plugin, shim string }{
		{"a plugin without a shim", "healthy", "none"},
		{"a plugin that lingers, without a shim", "raw", "none"},
		{"a plugin with a shim", "healthy", "shim"},
		{"processes of a plugin with a shim", "grandchild", "shim"},
		{"processes that left its group", "runaway", "shim"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := shortDir(t)
			cmd, f := hostWith(t, tt.plugin, dir, tt.shim)
			if len(family(f.Folder)) == 0 {
				t.Fatal("nothing runs")
			}
			kill(t, cmd)
			eventually(t, "the end of all processes", func() bool { return len(family(f.Folder)) == 0 })
			if _, err := f.Clear(); err != nil { // the folder of the sockets is left
				t.Error(err)
			}
		})
	}
}

func TestALeftoverOfAKilledHostIsEnded(t *testing.T) {
	cmd, f := hostWith(t, "grandchild", shortDir(t), "none")
	if left, err := f.Clear(); left || err != nil || len(family(f.Folder)) != 2 {
		t.Fatalf("cleared under a living host: %v, %v", left, err)
	}
	kill(t, cmd)
	eventually(t, "the plugin's end", func() bool { return !running(f.Plugin.PID) })
	if n := len(family(f.Folder)); n != 1 {
		t.Fatalf("%d processes are left, want the grandchild", n)
	}
	if left, err := f.Clear(); !left || err != nil {
		t.Errorf("got %v, %v", left, err)
	}
	eventually(t, "the grandchild's end", func() bool { return len(family(f.Folder)) == 0 })
	if left, err := f.Clear(); left || err != nil {
		t.Errorf("the second time: %v, %v", left, err)
	}
}
