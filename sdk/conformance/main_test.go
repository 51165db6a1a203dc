package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/launch"
	"github.com/jarvis-host/jarvis/sdk/serve"
	"github.com/jarvis-host/jarvis/sdk/wire"

	"go.uber.org/goleak"
)

const prefix = "jarvis-plugin-"

// The test binary is the shim and every plugin at once: a plugin by the name
// under which it is run.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "__exec" {
		os.Exit(launch.Shim(os.Args[2:]))
	}
	if name, ok := strings.CutPrefix(filepath.Base(os.Args[0]), prefix); ok {
		strangers[name]()
		return
	}
	// A program with the race detector sleeps a second when it ends, by default.
	if err := os.Setenv("GORACE", "atexit_sleep_ms=0"); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

// strangers are the plugins, the good one and the broken ones.
var strangers = map[string]func(){
	"good":  func() { serve.Main(good()) },
	"quick": func() { serve.Main(good()) },
	"crash": func() { fmt.Fprintln(os.Stderr, "no key"); os.Exit(3) },
	"noise": func() { fmt.Println("Loading model..."); serve.Main(good()) },
	"other": func() { fmt.Println("1|7|unix|/nowhere|grpc|"); time.Sleep(time.Hour) },
	"chatty": func() {
		fmt.Fprintln(os.Stderr, `{"@message":5}`)
		fmt.Fprintln(os.Stderr, strings.Repeat("x", 1<<20))
		serve.Main(good())
	},
	"fork": func() {
		cmd := exec.Command("/bin/sleep", "1000")
		cmd.Stdout, cmd.SysProcAttr = os.Stdout, &syscall.SysProcAttr{Setsid: true}
		if err := cmd.Start(); err != nil {
			panic(err)
		}
		serve.Main(good())
	},
	"fickle":   func() { raw(&fickle{Handler: good()}) },
	"careless": func() { serve.Main(careless()) },
	"wordless": func() { raw(&wordless{Handler: good()}) },
	"fragile":  func() { serve.Main(fragile()) },
	"deaf":     func() { serve.Main(deaf()) },
	"leaky":    func() { serve.Main(leaky()) },
	"mutter":   func() { raw(&mutter{Handler: good()}) },
	"orphan":   func() { bare(good(), func() {}) },
	"heavy":    func() { serve.Main(heavy()) },
	"huge":     func() { serve.Main(huge()) },
	"gullible": func() { raw(&gullible{Handler: good()}) },
	"sham":     func() { serve.Main(sham()) },
	"rash":     func() { raw(&rash{Handler: good()}) },
	"boaster":  func() { raw(&boaster{Handler: good()}) },
	"roamer":   func() { serve.Main(roamer()) },
	"mute": func() {
		serve.Main(base(func(_ context.Context, c *sdk.Call) (string, error) { return c.T("deer"), nil }))
	},
	"raw data": func() { serve.Main(unworded()) },
}

// raw serves a contract that package serve would not.
func raw(h sdk.Handler) { bare(h, func() { os.Exit(0) }) }

// bare leaves it to gone what happens when the host is gone.
func bare(h sdk.Handler, gone func()) {
	set := wire.PluginSet(h, gone)[wire.ProtocolVersion]
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: wire.Handshake, VersionedPlugins: map[int]plugin.PluginSet{wire.ProtocolVersion: set},
		GRPCServer: func(o []grpc.ServerOption) *grpc.Server { return wire.NewServer(o) },
	})
}

type settings struct {
	Units string `json:"units,omitempty" desc:"Units" enum:"metric,imperial"`
}

type which struct {
	Door  string `json:"door" desc:"Name of the door"`
	Times int    `json:"times,omitempty" desc:"How often" min:"1" max:"9"`
}

type nothing struct{}

// base is a plugin with one read-only tool that does what do does.
func base(do func(context.Context, *sdk.Call) (string, error)) *sdk.Plugin {
	p := sdk.New("good", "1.0.0", "Doors for tests").Languages("fr", "en")
	sdk.Config(p, func(context.Context, settings) error { return nil })
	sdk.Tool(p, "look", "Look at a door", func(ctx context.Context, c *sdk.Call, _ which) (string, error) {
		return do(ctx, c)
	}, sdk.ReadOnly(), sdk.Say("en", "look at the {door} door"), sdk.Say("fr", "regarde la porte {door}"),
		sdk.Examples("en", sdk.Example{Text: "look at the red door", Args: map[string]any{"door": "red"}}))
	return p
}

func good() *sdk.Plugin {
	p := base(func(_ context.Context, c *sdk.Call) (string, error) { c.Text("It is "); return "shut", nil })
	sdk.Tool(p, "open", "Open a door", func(context.Context, *sdk.Call, which) (string, error) {
		panic("nobody may call this with arguments that are right")
	}, sdk.Destructive(), sdk.AskFirst(sdk.ConfirmAlways, map[string]string{"fr": "Ouvrir {door} ?", "en": "Open {door}?"}))
	p.Needs(sdk.NeedKV, "", "count")
	sdk.Tool(p, "count", "Count doors", func(ctx context.Context, c *sdk.Call, _ nothing) (string, error) {
		var n int
		err := sdk.Update(ctx, c.KV(sdk.ForUser), "n", func(old int) (int, error) { n = old + 1; return n, nil })
		return fmt.Sprint(n), err
	}, sdk.ReadOnly())
	return p
}

// fickle describes itself differently each time.
type fickle struct {
	sdk.Handler
	calls atomic.Int64
}

func (f *fickle) Describe(ctx context.Context) (*sdk.Manifest, error) {
	m, err := f.Handler.Describe(ctx)
	if err != nil {
		return nil, err
	}
	changed := *m
	changed.Description = fmt.Sprintf("description %d", f.calls.Add(1))
	return &changed, nil
}

// wordless leaves out of its manifest what people need.
type wordless struct{ sdk.Handler }

func (w *wordless) Describe(ctx context.Context) (*sdk.Manifest, error) {
	m, err := w.Handler.Describe(ctx)
	if err != nil {
		return nil, err
	}
	poor := *m
	poor.ID, poor.Version, poor.Languages = "Good", "one", nil
	poor.Needs = []sdk.Need{{Kind: "kv"}}
	poor.Tools = append([]sdk.ToolSpec{}, m.Tools...)
	poor.Tools[0].Description, poor.Tools[0].Effect = "", sdk.EffectUnspecified
	poor.Tools[0].InputSchema = []byte(`{"type":"object","properties":{"door":{"type":"string","default":5}},"required":["door"]}`)
	poor.Tools[0].Sentences = []sdk.Sentences{{
		Lang: "en", Patterns: []string{"look at the {door} door"}, Slots: map[string]any{"colour": "red"},
		Examples: []sdk.Example{{Text: "what is the red door"}},
	}}
	return &poor, nil
}

// mutter prints where nobody listens.
type mutter struct{ sdk.Handler }

func (m *mutter) Health(ctx context.Context) (sdk.Health, error) {
	fmt.Println("I am well")
	return m.Handler.Health(ctx)
}

// careless never asks, and describes no argument.
func careless() *sdk.Plugin {
	p := good()
	sdk.Tool(p, "burn", "Burn a door", func(context.Context, *sdk.Call, struct {
		Door string `json:"door"`
	},
	) (string, error) {
		return "gone", nil
	}, sdk.Destructive())
	return p
}

// sham fails in a call and has an error of its own for it.
func sham() *sdk.Plugin {
	return base(func(context.Context, *sdk.Call) (string, error) { return "", errors.New("row 7 is odd") })
}

// fragile dies of its first call.
func fragile() *sdk.Plugin {
	return base(func(context.Context, *sdk.Call) (string, error) {
		go panic("boom")
		select {}
	})
}

// deaf hears no cancel.
func deaf() *sdk.Plugin {
	return base(func(context.Context, *sdk.Call) (string, error) {
		time.Sleep(3 * time.Second)
		return "late", nil
	})
}

// leaky keeps 64 KiB of each call.
func leaky() *sdk.Plugin {
	var kept [][]byte
	lock := make(chan struct{}, 1)
	return base(func(context.Context, *sdk.Call) (string, error) {
		lock <- struct{}{}
		defer func() { <-lock }()
		kept = append(kept, []byte(strings.Repeat("x", 64<<10)))
		return fmt.Sprint(len(kept) > 0), nil
	})
}

// heavy holds more than a plugin should.
func heavy() *sdk.Plugin {
	held := []byte(strings.Repeat("x", 192<<20))
	return base(func(context.Context, *sdk.Call) (string, error) { return string(held[:1]), nil })
}

// roamer goes where it never said that it would.
func roamer() *sdk.Plugin {
	return base(func(ctx context.Context, c *sdk.Call) (string, error) {
		_, err := c.Get(ctx, "http://127.0.0.1:8818/")
		return "", err
	})
}

// unworded has words for its data in one of its languages only.
func unworded() *sdk.Plugin {
	p := base(func(context.Context, *sdk.Call) (string, error) { return "shut", nil })
	sdk.Tool(p, "measure", "Measure a door", func(context.Context, *sdk.Call, nothing) (map[string]int, error) {
		return map[string]int{"high": 2}, nil
	}, sdk.ReadOnly(), sdk.Reply("en", "{high} m"))
	return p
}

// huge answers with more than a message may weigh.
func huge() *sdk.Plugin {
	return base(func(context.Context, *sdk.Call) (string, error) { return strings.Repeat("x", 5<<20), nil })
}

// gullible takes any configuration.
type gullible struct{ sdk.Handler }

func (g *gullible) Configure(context.Context, sdk.Configuration) (*sdk.Configured, error) {
	return &sdk.Configured{}, nil
}

// rash takes anything back.
type rash struct{ sdk.Handler }

func (*rash) Verify(context.Context, *sdk.Deed) (sdk.Sight, error) {
	return sdk.Sight{Finding: sdk.FindingVerified}, nil
}

func (*rash) Undo(context.Context, *sdk.Deed) (string, error) { return "as it was", nil }

// boaster declares a read-back that it does not have.
type boaster struct{ sdk.Handler }

func (b *boaster) Describe(ctx context.Context) (*sdk.Manifest, error) {
	m, err := b.Handler.Describe(ctx)
	if err != nil {
		return nil, err
	}
	changed := *m
	changed.Tools = slices.Clone(m.Tools)
	for i := range changed.Tools {
		changed.Tools[i].Verifiable = true
	}
	return &changed, nil
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
