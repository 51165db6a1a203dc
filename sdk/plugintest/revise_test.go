package plugintest_test

import (
	"context"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/plugintest"
)

type lampArgs struct {
	Level int `json:"level" desc:"Brightness" min:"0" max:"100"`
}

type lampResult struct {
	Was int `json:"was"`
}

// lamp keeps its level with the host, so that a program that starts anew finds it.
func lamp() *sdk.Plugin {
	p := sdk.New("lamp", "1.0.0", "A lamp").Languages("en", "fr").Needs(sdk.NeedKV, "", "keep the level")
	p.Texts("en", map[string]string{"back": "Back at {n}.", "touched": "Somebody set it to {n}."})
	p.Texts("fr", map[string]string{"back": "De nouveau à {n}.", "touched": "Quelqu'un l'a mise à {n}."})
	level := func(ctx context.Context, c *sdk.Call) (n int, err error) {
		_, err = c.KV(sdk.ForAll).Get(ctx, "level", &n)
		return n, err
	}
	set := func(ctx context.Context, c *sdk.Call, n int) error {
		return c.KV(sdk.ForAll).Set(ctx, "level", n)
	}
	dim := func(ctx context.Context, c *sdk.Call, in lampArgs) (lampResult, error) {
		was, err := level(ctx, c)
		if err != nil {
			return lampResult{}, err
		}
		return lampResult{was}, set(ctx, c, min(in.Level, 90)) // it is an old lamp
	}
	sdk.Tool(p, "dim", "Sets the lamp", dim, sdk.Additive(), sdk.Say("en", "dim to {level}"),
		sdk.Verify(func(ctx context.Context, c *sdk.Call, in lampArgs) (sdk.Sight, error) {
			if n, err := level(ctx, c); err != nil || n != in.Level {
				return sdk.Sight{Finding: sdk.FindingFailed, Seen: c.T("touched", "n", n)}, err
			}
			return sdk.Sight{Finding: sdk.FindingVerified}, nil
		}),
		sdk.Undo(func(ctx context.Context, c *sdk.Call, in lampArgs, out lampResult) (string, error) {
			n, err := level(ctx, c)
			if err != nil {
				return "", err
			}
			if n != in.Level {
				return "", sdk.Fail(sdk.CodeConflict, "%s", c.T("touched", "n", n))
			}
			return c.T("back", "n", out.Was), set(ctx, c, out.Was)
		}))
	sdk.Tool(p, "shine", "Sets the lamp for good", dim, sdk.Additive())
	return p
}

// D06, D10: an author tries read-back and undo, of a plugin in Go and of one in
// Python, also after the program was killed and started anew.
func TestAnAuthorTriesReadBackAndUndo(t *testing.T) {
	everyWay(t, "lamp", func(t *testing.T, open opener) {
		h := open()
		h.Say("en", "dim to 30")
		done := h.Say("en", "dim to 50")
		if seen, err := h.Verify(done); seen.Finding != sdk.FindingVerified || err != nil {
			t.Errorf("read back: %+v, %v", seen, err)
		}
		if !strings.HasSuffix(t.Name(), "/in_process") {
			h.Restart()
		}
		if got := h.Undo("fr", done); got.Text != "De nouveau à 30." || got.Problem != nil || got.Tool != "dim" {
			t.Errorf("undo: %+v", got)
		}
		if got := h.Undo("en", done); got.Text != "Somebody set it to 30." || got.Problem == nil || got.Problem.Code != sdk.CodeConflict {
			t.Errorf("once more: %+v", got)
		}
		old := h.Call("dim", lampArgs{100})
		if seen, err := h.Verify(old); seen.Finding != sdk.FindingFailed || seen.Seen != "Somebody set it to 90." || err != nil {
			t.Errorf("read back of an old lamp: %+v, %v", seen, err)
		}
		if got := h.Transcript(); !strings.Contains(got, "= undo dim\n< De nouveau à 30.\n") || !strings.Contains(got, "! conflict: Somebody set it to 30.\n") {
			t.Errorf("the transcript says\n%s", got)
		}
	})
}

func TestWhatDeclaresNoUndoOrDidNothingFailsTheTest(t *testing.T) {
	for what, try := range map[string]func(h *plugintest.Host){
		"tool shine declares nothing to undo":      func(h *plugintest.Host) { h.Undo("en", h.Call("shine", lampArgs{1})) },
		"tool shine declares nothing to read back": func(h *plugintest.Host) { _, _ = h.Verify(h.Call("shine", lampArgs{1})) },
		"the call of \"dim\" has no result":        func(h *plugintest.Host) { h.Undo("en", h.Call("dim", lampArgs{101})) },
	} {
		if got := failure(t, func(t testing.TB) { try(plugintest.New(t, lamp())) }); !strings.Contains(got, what) {
			t.Errorf("got %q, want %q", got, what)
		}
	}
}

// D02, D10: the same with the kit of Python, without a host.
func TestAnAuthorTriesReadBackAndUndoInPython(t *testing.T) {
	source, err := filepath.Abs("testdata/lamp.py")
	if err != nil {
		t.Fatal(err)
	}
	script := pythonProgram(t, "lamp", source)
	out, err := exec.CommandContext(t.Context(), interpreter, "-c", `
import importlib.machinery, importlib.util, sys
loader = importlib.machinery.SourceFileLoader("lamp", sys.argv[1])
lamp = importlib.util.module_from_spec(importlib.util.spec_from_loader("lamp", loader))
loader.exec_module(lamp)
from jarvis_plugin.tester import Tester
h = Tester(lamp.p)
h.call("dim", level=30)
done = h.call("dim", level=50)
print(h.verify(done))
after = Tester(lamp.p)  # of another life
after.values = h.values
back = after.undo(done, "fr")
print(back.text, back.problem)
back = after.undo(done)
print(back.text, back.problem)
print(after.verify(done))
`, script).CombinedOutput()
	const want = "('verified', '')\nDe nouveau à 30. None\nSomebody set it to 30. conflict\n('failed', 'Somebody set it to 30.')\n"
	if err != nil || string(out) != want {
		t.Errorf("%v\n%s", err, out)
	}
}
