package mcp

import (
	"os"
	"testing"

	"go.uber.org/goleak"

	"github.com/jarvis-host/jarvis/plugins/mcp/mcptest"
	"github.com/jarvis-host/jarvis/sdk/plugintest"
)

// asServer makes the test program the scripted server.
const asServer = "MCPTEST_SERVER"

func TestMain(m *testing.M) {
	if mode, ok := os.LookupEnv(asServer); ok {
		mcptest.Main([]string{mode})
		return
	}
	goleak.VerifyTestMain(m)
}

// scripted is a configuration that runs the scripted server.
func scripted(t *testing.T, mode string) Settings {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return Settings{Command: self, Env: map[string]string{asServer: mode, "GORACE": "atexit_sleep_ms=0"}, Trust: true, Seconds: 30}
}

// mounted is a plugin in a test's own host; what it ended with goes to ended.
func mounted(t *testing.T, s Settings) (h *plugintest.Host, m *mount, ended chan error) {
	t.Helper()
	ended = make(chan error, 1)
	m = newMount(Options{Ended: func(err error) { ended <- err }})
	t.Cleanup(func() {
		if m.now != nil {
			m.now.close()
		}
	})
	return plugintest.New(t, m.plugin, plugintest.Config(s)), m, ended
}
