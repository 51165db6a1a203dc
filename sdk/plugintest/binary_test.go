package plugintest_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/plugintest"
	"github.com/jarvis-host/jarvis/sdk/serve"
)

const prefix = "jarvis-plugin-"

// plugins are what the tests try, in their own process and as programs.
var plugins = map[string]func() *sdk.Plugin{"counter": counter, "kitchen": kitchen}

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

// bothWays runs a test against a plugin in its own process, and against its
// program.
func bothWays(t *testing.T, name string, test func(t *testing.T, open opener)) {
	t.Helper()
	t.Run("in process", func(t *testing.T) {
		test(t, func(opts ...plugintest.Option) *plugintest.Host { return plugintest.New(t, plugins[name](), opts...) })
	})
	t.Run("program", func(t *testing.T) {
		path := program(t, name)
		test(t, func(opts ...plugintest.Option) *plugintest.Host { return plugintest.Binary(t, path, opts...) })
	})
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

func TestAProgramThatIsStoppedIsFoundByItsTest(t *testing.T) {
	h := plugintest.Binary(t, program(t, "kitchen"), plugintest.Clock(fixed))
	h.Say("fr", "minuteur pâtes de 10 minutes")
	if err := syscall.Kill(h.PID(), syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	h.Restart()
	h.Advance(10 * time.Minute)
	if told := h.Notices(); len(told) != 1 || told[0].Text != "Minuteur pâtes terminé !" {
		t.Errorf("told %v", told)
	}
}
