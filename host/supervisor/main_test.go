package supervisor

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/launch"
	"github.com/jarvis-host/jarvis/sdk/serve"

	"go.uber.org/goleak"
)

const pluginPrefix = "jarvis-plugin-"

// The test binary is the host, its shim and every plugin at once: a plugin by
// the name under which it is run.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "__exec" {
		os.Exit(launch.Shim(os.Args[2:]))
	}
	if len(os.Args) > 2 && os.Args[1] == "__host" {
		beHost(os.Args[2], os.Args[3])
		return
	}
	if name, ok := strings.CutPrefix(filepath.Base(os.Args[0]), pluginPrefix); ok {
		if name == "bare" {
			serveBare()
			return
		}
		serve.Main(strangers[name]())
		return
	}
	// A program with the race detector sleeps a second when it ends, by default.
	if err := os.Setenv("GORACE", "atexit_sleep_ms=0"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

// strangers are the plugins, by the end of their program's name.
var strangers = map[string]func() *sdk.Plugin{
	"good":  good,
	"crash": func() *sdk.Plugin { fmt.Fprintln(os.Stderr, "no luck"); os.Exit(3); return nil },
	"noise": func() *sdk.Plugin { fmt.Println("hello"); return good() },
	"forks": func() *sdk.Plugin {
		cmd := exec.Command("/bin/sleep", "1000")
		cmd.Stdout, cmd.SysProcAttr = os.Stdout, &syscall.SysProcAttr{Setsid: true}
		if err := cmd.Start(); err != nil {
			panic(err)
		}
		return good()
	},
}

type nothing struct{}

type settings struct {
	Units string `json:"units,omitempty" desc:"Units" enum:"metric,imperial"`
}

func good() *sdk.Plugin {
	p := sdk.New("good", "1.0.0", "For tests")
	sdk.Config(p, func(context.Context, settings) error { return nil })
	sdk.Tool(p, "hello", "Says hello", func(context.Context, *sdk.Call, nothing) (string, error) { return "hello", nil }, sdk.ReadOnly())
	sdk.Tool(p, "talk", "Says a thousand words", func(_ context.Context, c *sdk.Call, _ nothing) (string, error) {
		for range pieces {
			c.Text("word ")
		}
		return "", nil
	}, sdk.ReadOnly())
	var ended atomic.Int64
	sdk.Tool(p, "linger", "Waits for the end of the call", func(ctx context.Context, c *sdk.Call, _ nothing) (string, error) {
		ended.Store(0)
		c.Text("waiting")
		<-ctx.Done()
		ended.Store(time.Now().UnixNano())
		return "", ctx.Err()
	}, sdk.ReadOnly())
	sdk.Tool(p, "ended", "Tells when the last such call knew of its end", func(context.Context, *sdk.Call, nothing) (string, error) {
		return strconv.FormatInt(ended.Load(), 10), nil
	}, sdk.ReadOnly())
	sdk.Tool(p, "crash", "Ends the process", func(context.Context, *sdk.Call, nothing) (string, error) {
		go panic("boom")
		select {}
	}, sdk.Destructive(), sdk.Timeout(time.Minute))
	sdk.Tool(p, "hang", "Never answers, whatever the host wants", func(context.Context, *sdk.Call, nothing) (string, error) {
		select {}
	}, sdk.ReadOnly(), sdk.Timeout(100*time.Millisecond))
	sdk.Tool(p, "big", "Answers with many bytes", func(context.Context, *sdk.Call, nothing) (string, error) {
		return strings.Repeat("x", 64<<20), nil
	}, sdk.ReadOnly())
	sdk.Tool(p, "balloon", "Takes all memory there is", func(context.Context, *sdk.Call, nothing) (string, error) {
		var all [][]byte
		for range 64 {
			all = append(all, []byte(strings.Repeat("x", 64<<20)))
		}
		return fmt.Sprint(len(all)), nil
	}, sdk.Destructive(), sdk.Timeout(time.Minute))
	return p
}

// program gives the test binary the name of a plugin.
func program(t testing.TB, name string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), pluginPrefix+name)
	if err := os.Symlink(self, path); err != nil {
		t.Fatal(err)
	}
	return path
}

func shim() []string { return []string{os.Args[0], "__exec"} }

// beHost runs one plugin, prints its process and waits to be killed.
func beHost(path, dir string) {
	s := New(Options{Plugins: []Config{{ID: "good", Path: path, Enabled: true}}, DataDir: dir, Shim: shim()})
	if err := s.Start(context.Background()); err != nil {
		panic(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(s.List()[0]); err != nil {
		panic(err)
	}
	select {}
}

const patience = 10 * time.Second

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(patience); !ok(); {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("%s: not within %v", what, patience)
		}
	}
}
