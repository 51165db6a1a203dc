package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/intent"
)

// kitchen is a plugin that lets the host do everything for it, for the tests
// of the host.
func kitchen() *sdk.Plugin {
	type none struct{}
	p := sdk.New("kitchen", "0.1.0", "A kitchen for tests").Languages("fr", "en").
		Needs(sdk.NeedKV, "", "count").Needs(sdk.NeedSchedule, "", "timers").Needs(sdk.NeedNotify, "", "tell").
		Needs(sdk.NeedSession, "", "call to table").
		Needs(sdk.NeedMemory, "write", "learn").Needs(sdk.NeedMemory, "read", "know").Needs(sdk.NeedSecret, "shop", "order").
		Vocabulary("en", nil, map[string]intent.List{"dish": {Values: []intent.Value{{In: "soup"}}}})
	var shop atomic.Value
	sdk.Config(p, func(_ context.Context, c struct {
		Shop string `json:"shop" desc:"Where to order" enum:"corner,market" default:"corner"`
	},
	) error {
		shop.Store(c.Shop)
		return nil
	})
	sdk.Tool(p, "shop", "Tells where it orders", func(context.Context, *sdk.Call, none) (string, error) {
		return fmt.Sprint("at the ", shop.Load()), nil
	}, sdk.ReadOnly(), sdk.Say("en", "where do you order"))
	timers := p.Counter("timers_total", "Timers that ended.")
	p.OnSchedule(func(ctx context.Context, c *sdk.Call, due sdk.Due) error {
		if due.Name == "toast" {
			_, err := c.Session("").Say(ctx, "The toast is ready.")
			return err
		}
		timers.Inc()
		_, err := c.Notify(ctx, sdk.Notice{Text: fmt.Sprintf("%s is over, late: %v", due.Name, due.Late), Kind: "timer", Due: due.At})
		return err
	})
	p.OnNotice(func(_ context.Context, c *sdk.Call, a sdk.Acknowledged) error {
		c.Log().Info("heard that a person saw " + a.Notice)
		return nil
	})
	timer := func(wait time.Duration) func(ctx context.Context, c *sdk.Call, _ none) (string, error) {
		return func(ctx context.Context, c *sdk.Call, _ none) (string, error) {
			_, err := c.Schedule(ctx, sdk.Schedule{Name: "egg", At: c.Now().Add(wait)})
			return "it runs", err
		}
	}
	sdk.Tool(p, "timer", "Starts a timer", timer(0), sdk.ReadOnly(), sdk.Say("en", "start the timer"))
	sdk.Tool(p, "later", "Starts a timer that takes a moment", timer(time.Second), sdk.ReadOnly(), sdk.Say("en", "start the slow timer"))
	sdk.Tool(p, "toast", "Makes toast", func(ctx context.Context, c *sdk.Call, _ none) (string, error) {
		_, err := c.Schedule(ctx, sdk.Schedule{Name: "toast", At: c.Now().Add(300 * time.Millisecond)})
		return "in a moment", err
	}, sdk.ReadOnly(), sdk.Say("en", "make some toast"))
	sdk.Tool(p, "count", "Counts", func(ctx context.Context, c *sdk.Call, _ none) (string, error) {
		var n int
		err := sdk.Update(ctx, c.KV(sdk.ForUser), "n", func(old int) (int, error) { n = old + 1; return n, nil })
		return fmt.Sprintf("%d so far", n), err
	}, sdk.ReadOnly(), sdk.Say("en", "count one more"))
	sdk.Tool(p, "learn", "Learns", func(ctx context.Context, c *sdk.Call, _ none) (string, error) {
		id, err := c.Remember(ctx, "Alice likes salted butter")
		if err != nil {
			return "", err
		}
		found, err := c.Memories(ctx, "which butter does Alice like", 0)
		if err != nil || len(found) == 0 || found[0].ID != id {
			return "", fmt.Errorf("found %v, want %s: %w", found, id, err)
		}
		gone, err := c.Forget(ctx, id)
		return fmt.Sprintf("%s, forgotten %v", found[0].Text, gone), err
	}, sdk.ReadOnly(), sdk.Say("en", "learn about butter"))
	sdk.Tool(p, "order", "Orders", func(ctx context.Context, c *sdk.Call, _ none) (string, error) {
		secret, err := c.Secret(ctx, "shop")
		c.Log().Info("the shop's secret is " + secret)
		return fmt.Sprintf("%d letters", len(secret)), err
	}, sdk.ReadOnly(), sdk.Say("en", "order some food"))
	sdk.Tool(p, "ask", "Asks a model, which nobody granted", func(ctx context.Context, c *sdk.Call, _ none) (string, error) {
		return c.Complete(ctx, "hi")
	}, sdk.ReadOnly(), sdk.Say("en", "ask the model for a recipe"))
	sdk.Tool(p, "dishes", "Learns dishes", func(context.Context, *sdk.Call, none) (string, error) {
		return "known", p.SetList("en", "dish", intent.Value{In: "ratatouille"})
	}, sdk.ReadOnly(), sdk.Say("en", "learn the dishes"))
	sdk.Tool(p, "cook", "Cooks", func(_ context.Context, _ *sdk.Call, in struct {
		Dish string `json:"dish"`
	},
	) (string, error) {
		return "cooking " + in.Dish, nil
	}, sdk.ReadOnly(), sdk.Say("en", "please cook {dish}"))
	return p
}

const withKitchen = `plugins:
  kitchen:
    enabled: true
    path: jarvis-plugin-kitchen
    grants: [kv, schedule, notify, session, memory write, memory read, secret shop]
    secrets: {shop: "env:SHOP_SECRET"}
`

// notice waits for a notice among whatever else comes.
func (c *client) notice() protocol.Notice {
	c.t.Helper()
	for {
		f := c.any()
		if f.Type != protocol.TypeNotice {
			continue
		}
		var n protocol.Notice
		if err := json.Unmarshal(f.raw, &n); err != nil {
			c.t.Fatal(err)
		}
		return n
	}
}

// D06: a plugin schedules, notifies, keeps, learns and counts; the person
// acknowledges, and the plugin hears of it.
func TestAPluginLetsTheHostWorkForIt(t *testing.T) {
	h := startHost(t, "", quiet+withKitchen)
	c := h.dial("a")
	for said, want := range map[string]string{
		"count one more": "1 so far", "learn about butter": "Alice likes salted butter, forgotten true", "order some food": "16 letters",
		"start the timer": "it runs",
	} {
		if got := c.ask(said).done.Text; got != want {
			t.Errorf("%s: got %q, want %q", said, got, want)
		}
	}
	if strings.Contains(h.log.String(), "butter-and-bread") {
		t.Error("the secret stands in the log")
	}
	n := h.dial("b").notice() // it may have come to a already, and comes to who comes later
	if n.Text != "egg is over, late: false" || n.Kind != "timer" || n.Notice == "" || n.Due == "" {
		t.Errorf("got %+v", n)
	}
	c.send(protocol.Ack{Type: protocol.TypeAck, Notice: n.Notice})
	until(t, "the plugin to hear of it", func() bool { return strings.Contains(h.log.String(), "heard that a person saw "+n.Notice) })
	c.send(protocol.Ack{Type: protocol.TypeAck, Notice: n.Notice})
	if f := c.next(protocol.TypeError); !strings.Contains(string(f.raw), `"not_found"`) {
		t.Errorf("a second time: %s", f.raw)
	}
	for series, want := range map[string]float64{
		`jarvis_plugin_kitchen_timers_total{plugin="kitchen"}`: 1, `jarvis_notices_total{state="acknowledged"}`: 1,
	} {
		if got := h.metric(series); got != want {
			t.Errorf("%s is %v, want %v", series, got, want)
		}
	}
}

// D06: a notice is shown in the terminal, once, and acknowledged when the person
// types something.
func TestTheTerminalShowsNotices(t *testing.T) {
	h := startHost(t, "", quiet+withKitchen)
	cmd := exec.Command("jarvis", "chat")
	cmd.Dir = h.dir
	cmd.Env = []string{quickExit, "PATH=" + os.Getenv("PATH"), "HOME=" + h.dir, "JARVIS_URL=http://" + h.addr, "LANG=C"}
	var errs lockedBuffer
	cmd.Stderr = &errs
	keys, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	typed := func(line string) {
		t.Helper()
		if _, err := io.WriteString(keys, line+"\n"); err != nil {
			t.Fatal(err)
		}
	}
	typed("start the timer")
	until(t, "the notice", func() bool { return strings.Contains(errs.String(), "(!) egg is over") })
	if strings.Contains(h.log.String(), "heard that a person saw") {
		t.Error("the notice was acknowledged before anyone did anything")
	}
	typed("")
	until(t, "the plugin to hear of it", func() bool { return strings.Contains(h.log.String(), "heard that a person saw") })
	if err := errors.Join(keys.Close(), cmd.Wait()); err != nil {
		t.Errorf("%v\n%s", err, errs.String())
	}
	if n := strings.Count(errs.String(), "(!) egg is over"); n != 1 {
		t.Errorf("the notice is shown %d times", n)
	}
}

// D06, D05: what was not granted is a polite sentence for the person, and tells
// the author and the operator what to do.
func TestAPluginMayNotDoWhatWasNotGranted(t *testing.T) {
	h := startHost(t, "", quiet+withKitchen)
	c := h.dial("a")
	if got := c.ask("ask the model for a recipe").done; got.State == "ok" || strings.Contains(got.Text, "llm") {
		t.Errorf("got %+v", got)
	}
	log := h.log.String()
	if !strings.Contains(log, "plugin refused what was not granted") || !strings.Contains(log, "need=llm") {
		t.Errorf("log lacks the refusal: %s", log)
	}
}

func TestTheSentencesFollowThePluginsLists(t *testing.T) {
	h := startHost(t, "", quiet+withKitchen)
	c := h.dial("a")
	if got := c.ask("please cook soup").done.Text; got != "cooking soup" {
		t.Errorf("got %q", got)
	}
	if got := c.ask("please cook ratatouille").done; got.Source == "intent" {
		t.Errorf("before it is known: %+v", got)
	}
	c.ask("learn the dishes")
	until(t, "the list to be known", func() bool { return c.ask("please cook ratatouille").done.Text == "cooking ratatouille" })
}

// D06: a schedule outlives the host, and fires late rather than never.
func TestAScheduleOutlivesTheHost(t *testing.T) {
	h := startHost(t, "", quiet+withKitchen)
	if got := h.dial("a").ask("start the slow timer").done.Text; got != "it runs" {
		t.Fatalf("got %q", got)
	}
	h.kill()
	h = startHost(t, h.dir, quiet+withKitchen)
	if n := h.dial("b").notice(); !strings.HasPrefix(n.Text, "egg is over") {
		t.Errorf("got %+v", n)
	}
}

// D06: a plugin takes another configuration while it runs; one that it refuses
// changes nothing.
func TestAPluginIsConfiguredWhileItRuns(t *testing.T) {
	h := startHost(t, "", quiet+withKitchen)
	c, pid := h.dial("a"), h.plugin("kitchen").PID
	if got := c.ask("where do you order").done.Text; got != "at the corner" {
		t.Errorf("got %q", got)
	}
	reload := func(config string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(h.dir, "jarvis.yaml"), []byte(quiet+withKitchen+config+unlimited), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := h.cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	reload("    config: {shop: market}\n")
	until(t, "the new shop", func() bool { return c.ask("where do you order").done.Text == "at the market" })
	reload("    config: {shop: moon}\n")
	until(t, "the refusal", func() bool { return strings.Contains(h.log.String(), "plugin did not take its configuration") })
	if got := c.ask("where do you order").done.Text; got != "at the market" {
		t.Errorf("got %q", got)
	}
	if now := h.plugin("kitchen"); now.PID != pid || now.State != "ready" {
		t.Errorf("the plugin was %d, is %+v", pid, now)
	}
	// A need that is taken away ends it, and says why.
	if err := os.WriteFile(filepath.Join(h.dir, "jarvis.yaml"), []byte(quiet+strings.Replace(withKitchen, "notify, ", "", 1)+unlimited), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := h.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	until(t, "the block", func() bool { return h.plugin("kitchen").State == "blocked" })
	if now := h.plugin("kitchen"); !strings.Contains(now.Reason, "notify") {
		t.Errorf("got %+v", now)
	}
}

// D12: a plugin that lets the host work for it can be tried without one.
func TestAPluginThatNeedsTheHostIsCalledWithoutOne(t *testing.T) {
	program, err := exec.LookPath("jarvis-plugin-kitchen")
	if err != nil {
		t.Fatal(err)
	}
	for call, want := range map[string]string{
		"count": "1 so far\n", "timer": "it runs\n* schedule egg: due ", "ask": "* refused: Generate needs \"llm\"",
	} {
		out, err := exec.Command("jarvis", "plugin", "call", program, call, "{}", "--quiet").CombinedOutput()
		if call != "ask" && err != nil {
			t.Errorf("%s: %v", call, err)
		}
		for part := range strings.SplitSeq(want, "\n") {
			if !strings.Contains(string(out), part) {
				t.Errorf("%s: got %s, want %q in it", call, out, part)
			}
		}
	}
}

// D12: calls that a host recorded are made again with another build.
func TestCallsOfAHostAreMadeAgain(t *testing.T) {
	h := startHost(t, "", quiet+withKitchen+"    record: 5\n")
	c := h.dial("a")
	c.ask("count one more")
	c.ask("where do you order")
	program, err := exec.LookPath("jarvis-plugin-kitchen")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(h.data(), "recordings", "kitchen.jsonl")
	out, err := exec.Command("jarvis", "plugin", "call", program, "--replay", file, "--quiet").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "2 calls, 0 different") {
		t.Errorf("%v: %s", err, out)
	}
}

// D12: a recorded turn is made again by its id, and becomes a test.
func TestARecordedTurnIsReplayed(t *testing.T) {
	h := startHost(t, "", quiet+withKitchen+"    record: 5\n")
	c := h.dial("a")
	c.ask("count one more")
	turn := c.ask("where do you order").done.Turn
	program, err := exec.LookPath("jarvis-plugin-kitchen")
	if err != nil {
		t.Fatal(err)
	}
	out, _, code := h.jarvis("", "replay", turn, "--plugin", program, "--quiet", "--data", "data")
	if code != exitOK || !strings.Contains(out, "1 calls, 0 different") {
		t.Errorf("exit %d: %s", code, out)
	}
	config := filepath.Join(h.dir, "kitchen.json")
	if err := os.WriteFile(config, []byte(`{"shop":"market"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	out, _, code = h.jarvis("", "replay", "last", "--plugin", program, "--plugin-config", config, "--quiet", "--data", "data")
	if code != exitFailed || !strings.Contains(out, "at the corner") || !strings.Contains(out, "at the market") {
		t.Errorf("another build: exit %d: %s", code, out)
	}
	_, errs, code := h.jarvis("", "replay", "t_none", "--plugin", program, "--quiet", "--data", "data")
	if code != exitFailed || !strings.Contains(errs, "plugins.kitchen.record") {
		t.Errorf("an unknown turn: exit %d: %s", code, errs)
	}
	if _, errs, code = h.jarvis("", "replay", turn, "--plugin", program, "--to-test", "replay_test.go", "--quiet", "--data", "data"); code != exitOK {
		t.Fatalf("--to-test: exit %d: %s", code, errs)
	}
	test, err := os.ReadFile(filepath.Join(h.dir, "replay_test.go"))
	if err != nil || !strings.Contains(string(test), `"result", "", "at the corner"`) {
		t.Errorf("%v: %s", err, test)
	}
}
