package serve

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/jarvis-host/jarvis/sdk"

	"go.uber.org/goleak"
)

// roleKey says what the test binary is when a test starts it again.
const roleKey = "SERVE_TEST_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(roleKey) {
	case "plugin":
		Main(talkative())
	case "parent":
		os.Exit(parent())
	}
	goleak.VerifyTestMain(m)
}

// talkative is a plugin that writes wherever it can.
func talkative() *sdk.Plugin {
	p := sdk.New("talk", "1.2.3", "Talks").Languages("en")
	sdk.Tool(p, "talk", "Talks", func(_ context.Context, c *sdk.Call, _ struct{}) (string, error) {
		fmt.Println("printed by Go")
		_, _ = syscall.Write(1, []byte("printed past Go\n"))
		fmt.Fprintln(os.Stderr, "plain words")
		c.Log().Info("said", slog.Group("g", "n", 1))
		return "done", nil
	}, sdk.ReadOnly(), sdk.AskFirst(sdk.ConfirmWhenModel, map[string]string{"en": "Talk?"}))
	return p
}

// parent starts a plugin and ends when its input does, without a word to it.
func parent() int {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleKey+"=plugin")
	cmd.Stdout = os.Stdout
	if err := cmd.Start(); err != nil {
		return 1
	}
	_, _ = io.Copy(io.Discard, os.Stdin)
	return 0
}
