package mcp

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unicode/utf8"

	"github.com/jarvis-host/jarvis/plugins/mcp/mcptest"
	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/plugintest"
)

func toolsOf(h *plugintest.Host) map[string]sdk.ToolSpec {
	out := map[string]sdk.ToolSpec{}
	for _, t := range h.Manifest().Tools {
		out[t.Name] = t
	}
	return out
}

// I04: annotations map to effects; what is not said is the worst.
func TestAServersToolsBecomeThePlugins(t *testing.T) {
	h, _, _ := mounted(t, scripted(t, ""))
	tools := toolsOf(h)
	for name, want := range map[string]sdk.Effect{
		"list_notes": sdk.EffectReadOnly, "add_note": sdk.EffectAdditive,
		"wipe_notes": sdk.EffectDestructive, "odd_name_of_tool": sdk.EffectDestructive,
	} {
		if got, ok := tools[name]; !ok || got.Effect != want {
			t.Errorf("tool %s: got effect %v (%v), want %v", name, got.Effect, ok, want)
		}
	}
	wipe := tools["wipe_notes"]
	if wipe.Confirm.When != sdk.ConfirmWhenModel || !strings.Contains(wipe.Confirm.Text["fr"], "wipe_notes") || !strings.Contains(wipe.Confirm.Text["en"], "{arguments}") {
		t.Errorf("a destructive tool asks %+v, want a question in each language with the arguments", wipe.Confirm)
	}
	if !wipe.OpenWorld || tools["list_notes"].OpenWorld {
		t.Error("open world: want what is not said to count as open")
	}
	if got := h.Call("add_note", map[string]any{"text": "milk"}).Text; got != "written: milk" {
		t.Errorf("add_note: got %q", got)
	}
	if got := h.Call("list_notes", nil).Text; got != "1 notes: milk" {
		t.Errorf("list_notes: got %q", got)
	}
}

func TestWhatAServerSaysOfItsToolsIsCutAndCleaned(t *testing.T) {
	h, _, _ := mounted(t, scripted(t, ""))
	tools := toolsOf(h)
	for _, name := range []string{"elsewhere", "huge"} {
		if _, ok := tools[name]; ok {
			t.Errorf("tool %s is on offer: want it left out for its schema", name)
		}
		if !strings.Contains(h.Log(), `tool=`+name) {
			t.Errorf("the log does not say why %s is left out:\n%s", name, h.Log())
		}
	}
	d := tools["odd_name_of_tool"].Description
	if !strings.HasPrefix(d, "Do what is odd word word") || utf8.RuneCountInString(d) > maxDescription || !strings.HasSuffix(d, "…") {
		t.Errorf("the description is %q, want it in one visible line and cut", d)
	}
}

func TestAServerThatIsNotTrustedReadsNothing(t *testing.T) {
	s := scripted(t, "")
	s.Trust, s.Tools = false, []string{"list-notes", "add_note"}
	h, _, _ := mounted(t, s)
	tools := toolsOf(h)
	if len(tools) != 2 {
		t.Errorf("got %d tools, want the two that are named", len(tools))
	}
	for name, spec := range tools {
		if spec.Effect != sdk.EffectDestructive || spec.Confirm.When == sdk.ConfirmNever {
			t.Errorf("tool %s: got effect %v and confirm %v, want a destructive one that asks", name, spec.Effect, spec.Confirm.When)
		}
	}
}

func TestAnswersAreBoundedAndSayWhatIsNoText(t *testing.T) {
	h, _, _ := mounted(t, scripted(t, ""))
	got := h.Call("large", nil).Text
	if len(got) > maxText+100 || !strings.HasSuffix(got, "[cut here: 131072 of 307200 bytes]") || !utf8.ValidString(got) {
		t.Errorf("a large answer has %d bytes and ends with %q", len(got), got[len(got)-60:])
	}
	pictured := h.Call("picture", nil)
	if pictured.Text != "here\n[image, image/png, 5 bytes]\ninside" {
		t.Errorf("a picture: got %q", pictured.Text)
	}
	var data struct{ Shown int }
	if err := pictured.Data(&data); err != nil || data.Shown != 1 {
		t.Errorf("structured content: got %+v, %v", data, err)
	}
	failed := h.CallIn("fr", "fail", nil)
	if failed.Problem == nil || failed.Problem.Message != "mcp n'a pas pu le faire : the shelf is empty" {
		t.Errorf("a failure: got %+v, want the server's reason", failed.Problem)
	}
}

func TestAServerMayLearnTools(t *testing.T) {
	h, m, _ := mounted(t, scripted(t, ""))
	h.Call("learn", nil)
	errHeard := errors.New("heard")
	err := m.plugin.Watch(t.Context(), func(c sdk.Change) error {
		if slices.ContainsFunc(c.Tools, func(s sdk.ToolSpec) bool { return s.Name == "learned" }) {
			return errHeard
		}
		return nil
	})
	if !errors.Is(err, errHeard) {
		t.Fatal(err)
	}
	if got := h.Call("learned", nil).Text; got != "new" {
		t.Errorf("the new tool answers %q", got)
	}
}

// What the host told this process does not reach the server.
func TestAServerSeesItsOwnEnvironmentOnly(t *testing.T) {
	for name, v := range map[string]string{"PLUGIN_CLIENT_CERT": "secret-of-the-host", "JARVIS_OPERATOR_KEY": "secret-of-the-host", "LANG": "fr_FR.UTF-8"} {
		t.Setenv(name, v)
	}
	s := scripted(t, "")
	s.Env["NOTES_TOKEN"] = "mine"
	h, _, _ := mounted(t, s)
	got := h.Call("environment", nil).Text
	if strings.Contains(got, "secret-of-the-host") {
		t.Errorf("the server sees what is the host's:\n%s", got)
	}
	for _, want := range []string{"\nNOTES_TOKEN=mine", "\nLANG=fr_FR.UTF-8", "\nPATH="} {
		if !strings.Contains(got, want) {
			t.Errorf("the server's environment has no %q:\n%s", want, got)
		}
	}
}

func TestCallsReportProgressAndStop(t *testing.T) {
	h, _, _ := mounted(t, scripted(t, ""))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var told []sdk.Progress
	for ev, err := range h.Handler().Invoke(ctx, &sdk.Invocation{Tool: "wait", Args: json.RawMessage("{}"), Info: sdk.CallInfo{Call: "c1", Locale: "en"}}) {
		if p, ok := ev.(sdk.Progress); ok && err == nil {
			told = append(told, p)
			cancel()
		}
	}
	if len(told) != 1 || told[0].Fraction != 0.25 || told[0].Message != "a quarter" {
		t.Errorf("got progress %v, want a quarter", told)
	}
}

func TestAServerThatEndsTakesThePluginWithIt(t *testing.T) {
	h, m, ended := mounted(t, scripted(t, "chatty"))
	text := h.Call("environment", nil).Text
	if problem := h.Call("die", nil).Problem; problem == nil || problem.Code != sdk.CodeUnavailable {
		t.Errorf("the call that ended the server: got %+v", problem)
	}
	if err := <-ended; err == nil || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("ended with %v, want the exit status", err)
	}
	for _, want := range []string{"out of ink", "Starting up..."} {
		if !strings.Contains(h.Log(), want) {
			t.Errorf("the log does not have %q, which the server printed:\n%s", want, h.Log())
		}
	}
	if health, err := h.Handler().Health(t.Context()); err != nil || health.OK {
		t.Errorf("health without a server: got %+v, %v", health, err)
	}
	m.now.close()
	var pid int
	if _, err := sscan(text, &pid); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, 0); err == nil {
		t.Errorf("process %d of the server is still there", pid)
	}
}

func TestAServerIsEndedWithItsConfiguration(t *testing.T) {
	h, m, ended := mounted(t, scripted(t, ""))
	var pid int
	if _, err := sscan(h.Call("environment", nil).Text, &pid); err != nil {
		t.Fatal(err)
	}
	s := scripted(t, "")
	s.Tools = []string{"add_note"}
	if found := h.Configure(s); len(found) > 0 {
		t.Fatalf("another configuration: %v", found)
	}
	if err := syscall.Kill(pid, 0); err == nil {
		t.Errorf("process %d of the first server is still there", pid)
	}
	if tools := toolsOf(h); len(tools) != 1 {
		t.Errorf("the second configuration offers %d tools, want 1", len(tools))
	}
	if found := h.Configure(Settings{Command: "no-such-program", Trust: true, Seconds: 1}); len(found) != 1 || found[0].Path != "/command" {
		t.Errorf("a program that is not there: got %+v", found)
	}
	if got := h.Call("add_note", map[string]any{"text": "b"}).Text; got != "written: b" {
		t.Errorf("after a refused configuration: got %q, want the last one to hold", got)
	}
	select {
	case err := <-ended:
		t.Errorf("the plugin was told of a server that it ended itself: %v", err)
	default:
	}
	_ = m
}

func TestASettingThatCanNotWorkIsNamed(t *testing.T) {
	h, _, _ := mounted(t, scripted(t, ""))
	for name, c := range map[string]struct {
		set  Settings
		path string
	}{
		"nothing":          {Settings{}, ""},
		"both":             {Settings{Command: "sh", URL: "http://a"}, "/url"},
		"no folder":        {Settings{Command: "sh", Dir: "/no/such"}, "/dir"},
		"no variable":      {Settings{Command: "sh", Env: map[string]string{"A B": ""}}, "/env"},
		"no address":       {Settings{URL: "ftp://a"}, "/url"},
		"a password in it": {Settings{URL: "http://a:b@c"}, "/url"},
		"args of a url":    {Settings{URL: "http://a", Args: []string{"-x"}}, "/args"},
		"headers":          {Settings{Command: "sh", Headers: map[string]string{"A": "b"}}, "/headers"},
	} {
		c.set.Seconds = 1
		if found := h.Configure(c.set); len(found) != 1 || found[0].Path != c.path {
			t.Errorf("%s: got %+v, want one finding at %q", name, found, c.path)
		}
	}
}

// I04: over streamable HTTP the same, with the operator's headers, and only
// where the grant lets it.
func TestAServerBehindAnAddress(t *testing.T) {
	serve, closeAll := mcptest.Handler()
	t.Cleanup(closeAll)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer mine" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		serve.ServeHTTP(w, r)
	}))
	t.Cleanup(web.Close)
	m := newMount(Options{})
	t.Cleanup(func() { m.now.close(); m.plugin.HTTP().CloseIdleConnections() })
	set := Settings{URL: web.URL, Headers: map[string]string{"Authorization": "Bearer mine"}, Trust: true, Seconds: 10}
	values, err := json.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	done, err := m.plugin.Configure(t.Context(), sdk.Configuration{Values: values, Granted: []sdk.Need{{Kind: "net", Scope: "config:/url"}}})
	if err != nil || len(done.Diagnostics) > 0 || len(done.Tools) == 0 {
		t.Fatalf("configure: got %+v, %v", done, err)
	}
	in := &sdk.Invocation{Tool: "add_note", Args: json.RawMessage(`{"text":"eggs"}`), Info: sdk.CallInfo{Call: "c", Locale: "en"}}
	say := func() (text string, problem *sdk.Problem) {
		for ev, err := range m.plugin.Invoke(t.Context(), in) {
			if err != nil {
				t.Fatal(err)
			}
			switch e := ev.(type) {
			case sdk.Result:
				text = e.Text
			case sdk.Problem:
				problem = &e
			}
		}
		return text, problem
	}
	if text, problem := say(); text != "written: eggs" {
		t.Errorf("a call: got %q, %+v", text, problem)
	}
	// The connection breaks; the next call that may be repeated finds another.
	web.CloseClientConnections()
	in.Tool, in.Args = "list_notes", json.RawMessage("{}")
	if text, problem := say(); !strings.HasPrefix(text, "1 notes") {
		t.Errorf("after a break: got %q, %+v", text, problem)
	}
}

func TestAnAddressThatIsNotGrantedIsNotReached(t *testing.T) {
	web := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the server was reached") }))
	t.Cleanup(web.Close)
	m := newMount(Options{})
	t.Cleanup(func() { m.now.close() })
	values, err := json.Marshal(Settings{URL: web.URL, Seconds: 10})
	if err != nil {
		t.Fatal(err)
	}
	done, err := m.plugin.Configure(t.Context(), sdk.Configuration{Values: values})
	if err != nil || len(done.Diagnostics) > 0 || len(done.Tools) > 0 {
		t.Fatalf("configure: got %+v, %v", done, err)
	}
	if h, err := m.plugin.Health(t.Context()); err != nil || h.OK || !strings.Contains(h.Message, "no net need") {
		t.Errorf("health: got %+v, %v; want it to say what is not granted", h, err)
	}
}

func TestNamesAreMadeAndKeptApart(t *testing.T) {
	long := strings.Repeat("very_long_name_", 8)
	for in, want := range map[string]string{"List-Notes": "list_notes", "9lives": "t_9lives", "été": "t__t_", "": "t_"} {
		if got := nameOf("files", in); got != want {
			t.Errorf("name of %q: got %q, want %q", in, got, want)
		}
	}
	a, b := nameOf("files", long+"a"), nameOf("files", long+"b")
	if a == b || len("files__"+a) != maxName {
		t.Errorf("long names: got %q and %q, want two of full length", a, b)
	}
	tools := []sdk.DynamicTool{{Spec: sdk.ToolSpec{Name: "a"}}, {Spec: sdk.ToolSpec{Name: "a"}}, {Spec: sdk.ToolSpec{Name: "a_2"}}}
	distinct(tools)
	if tools[0].Spec.Name != "a" || tools[1].Spec.Name != "a_2" || tools[2].Spec.Name != "a_2_2" {
		t.Errorf("same names: got %q, %q, %q", tools[0].Spec.Name, tools[1].Spec.Name, tools[2].Spec.Name)
	}
}

func sscan(text string, pid *int) (int, error) {
	first, _, _ := strings.Cut(text, "\n")
	err := json.Unmarshal([]byte(strings.TrimPrefix(first, "pid=")), pid)
	return *pid, err
}
