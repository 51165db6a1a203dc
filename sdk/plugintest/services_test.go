package plugintest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/intent"
	"github.com/jarvis-host/jarvis/sdk/plugintest"
)

// kitchen is a plugin that uses everything a host does for it.
func kitchen() *sdk.Plugin {
	p := sdk.New("kitchen", "1.0.0", "Helps to cook").Languages("fr", "en").
		Needs(sdk.NeedKV, "", "keep the shopping list").Needs(sdk.NeedSchedule, "", "timers").
		Needs(sdk.NeedNotify, "", "tell when a timer ends").Needs(sdk.NeedLLM, "", "suggest").
		Needs(sdk.NeedMemory, "read", "know tastes").Needs(sdk.NeedMemory, "write", "learn tastes").
		Needs(sdk.NeedSecret, "token", "the shop").Needs(sdk.NeedSession, "", "call to table").
		Texts("fr", map[string]string{"over": "Minuteur {name} terminé !"}).
		Texts("en", map[string]string{"over": "Timer {name} is over!"}).
		Vocabulary("fr", nil, map[string]intent.List{"dish": {Values: []intent.Value{{In: "pâtes"}}}})
	fired := p.Counter("timers_total", "Timers that ended.", "lang")
	p.OnSchedule(func(ctx context.Context, c *sdk.Call, due sdk.Due) error {
		fired.Inc(c.Locale())
		_, err := c.Notify(ctx, sdk.Notice{Text: c.T("over", "name", due.Name), Kind: "timer", Due: due.At})
		return err
	})
	p.OnNotice(func(ctx context.Context, c *sdk.Call, a sdk.Acknowledged) error {
		return c.KV(sdk.ForUser).Set(ctx, "seen", a.Notice)
	})
	sdk.Tool(p, "timer", "Starts a timer", func(ctx context.Context, c *sdk.Call, in struct {
		Name    string `json:"name" desc:"Name"`
		Minutes int    `json:"minutes" min:"1" max:"90" desc:"Minutes"`
	},
	) (string, error) {
		at, err := c.Schedule(ctx, sdk.Schedule{Name: in.Name, At: c.Now().Add(time.Duration(in.Minutes) * time.Minute)})
		return at.In(c.Zone()).Format("15:04"), err
	}, sdk.Say("fr", "minuteur {name} de {minutes} minutes"), sdk.Additive())
	sdk.Tool(p, "buy", "Adds to the list", func(ctx context.Context, c *sdk.Call, in struct {
		What string `json:"what"`
	},
	) (string, error) {
		var all []string
		err := sdk.Update(ctx, c.KV(sdk.ForUser), "list", func(list []string) ([]string, error) {
			all = append(list, in.What)
			return all, nil
		})
		return strings.Join(all, ", "), err
	})
	sdk.Tool(p, "suggest", "Suggests a dish", func(ctx context.Context, c *sdk.Call, _ struct{}) (string, error) {
		tastes, err := c.Memories(ctx, "likes", 0)
		if err != nil {
			return "", err
		}
		return c.Complete(ctx, fmt.Sprint("A dish for someone who ", tastes[0].Text))
	})
	sdk.Tool(p, "order", "Orders", func(ctx context.Context, c *sdk.Call, _ struct{}) (string, error) {
		token, err := c.Secret(ctx, "token")
		return "ordered with " + fmt.Sprint(len(token)), err
	})
	p.Needs(sdk.NeedNet, "market.example:70", "buy").Needs(sdk.NeedNet, "market.example:80", "prices")
	sdk.Tool(p, "market", "Asks the market", func(ctx context.Context, c *sdk.Call, _ struct{}) (string, error) {
		line, err := c.Dial(ctx, "market.example:70")
		if err != nil {
			return "", err
		}
		defer line.Close()
		if _, err := io.WriteString(line, "leeks"); err != nil {
			return "", err
		}
		if err := line.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
			return "", err
		}
		told, err := io.ReadAll(line)
		if err != nil {
			return "", err
		}
		price, err := c.Get(ctx, "http://market.example:80/price")
		return string(told) + ", " + string(price), err
	})
	sdk.Tool(p, "ring", "Calls to table", func(ctx context.Context, c *sdk.Call, in struct {
		Where string `json:"where,omitempty"`
	},
	) (string, error) {
		said, err := c.Session(in.Where).Say(ctx, "À table !")
		return said.Turn, err
	})
	sdk.Tool(p, "cook", "Cooks", func(_ context.Context, _ *sdk.Call, in struct {
		Dish string `json:"dish"`
	},
	) (string, error) {
		return "On cuit : " + in.Dish, nil
	}, sdk.Say("fr", "cuisine {dish}"))
	return p
}

var evening = time.Date(2026, 5, 1, 18, 0, 0, 0, time.UTC)

func fixed() time.Time { return evening }

// D02, D06
func TestATimerFiresNotifiesAndIsAcknowledged(t *testing.T) {
	everyWay(t, "kitchen", func(t *testing.T, open opener) {
		h := open(plugintest.Clock(fixed))
		if got := h.Say("fr", "minuteur pâtes de 9 minutes"); got.Text != "20:09" {
			t.Errorf("got %q", got.Text)
		}
		h.Advance(8 * time.Minute)
		if len(h.Notices()) != 0 || len(h.Schedules()) != 1 {
			t.Fatalf("too early: %v %v", h.Notices(), h.Schedules())
		}
		h.Advance(2 * time.Minute)
		got := h.Notices()
		if len(got) != 1 || got[0].Text != "Minuteur pâtes terminé !" || got[0].User != plugintest.Person ||
			!got[0].Due.Equal(evening.Add(9*time.Minute)) || !h.Now().Equal(evening.Add(10*time.Minute)) {
			t.Fatalf("got %+v at %v", got, h.Now())
		}
		h.Acknowledge(got[0].ID)
		var seen string
		if !h.Kept(sdk.ForUser, plugintest.Person, "seen", &seen) || seen != got[0].ID {
			t.Errorf("seen is %q", seen)
		}
		if diff := cmp.Diff(map[string]float64{"timers_total{lang=fr}": 1}, h.Metrics()); diff != "" {
			t.Error(diff)
		}
		h.Golden("testdata/timer.txt")
	})
}

// A program has the test's time to the moment, less than a second ahead too.
func TestAMomentThatPassesIsAMoment(t *testing.T) {
	everyWay(t, "kitchen", func(t *testing.T, open opener) {
		h := open(plugintest.Zone("UTC"))
		h.Advance(500 * time.Millisecond)
		wanted := func() string { return h.Now().UTC().Add(10 * time.Minute).Format("15:04") }
		before := wanted()
		got := h.Call("timer", map[string]any{"name": "eggs", "minutes": 10}).Text
		if got != before && got != wanted() {
			t.Errorf("it is due at %s, want %s", got, before)
		}
	})
}

// D06
func TestWhatAPluginKeepsIsThePersonsOwn(t *testing.T) {
	everyWay(t, "kitchen", func(t *testing.T, open opener) {
		h := open()
		h.Call("buy", map[string]string{"what": "riz"})
		if got := h.Open("other").Call("buy", map[string]string{"what": "sel"}); got.Text != "riz, sel" {
			t.Errorf("got %+v", got)
		}
	})
}

func TestTheModelTheMemoryAndSecretsAreWhatTheTestSays(t *testing.T) {
	everyWay(t, "kitchen", func(t *testing.T, open opener) {
		h := open(plugintest.Models("Un curry bien relevé."),
			plugintest.Remembers("likes curry"), plugintest.Secret("token", "abc"))
		if got := h.Call("suggest", nil); got.Text != "Un curry bien relevé." {
			t.Errorf("got %+v", got)
		}
		if p := h.Prompts(); len(p) != 1 || p[0].Messages[0].Text != "A dish for someone who likes curry" {
			t.Errorf("prompts are %+v", p)
		}
		if got := h.Call("suggest", nil); got.Problem == nil || got.Problem.Code != sdk.CodeUnavailable {
			t.Errorf("without a script: %+v", got)
		}
		if got := h.Call("order", nil); got.Text != "ordered with 3" {
			t.Errorf("got %+v", got)
		}
	})
}

func TestWhatIsNotGrantedIsACleanProblemThatNamesTheNeed(t *testing.T) {
	everyWay(t, "kitchen", func(t *testing.T, open opener) {
		h := open(plugintest.Deny(sdk.NeedKV, ""))
		got := h.Call("buy", map[string]string{"what": "riz"})
		if got.Problem == nil || got.Problem.Code != sdk.CodeForbidden || !strings.Contains(got.Problem.Detail, `"kv" was not granted`) {
			t.Errorf("got %+v", got.Problem)
		}
		h.Grant(sdk.NeedKV, "")
		if got := h.Call("buy", map[string]string{"what": "riz"}); got.Text != "riz" {
			t.Errorf("granted: %+v", got)
		}
		h.Deny(sdk.NeedKV, "")
		if got := h.Call("buy", map[string]string{"what": "riz"}); got.Problem == nil {
			t.Errorf("taken back: %+v", got)
		}
	})
}

func TestWhatAPluginSaysOutsideOfItsAnswersIsRecorded(t *testing.T) {
	everyWay(t, "kitchen", func(t *testing.T, open opener) {
		h := open()
		if got := h.Call("ring", map[string]string{"where": "other"}); got.Problem == nil || got.Problem.Code != sdk.CodeForbidden {
			t.Errorf("where it was never called: %+v", got)
		}
		other := h.Open("other")
		if got := other.Call("ring", nil); got.Text != "turn-1" {
			t.Errorf("got %+v", got)
		}
		if got := h.Call("ring", map[string]string{"where": "other"}); got.Text != "turn-2" {
			t.Errorf("got %+v", got)
		}
		want := plugintest.Said{User: plugintest.Person, Session: "other", Text: "À table !"}
		if diff := cmp.Diff([]plugintest.Said{want, want}, h.Said()); diff != "" {
			t.Error(diff)
		}
		h.Deny(sdk.NeedSession, "")
		if got := h.Call("ring", nil); got.Problem == nil || got.Problem.Code != sdk.CodeForbidden || !strings.Contains(got.Problem.Detail, `"session" was not granted`) {
			t.Errorf("not granted: %+v", got.Problem)
		}
	})
}

// A kit that refuses otherwise than a host does would teach an author the wrong code.
func TestWhatIsTooLongOrEmptyIsNotSaid(t *testing.T) {
	p := sdk.New("parrot", "1.0.0", "Says it").Languages("en").Needs(sdk.NeedSession, "", "to say so")
	sdk.Tool(p, "repeat", "Repeats", func(ctx context.Context, c *sdk.Call, in struct {
		Text string `json:"text"`
	},
	) (string, error) {
		_, err := c.Session("").Say(ctx, in.Text)
		return "", err
	})
	h := plugintest.New(t, p)
	for text, want := range map[string]sdk.Code{
		" ":                                sdk.CodeInvalid,
		strings.Repeat("é", sdk.MaxSaid+1): sdk.CodeTooLarge,
	} {
		if got := h.Call("repeat", map[string]string{"text": text}); got.Problem == nil || got.Problem.Code != want {
			t.Errorf("%d bytes: %+v, want %s", len(text), got.Problem, want)
		}
	}
	if got := h.Call("repeat", map[string]string{"text": strings.Repeat("é", sdk.MaxSaid)}); got.Problem != nil || len(h.Said()) != 1 {
		t.Errorf("as much as may be: %+v", got.Problem)
	}
}

func TestAPluginWithoutANetworkConnectsThroughTheHost(t *testing.T) {
	market := func(_ context.Context, place string) (net.Conn, error) {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer l.Close()
		go func() {
			c, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				return
			}
			defer c.Close()
			all, _ := io.ReadAll(c)
			_, _ = io.WriteString(c, place+" has "+string(all))
		}()
		return l.Accept()
	}
	prices := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "2 euros") })
	everyWay(t, "kitchen", func(t *testing.T, open opener) {
		h := open(plugintest.Connections(market), plugintest.HTTP(prices))
		if got := h.Call("market", nil); got.Text != "market.example:70 has leeks, 2 euros" {
			t.Errorf("got %+v", got)
		}
		h.Deny(sdk.NeedNet, "market.example:70")
		if got := h.Call("market", nil); got.Problem == nil || got.Problem.Code != sdk.CodeForbidden || !strings.Contains(got.Problem.Detail, "market.example:70") {
			t.Errorf("not granted: %+v", got.Problem)
		}
	})
}

func TestAHostThatIsGoneIsAProblemAndNoHang(t *testing.T) {
	everyWay(t, "kitchen", func(t *testing.T, open opener) {
		h := open()
		h.Lose(true)
		if got := h.Call("buy", map[string]string{"what": "riz"}); got.Problem == nil || got.Problem.Code != sdk.CodeUnavailable {
			t.Errorf("got %+v", got)
		}
		h.Lose(false)
		if got := h.Call("buy", map[string]string{"what": "riz"}); got.Problem != nil {
			t.Errorf("got %+v", got)
		}
	})
}

func TestListsAndToolsChangeWhileThePluginRuns(t *testing.T) {
	p := kitchen()
	var open atomic.Bool
	sdk.Tool(p, "oven", "Heats", func(context.Context, *sdk.Call, struct{}) (string, error) { return "chaud", nil },
		sdk.Say("fr", "chauffe le four"), sdk.OnlyIf(open.Load))
	h := plugintest.New(t, p)
	if got := h.Say("fr", "cuisine curry"); got.Tool != "" {
		t.Errorf("got %+v", got)
	}
	if err := p.SetList("fr", "dish", intent.Value{In: "curry"}, intent.Value{In: "tarte"}); err != nil {
		t.Fatal(err)
	}
	if got := h.Say("fr", "cuisine curry"); got.Text != "On cuit : curry" {
		t.Errorf("got %+v", got)
	}
	if got := h.Say("fr", "chauffe le four"); got.Tool != "" {
		t.Errorf("a tool that is not on offer answers: %+v", got)
	}
	if got := h.Call("oven", nil); got.Problem == nil || got.Problem.Code != sdk.CodeInvalid {
		t.Errorf("got %+v", got)
	}
	open.Store(true)
	p.Changed()
	if got := h.Say("fr", "chauffe le four"); got.Text != "chaud" {
		t.Errorf("got %+v", got)
	}
	dynamic := sdk.DynamicTool{
		Spec: sdk.ToolSpec{Name: "shop", Description: "Shops", InputSchema: []byte(`{"type":"object"}`)},
		Run: func(context.Context, *sdk.Call, json.RawMessage) (sdk.Result, error) {
			return sdk.Result{Text: "fait"}, nil
		},
	}
	if err := p.SetTools(dynamic); err == nil {
		t.Error("tools that no manifest hints at are accepted")
	}
	p.DynamicTools()
	if err := p.SetTools(dynamic); err != nil {
		t.Fatal(err)
	}
	if got := h.Call("shop", nil); got.Text != "fait" || len(h.Manifest().Tools) != 9 {
		t.Errorf("got %+v, tools %d", got, len(h.Manifest().Tools))
	}
	if err := p.SetTools(); err != nil || len(h.Manifest().Tools) != 8 {
		t.Errorf("%v, tools %d", err, len(h.Manifest().Tools))
	}
	dynamic.Spec.Name = "cook"
	for name, err := range map[string]error{
		"a name that is taken": p.SetTools(dynamic), "a list nobody declared": p.SetList("fr", "wine"),
	} {
		if err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

func TestACallThatIsCancelledEnds(t *testing.T) {
	p := sdk.New("slow", "1.0.0", "Waits")
	began := make(chan struct{})
	sdk.Tool(p, "wait", "Waits", func(ctx context.Context, _ *sdk.Call, _ struct{}) (string, error) {
		close(began)
		<-ctx.Done()
		return "", ctx.Err()
	})
	plugintest.New(t, p).Cancel("wait", map[string]any{}, began)
}

func TestACallIsOverForTheHostWhenItIsOver(t *testing.T) {
	p := sdk.New("late", "1.0.0", "Comes late").Needs(sdk.NeedKV, "", "x")
	left := make(chan sdk.Host, 1)
	sdk.Tool(p, "leave", "Leaves", func(_ context.Context, c *sdk.Call, _ struct{}) (string, error) {
		left <- c.Host
		return "ok", nil
	})
	h := plugintest.New(t, p)
	h.Call("leave", nil)
	late := <-left
	err := late.KV(sdk.ForUser).Set(t.Context(), "a", 1)
	if e, ok := errors.AsType[*sdk.Error](err); !ok || e.Code != sdk.CodeForbidden {
		t.Errorf("got %v", err)
	}
	if err := p.Host().KV(sdk.ForAll).Set(t.Context(), "a", 1); err != nil {
		t.Error(err)
	}
	if err := p.Host().KV(sdk.ForUser).Set(t.Context(), "a", 1); sdk.ErrorCode(err) != sdk.CodeForbidden {
		t.Errorf("got %v", err)
	}
}

func TestAGoldenConversationTellsWhereItDiffers(t *testing.T) {
	h := plugintest.New(t, kitchen())
	file := filepath.Join(t.TempDir(), "x.txt")
	if err := os.WriteFile(file, []byte("> cuisine tarte\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := failure(t, func(b testing.TB) {
		h := plugintest.New(b, kitchen())
		h.Say("fr", "cuisine pâtes")
		h.Golden(file)
	}); !strings.Contains(got, "x.txt:1") || !strings.Contains(got, "cuisine pâtes") {
		t.Errorf("got %s", got)
	}
	t.Setenv("UPDATE_GOLDEN", "1")
	h.Say("fr", "cuisine pâtes")
	h.Golden(file)
	t.Setenv("UPDATE_GOLDEN", "")
	h.Golden(file)
}
