package plugintest_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/plugintest"
)

// counter is a plugin with everything that the kit offers: state, the floor,
// questions, a configuration and the network.
func counter() *sdk.Plugin {
	p := sdk.New("counter", "1.0.0", "Counts").Languages("fr", "en").
		Needs("net", "api.example.org:443", "look up").
		Texts("fr", map[string]string{"at": "On en est à {n}.", "else": "On compte toujours."}).
		Texts("en", map[string]string{"at": "We are at {n}.", "else": "Still counting."})
	step := 1
	sdk.Config(p, func(_ context.Context, c struct {
		Step int `json:"step" min:"1" max:"9" default:"2"`
	},
	) error {
		step = c.Step
		return nil
	})
	sdk.Tool(p, "count", "Counts on", func(_ context.Context, c *sdk.Call, in struct {
		Start int `json:"start,omitempty" min:"0" max:"100"`
	},
	) (string, error) {
		n, had, err := sdk.State[int](c)
		if err != nil {
			return "", err
		}
		if !had {
			n = in.Start
		}
		c.Listen("heard", "text", time.Minute)
		return c.T("at", "n", n+step), c.SetState(n + step)
	}, sdk.Say("fr", "compte [depuis {start}]"), sdk.Say("en", "count [from {start}]"),
		sdk.Examples("fr", sdk.Example{Text: "compte depuis douze", Args: map[string]any{"start": 12}}))
	sdk.Tool(p, "heard", "Hears what is said while counting", func(_ context.Context, c *sdk.Call, in struct {
		Text string `json:"text"`
	},
	) (string, error) {
		if in.Text == "fini" {
			c.ClearState()
			return "Fini.", nil
		}
		if in.Text == "hm" {
			return "", c.NotMineOr(c.T("else"))
		}
		return "", c.NotMine()
	})
	sdk.Tool(p, "reset", "Starts again", func(_ context.Context, c *sdk.Call, _ struct{}) (string, error) {
		if yes, err := c.Confirm("Vraiment ?"); err != nil || !yes {
			return "Non.", err
		}
		c.ClearState()
		return "C'est fait.", nil
	}, sdk.Say("fr", "recommence"))
	sdk.Tool(p, "fetch", "Fetches", fetch)
	return p
}

func fetch(ctx context.Context, c *sdk.Call, _ struct{}) (string, error) {
	word, err := c.Get(ctx, "https://api.example.org/v1/word")
	return string(word), err
}

// D10
func TestAConversationGoesAsInAHost(t *testing.T) {
	everyWay(t, "counter", func(t *testing.T, open opener) {
		h := open()
		h.Answer("false", "true")
		for _, said := range []string{"compte depuis 10", "compte", "quel temps fait-il", "hm", "recommence", "recommence", "compte", "fini", "hm"} {
			h.Say("fr", said)
		}
		const want = `> compte depuis 10
= count {"start":10}
< On en est à 12.
> compte
= heard {"text":"compte"}
= count {}
< On en est à 14.
> quel temps fait-il
= heard {"text":"quel temps fait-il"}
> hm
= heard {"text":"hm"}
< On compte toujours.
> recommence
= heard {"text":"recommence"}
= reset {}
? Vraiment ?
> (no)
< Non.
> recommence
= reset {}
? Vraiment ?
> true
< C'est fait.
> compte
= count {}
< On en est à 2.
> fini
= heard {"text":"fini"}
< Fini.
> hm
`
		if diff := cmp.Diff(want, h.Transcript()); diff != "" {
			t.Errorf("transcript (-want +got):\n%s", diff)
		}
		if h.State() != nil || h.Floor() != nil {
			t.Errorf("state %s and floor %v are left", h.State(), h.Floor())
		}
	})
}

func TestTwoSessionsShareNothing(t *testing.T) {
	everyWay(t, "counter", func(t *testing.T, open opener) {
		h := open()
		other := h.Open("other")
		h.Call("count", map[string]int{"start": 50})
		if got := other.CallIn("en", "count", nil); got.Text != "We are at 2." {
			t.Errorf("the other session says %q", got.Text)
		}
		if string(h.State()) != "52" || string(other.State()) != "2" {
			t.Errorf("states are %s and %s", h.State(), other.State())
		}
	})
}

func TestTheFloorRunsOutAndIsReleased(t *testing.T) {
	everyWay(t, "counter", func(t *testing.T, open opener) {
		now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		h := open(plugintest.Clock(func() time.Time { return now }))
		h.Say("en", "count")
		now = now.Add(time.Minute)
		if h.Floor() != nil {
			t.Error("the floor outlives its time")
		}
		h.Say("en", "count")
		h.Release()
		if got := h.Say("fr", "fini"); got.Tool != "" || got.NotMine != nil {
			t.Errorf("a plugin without the floor hears %+v", got)
		}
	})
}

func TestConfigurationsAreCheckedAndTakenOver(t *testing.T) {
	everyWay(t, "counter", func(t *testing.T, open opener) {
		h := open(plugintest.Config(map[string]int{"step": 5}))
		if got := h.Call("count", nil); got.Text != "On en est à 5." {
			t.Errorf("reply is %q", got.Text)
		}
		if found := h.Validate(map[string]int{"step": 10}); len(found) != 1 || found[0].Path != "/step" {
			t.Errorf("findings are %+v", found)
		}
		if found := h.Configure(map[string]int{"step": 7}); len(found) != 0 {
			t.Errorf("findings are %+v", found)
		}
		if got := h.Call("count", nil); got.Text != "On en est à 12." {
			t.Errorf("reply is %q", got.Text)
		}
	})
}

func TestTheNetworkIsWhatTheTestSays(t *testing.T) {
	everyWay(t, "counter", func(t *testing.T, open opener) {
		mux := http.NewServeMux()
		mux.HandleFunc("GET api.example.org/v1/word", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "chat") })
		if got := open(plugintest.HTTP(mux)).Call("fetch", nil); got.Text != "chat" {
			t.Errorf("reply is %q", got.Text)
		}
		denied := open(plugintest.HTTP(mux), plugintest.Deny("net", "api.example.org:443"))
		if got := denied.Call("fetch", nil); got.Problem == nil || got.Problem.Code != sdk.CodeForbidden {
			t.Errorf("reply without the grant is %+v", got)
		}
		abort := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
		for name, opts := range map[string][]plugintest.Option{"none": nil, "broken": {plugintest.HTTP(abort)}} {
			got := open(opts...).Call("fetch", nil)
			if got.Problem == nil || got.Problem.Code != sdk.CodeUnavailable {
				t.Errorf("reply with the network %s is %+v", name, got)
			}
		}
	})
}

// tb is a test whose failures are looked at.
type tb struct {
	testing.TB
	mu     sync.Mutex
	failed string
	logged string
}

func (b *tb) Logf(format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.logged += fmt.Sprintf(format, args...) + "\n"
}

func (b *tb) Errorf(format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failed += fmt.Sprintf(format, args...)
}

func (b *tb) Fatalf(format string, args ...any) {
	b.Errorf(format, args...)
	runtime.Goexit()
}

func failure(t *testing.T, f func(t testing.TB)) string {
	t.Helper()
	b := &tb{TB: t}
	var wg sync.WaitGroup
	wg.Go(func() { f(b) })
	wg.Wait()
	return b.failed
}

func TestWhatIsWrongWithAPluginFailsTheTest(t *testing.T) {
	run := func(opts ...sdk.ToolOption) *sdk.Plugin {
		p := sdk.New("x", "1.0.0", "X")
		sdk.Tool(p, "run", "Runs", func(_ context.Context, c *sdk.Call, _ struct {
			N int `json:"n,omitempty" min:"1" max:"9"`
		},
		) (string, error) {
			return c.Ask("Name?")
		}, opts...)
		return p
	}
	for want, f := range map[string]func(t testing.TB){
		"describe plugin":                     func(t testing.TB) { plugintest.New(t, sdk.New("X", "1", "x")) },
		"unknown list {times}; there are {n}": func(t testing.TB) { plugintest.New(t, run(sdk.Say("en", "run {times}"))) },
		"does not match":                      func(t testing.TB) { plugintest.New(t, run(sdk.Examples("en", sdk.Example{Text: "go"}))) },
		"yields map[n:3]":                     func(t testing.TB) { plugintest.New(t, example(run)) },
		"/step: expected 1 to":                func(t testing.TB) { plugintest.New(t, counter(), plugintest.Config(map[string]int{"step": 0})) },
		`the plugin asks "Name`:               func(t testing.TB) { plugintest.New(t, run()).Call("run", nil) },
		`there is no text "deer" (en)`:        func(t testing.TB) { plugintest.New(t, mute()).Call("run", nil) },
	} {
		if got := failure(t, f); !strings.Contains(got, want) {
			t.Errorf("failure is %q, want %q", got, want)
		}
	}
}

// mute asks for a text that it does not have.
func mute() *sdk.Plugin {
	p := sdk.New("mute", "1.0.0", "Lacks a word").Languages("en")
	sdk.Tool(p, "run", "Runs", func(_ context.Context, c *sdk.Call, _ struct{}) (string, error) { return c.T("deer"), nil })
	return p
}

func TestTheCauseOfAProblemIsInTheLogOfTheTest(t *testing.T) {
	p := sdk.New("x", "1.0.0", "X").Languages("en")
	sdk.Tool(p, "fetch", "Fetches", func(ctx context.Context, c *sdk.Call, _ struct{}) (string, error) {
		_, err := c.Get(ctx, "http://127.0.0.1:8818/")
		return "", err
	}, sdk.Say("en", "fetch"))
	sdk.Tool(p, "break", "Breaks", func(context.Context, *sdk.Call, struct{}) (string, error) { panic("boom") }, sdk.Say("en", "break"))
	b := &tb{TB: t}
	h := plugintest.New(b, p)
	h.Say("en", "fetch")
	h.Say("en", "break")
	for _, want := range []string{`declare it with Needs("net", "127.0.0.1:8818", "why")`, "panic: boom (plugintest_test.go:"} {
		if !strings.Contains(b.logged, want) {
			t.Errorf("the test's log lacks %q:\n%s", want, b.logged)
		}
	}
}

func example(run func(...sdk.ToolOption) *sdk.Plugin) *sdk.Plugin {
	return run(sdk.Say("en", "run {n}"), sdk.Examples("en", sdk.Example{Text: "run three", Args: map[string]any{"n": 4}}))
}

func TestRepliesCarryAllThatCame(t *testing.T) {
	p := sdk.New("x", "1.0.0", "X")
	sdk.Tool(p, "run", "Runs", func(_ context.Context, c *sdk.Call, _ struct{}) (map[string]int, error) {
		c.Log().Info("here")
		c.Text("part ")
		c.Progress(-1, "wait")
		return map[string]int{"n": 1}, nil
	})
	h := plugintest.New(t, p)
	got := h.Call("run", nil)
	var data map[string]int
	if err := got.Data(&data); err != nil || data["n"] != 1 {
		t.Errorf("data is %v, %v", data, err)
	}
	want := []sdk.Event{sdk.Text{Text: "part "}, sdk.Progress{Fraction: -1, Message: "wait"}, sdk.Result{Data: json.RawMessage(`{"n":1}`)}}
	if diff := cmp.Diff(want, got.Events); diff != "" || got.Text != "part " {
		t.Errorf("text is %q, events (-want +got):\n%s", got.Text, diff)
	}
	if !strings.Contains(h.Log(), "msg=here tool=run call=call-1 request_id=request-call-1") {
		t.Errorf("log is %s", h.Log())
	}
	if h.Manifest().ID != "x" {
		t.Errorf("manifest is %+v", h.Manifest())
	}
	if err := (plugintest.Reply{}).Data(&data); err == nil {
		t.Error("a reply without data has some")
	}
}
