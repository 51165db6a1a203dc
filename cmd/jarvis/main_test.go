package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"

	"github.com/jarvis-host/jarvis/cmd/jarvis/scaffold"
	"github.com/jarvis-host/jarvis/plugins/hangman"
	"github.com/jarvis-host/jarvis/plugins/mcp"
	"github.com/jarvis-host/jarvis/plugins/mcp/mcptest"
	"github.com/jarvis-host/jarvis/plugins/weather"
	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/serve"
	"github.com/jarvis-host/jarvis/sdk/wire/wiretest"
)

// quickExit is for the environment of every program that a test runs: with the
// race detector it would sleep a second when it ends.
const quickExit = "GORACE=atexit_sleep_ms=0"

// The test binary is the host and all of its plugins, by the name it is called
// with: nothing is built twice, and everything runs with the race detector.
func TestMain(m *testing.M) {
	name, value, _ := strings.Cut(quickExit, "=")
	if err := os.Setenv(name, value); err != nil {
		panic(err)
	}
	testscript.Main(leakless{m}, map[string]func(){
		"jarvis":                main,
		"jarvis-named":          named,
		"jarvis-model":          func() { os.Exit(scriptedModel()) },
		"ws":                    func() { os.Exit(sayOnce(os.Args[1:])) },
		"jarvis-plugin-hangman": func() { serve.Main(hangman.New(hangman.Options{})) },
		"jarvis-plugin-weather": func() { serve.Main(weather.New()) },
		"jarvis-plugin-mcp":     func() { serve.Main(mcp.New(mcp.Options{Ended: func(error) { os.Exit(1) }})) },
		"notes-mcp":             func() { mcptest.Main(os.Args[1:]) },
		"jarvis-plugin-door":    func() { serve.Main(door()) },
		"jarvis-plugin-kitchen": func() { serve.Main(kitchen()) },
		"jarvis-plugin-house":   func() { serve.Main(house()) },
		"jarvis-plugin-copycat": func() { serve.Main(copycat()) },
		"jarvis-plugin-pair":    func() { serve.Main(oneTool("pair", "of__shoes")) },
		"jarvis-plugin-pair-of": func() { serve.Main(oneTool("pair__of", "shoes")) },
		"jarvis-plugin-first":   func() { wiretest.Main(wiretest.First) },
		"jarvis-plugin-second":  func() { wiretest.Main(wiretest.Second) },
		"jarvis-plugin-next":    func() { wiretest.Main(wiretest.Next) },
		"jarvis-plugin-major":   func() { wiretest.Main(wiretest.Major) },
		"jarvis-plugin-market":  func() { serve.Main(market()) },
		"jarvis-dying":          dying,
		"jarvis-plugin-leaky":   func() { serve.Main(leaky()) },
		"jarvis-plugin-crash":   func() { fmt.Fprintln(os.Stderr, "no good reason"); os.Exit(3) },
		"jarvis-plugin-noise":   func() { fmt.Println("hello"); os.Exit(0) },
	})
}

// leakless fails when a goroutine of the tests themselves, or of what they run in
// their own process, stays. What the programs hold is counted in the soak.
type leakless struct{ m *testing.M }

// Run implements testscript.TestingM.
func (l leakless) Run() int {
	code := l.m.Run()
	http.DefaultClient.CloseIdleConnections()
	if err := goleak.Find(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return max(code, 1)
	}
	return code
}

// named is the host with a resolver of the test's: "jarvis-named ADDRESS jarvis ...".
func named() {
	if len(os.Args) > 2 && os.Args[1] != "__exec" {
		withNames(os.Args[1])
		os.Args = os.Args[2:]
	}
	main()
}

// door is a plugin whose tools change the world, wait, ask and break, for the
// tests of the host.
func door() *sdk.Plugin {
	type which struct {
		Door string `json:"door" desc:"Name of the door"`
	}
	type none struct{}
	p := sdk.New("door", "0.1.0", "Doors that open for tests").Languages("fr", "en")
	sdk.Tool(p, "open", "Open a door", func(_ context.Context, _ *sdk.Call, in which) (string, error) {
		return "opened " + in.Door, nil
	}, sdk.Destructive(), sdk.AskFirst(sdk.ConfirmAlways, map[string]string{"fr": "Ouvrir {door} ?", "en": "Open {door}?"}),
		sdk.Say("fr", "ouvre la porte {door}"), sdk.Say("en", "open the {door} door"))
	sdk.Tool(p, "knock", "Knock on a door", func(_ context.Context, c *sdk.Call, in which) (string, error) {
		c.Log().Info("knocked", "where", in.Door)
		return "knocked on " + in.Door, nil
	}, sdk.Additive(), sdk.Say("en", "knock on the {door} door"))
	type lamp struct {
		Level int `json:"level"`
		Was   int `json:"was" desc:"Level before"`
	}
	type dim struct {
		Level int `json:"level" desc:"Level of the lamp" min:"0" max:"100"`
	}
	var level atomic.Int64
	sdk.Tool(p, "dim", "Dim the lamp", func(_ context.Context, _ *sdk.Call, in dim) (lamp, error) {
		was := int(level.Load())
		level.Store(int64(min(in.Level, 90))) // it is an old lamp
		return lamp{Level: in.Level, Was: was}, nil
	}, sdk.Additive(), sdk.Reply("en", "it is at {level}"), sdk.Say("en", "dim the lamp to {level}"),
		sdk.Verify(func(_ context.Context, _ *sdk.Call, in dim) (sdk.Sight, error) {
			if int(level.Load()) != in.Level {
				return sdk.Sight{Finding: sdk.FindingFailed, Seen: "the lamp is weaker"}, nil
			}
			return sdk.Sight{Finding: sdk.FindingVerified}, nil
		}),
		sdk.Undo(func(_ context.Context, _ *sdk.Call, in dim, out lamp) (string, error) {
			if int(level.Load()) != in.Level {
				return "", sdk.Fail(sdk.CodeConflict, "someone else has touched the lamp")
			}
			level.Store(int64(out.Was))
			return fmt.Sprintf("back at %d", out.Was), nil
		}))
	sdk.Tool(p, "wait", "Wait for someone at the door, for ever", func(ctx context.Context, c *sdk.Call, _ none) (string, error) {
		c.Text("waiting")
		<-ctx.Done()
		c.Log().Info("left the door")
		return "", ctx.Err()
	}, sdk.ReadOnly(), sdk.Say("en", "wait at the door"))
	type pipe struct {
		Pipe string `json:"pipe" desc:"a named pipe"`
	}
	sdk.Tool(p, "listen", "Listen at the door until somebody writes into a pipe", func(_ context.Context, _ *sdk.Call, in pipe) (string, error) {
		heard, err := os.ReadFile(in.Pipe) //nolint:gosec // of a test
		return string(heard), err
	}, sdk.ReadOnly())
	sdk.Tool(p, "hold", "Hold the door open, for ever", func(ctx context.Context, _ *sdk.Call, _ none) (string, error) {
		<-ctx.Done()
		return "", ctx.Err()
	}, sdk.Additive(), sdk.Say("en", "hold the door"))
	sdk.Tool(p, "push", "Push a door that sticks, for a moment", func(ctx context.Context, _ *sdk.Call, _ none) (string, error) {
		<-ctx.Done()
		return "", ctx.Err()
	}, sdk.Destructive(), sdk.Timeout(100*time.Millisecond), sdk.Say("en", "push the door"), sdk.Say("fr", "pousse la porte"))
	sdk.Tool(p, "kick", "Kick the door until it breaks", func(context.Context, *sdk.Call, none) (string, error) {
		panic("the door fell")
	}, sdk.ReadOnly(), sdk.Say("en", "kick the door"), sdk.Say("fr", "donne un coup dans la porte"))
	return p
}

func TestScripts(t *testing.T) {
	door, err := exec.LookPath("jarvis-plugin-door")
	if err != nil {
		t.Fatal(err)
	}
	python, err := scaffold.Python()
	if err != nil && os.Getenv("JARVIS_TESTS_SKIP_NOTHING") != "" {
		t.Fatal(err)
	}
	hasPython := func(cond string) (bool, error) {
		if cond == "python" {
			return python != "", nil
		}
		return false, fmt.Errorf("unknown condition %q", cond)
	}
	examples, err := filepath.Abs("../../examples")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{Dir: "testdata/script", Condition: hasPython, Cmds: checklist, Setup: func(e *testscript.Env) error {
		e.Vars = append(e.Vars, quickExit)
		e.Setenv("PYTHON", python)
		e.Setenv("EXAMPLES", examples)
		e.Setenv("DOOR", door)
		e.Setenv("HANGMAN", filepath.Join(filepath.Dir(door), "jarvis-plugin-hangman"))
		e.Setenv("COPYCAT", filepath.Join(filepath.Dir(door), "jarvis-plugin-copycat"))
		e.Setenv("CRASH", filepath.Join(filepath.Dir(door), "jarvis-plugin-crash"))
		return nil
	}})
}
