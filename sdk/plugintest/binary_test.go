package plugintest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/plugintest"
	"github.com/jarvis-host/jarvis/sdk/serve"
)

const prefix = "jarvis-plugin-"

// plugins are what the tests try, in their own process and as programs.
var plugins = map[string]func() *sdk.Plugin{"counter": counter, "kitchen": kitchen, "lamp": lamp, "slow": slow}

// The test binary is every plugin at once: by the name under which it is run.
func TestMain(m *testing.M) {
	if name, ok := strings.CutPrefix(filepath.Base(os.Args[0]), prefix); ok {
		serve.Main(plugins[name]())
	}
	if err := os.Setenv("GORACE", "atexit_sleep_ms=0"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

// opener starts a plugin for a test, one way or the other.
type opener func(opts ...plugintest.Option) *plugintest.Host

// everyWay runs a test against a plugin in its own process, against its program, and
// against that of the same plugin in Python where there is one (D10).
func everyWay(t *testing.T, name string, test func(t *testing.T, open opener)) {
	t.Helper()
	t.Run("in process", func(t *testing.T) {
		test(t, func(opts ...plugintest.Option) *plugintest.Host { return plugintest.New(t, plugins[name](), opts...) })
	})
	t.Run("program", func(t *testing.T) {
		path := program(t, name)
		test(t, func(opts ...plugintest.Option) *plugintest.Host { return plugintest.Binary(t, path, opts...) })
	})
	source, err := filepath.Abs(filepath.Join("testdata", name+".py"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(source); err != nil {
		return
	}
	t.Run("python", func(t *testing.T) {
		path := pythonProgram(t, name, source)
		test(t, func(opts ...plugintest.Option) *plugintest.Host { return plugintest.Binary(t, path, opts...) })
	})
}

// interpreter is the Python that Debian's packages for plugins belong to.
const interpreter = "/usr/bin/python3"

// pythonProgram runs a source from where it is, with the helper of this project.
func pythonProgram(t *testing.T, name, source string) string {
	t.Helper()
	if err := exec.Command(interpreter, "-c", "import grpc, google.protobuf, cryptography").Run(); err != nil {
		const missing = "no python3-grpcio, python3-protobuf or python3-cryptography: apt-get install them"
		if os.Getenv("JARVIS_TESTS_SKIP_NOTHING") != "" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	helper, err := filepath.Abs("../python")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), prefix+name)
	text := fmt.Sprintf("#!%s\nimport sys\nsys.dont_write_bytecode = True\nsys.path[:0] = [%q]\nexec(open(%q).read())\n", interpreter, helper, source)
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// program gives the test binary the name of a plugin.
func program(t *testing.T, name string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), prefix+name)
	if err := os.Symlink(self, path); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAConversationOutlivesItsProgram(t *testing.T) {
	h := plugintest.Binary(t, program(t, "counter"))
	h.Say("fr", "compte depuis 10")
	before := h.PID()
	h.Restart()
	if h.PID() == before {
		t.Error("the program was not restarted")
	}
	h.Say("fr", "quel temps fait-il") // the floor stands
	if got := h.Say("fr", "compte"); got.Text != "On en est à 14." {
		t.Errorf("after kill -9: got %q", got.Text)
	}
	h.Upgrade(program(t, "counter"))
	if got := h.Say("fr", "compte"); got.Text != "On en est à 16." {
		t.Errorf("after an upgrade: got %q", got.Text)
	}
}

// slow is a plugin whose calls last until they are ended, and count.
func slow() *sdk.Plugin {
	p := sdk.New("slow", "1.0.0", "Waits")
	sdk.Tool(p, "wait", "Waits for ever", func(ctx context.Context, c *sdk.Call, _ struct{}) (string, error) {
		if err := c.SetState(99); err != nil {
			return "", err
		}
		c.Text("begun")
		<-ctx.Done()
		return "", ctx.Err()
	}, sdk.ReadOnly())
	sdk.Tool(p, "count", "Counts", func(_ context.Context, c *sdk.Call, _ struct{}) (string, error) {
		n, _, err := sdk.State[int](c)
		return fmt.Sprint(n + 1), errors.Join(err, c.SetState(n+1))
	}, sdk.ReadOnly())
	return p
}

func TestACallIsCancelledEitherWay(t *testing.T) {
	everyWay(t, "slow", func(t *testing.T, open opener) {
		h := open()
		h.Cancel("wait", nil, nil)
		if got := h.Call("count", nil); got.Text != "1" {
			t.Errorf("after it: got %q", got.Text)
		}
	})
}

// D02: what can happen to a program happens to it, and the conversation goes on.
func TestAProgramIsKilledFrozenAndLeft(t *testing.T) {
	h := plugintest.Binary(t, program(t, "slow"))
	h.Call("count", nil)
	h.Crash("wait", nil, nil)
	if got := h.Call("count", nil); got.Text != "2" {
		t.Errorf("after a crash in a call: got %q", got.Text)
	}
	h.Freeze()
	now := make(chan struct{})
	close(now)
	h.Cancel("wait", nil, now) // the host's side ends, whatever the program does
	h.Thaw()
	if got := h.Call("count", nil); got.Text != "3" {
		t.Errorf("after a sleep: got %q", got.Text)
	}
	h.Leave()
	h.Restart()
	if got := h.Call("count", nil); got.Text != "4" {
		t.Errorf("after the host came back: got %q", got.Text)
	}
}

func TestACallThatIsNotInterruptedFailsTheTest(t *testing.T) {
	path := program(t, "slow")
	got := failure(t, func(t testing.TB) { plugintest.Binary(t, path).Crash("count", nil, nil) })
	if want := "tool count ended although it was interrupted"; !strings.Contains(got, want) {
		t.Errorf("failure is %q, want %q", got, want)
	}
}

func TestAProgramThatIsStoppedIsFoundByItsTest(t *testing.T) {
	h := plugintest.Binary(t, program(t, "kitchen"), plugintest.Clock(fixed))
	h.Say("fr", "minuteur pâtes de 10 minutes")
	h.Freeze()
	h.Restart()
	h.Advance(10 * time.Minute)
	if told := h.Notices(); len(told) != 1 || told[0].Text != "Minuteur pâtes terminé !" {
		t.Errorf("told %v", told)
	}
}
