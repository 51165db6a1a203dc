package main

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jarvis-host/jarvis/host/health"
	"github.com/jarvis-host/jarvis/sdk"
)

// copycat is a plugin with a sentence of hangman's, and one of its own, that speaks
// up where it is told to.
func copycat() *sdk.Plugin {
	type where struct {
		Session string `json:"session" desc:"Which conversation"`
	}
	p := sdk.New("copycat", "0.1.0", "Says what others say").Languages("en").Needs("session", "", "to speak up")
	sdk.Tool(p, "chime", "Chime in", func(ctx context.Context, c *sdk.Call, in where) (string, error) {
		_, err := c.Session(in.Session).Say(ctx, "and me")
		return "", err
	}, sdk.ReadOnly())
	sdk.Tool(p, "copy", "Play something", func(context.Context, *sdk.Call, struct{}) (string, error) { return "me too", nil },
		sdk.ReadOnly(), sdk.Say("en", "play hangman"), sdk.Say("en", "copy me"))
	return p
}

// D11: a sentence that two plugins claim is told where one looks at plugins, with
// an utterance that shows it: in the list, by the doctor, and before the plugin is
// installed.
func TestAClashIsToldWhereOneLooks(t *testing.T) {
	config := quiet + "plugins:\n  copycat:\n    enabled: true\n    path: jarvis-plugin-copycat\n    grants: [session]\n"
	h := startHost(t, "", config)
	h.ready("copycat", "hangman")
	const claimed = `"play hangman" (en) goes to `
	for _, name := range []string{"copycat", "hangman"} {
		if got := h.plugin(name).Clashes; len(got) != 1 || !strings.HasPrefix(got[0].line(), claimed) {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := h.plugin("weather").Clashes; got != nil {
		t.Errorf("weather: %+v", got)
	}
	out, err := exec.Command("jarvis", "plugin", "list", "--url", "http://"+h.addr, "--key-file", h.data()+"/operator.key").CombinedOutput()
	if err != nil || strings.Count(string(out), "clash: "+claimed) != 1 {
		t.Errorf("the list: %v\n%s", err, out)
	}

	program, err := exec.LookPath("jarvis-plugin-copycat")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "jarvis.yaml")
	for config, clashes := range map[string]bool{
		"":                                     true,
		"plugins: {hangman: {enabled: false}}": false,
	} {
		if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
		out, err = exec.Command("jarvis", "plugin", "verify", program, "--config", file, "--memory", "256", "--slack", "10").CombinedOutput()
		told := strings.Contains(string(out), "warn  sentences.clash") && strings.Contains(string(out), claimed)
		if err != nil || told != clashes || !clashes && !strings.Contains(string(out), "pass  sentences.clash") {
			t.Errorf("verify with %q: %v\n%s", config, err, out)
		}
	}
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	said, _ := exec.Command("jarvis", "doctor", "--config", file, "--data", t.TempDir(), "--lang", "en").CombinedOutput() // there is no model
	if !strings.Contains(string(said), "! “play hangman” goes to “") || !strings.Contains(string(said), "of copycat") {
		t.Errorf("the doctor:\n%s", said)
	}
}

// oneTool is a plugin with a tool that can be asked for.
func oneTool(id, tool string) *sdk.Plugin {
	p := sdk.New(id, "0.1.0", "Has one tool").Languages("en")
	sdk.Tool(p, tool, "Say who answers", func(context.Context, *sdk.Call, struct{}) (string, error) { return "I am " + id, nil },
		sdk.ReadOnly(), sdk.Say("en", "who is "+id), sdk.Examples("en", sdk.Example{Text: "who is " + id}))
	return p
}

// fault-P29: a plugin that is refused because one of its tools has another's name
// is told as refused, with both names, wherever one looks, and counts as ready
// nowhere until the other one is gone.
func TestARefusedPluginDoesNotCountAsReady(t *testing.T) {
	h := startHost(t, "", quiet+"plugins:\n  pair:\n    enabled: true\n    path: jarvis-plugin-pair\n"+
		"  pair__of:\n    enabled: true\n    path: jarvis-plugin-pair-of\n")
	const why = "refused: tool shoes: the name pair__of__shoes is that of plugin pair's tool of__shoes"
	is := func(state, reason string, ready health.State) {
		t.Helper()
		until(t, "pair__of to be "+state, func() bool {
			p, s := h.plugin("pair__of"), h.service("plugin:pair__of")
			return p.State == state && p.Reason == reason && s.State == ready
		})
	}
	help := func() (text string) {
		t.Helper()
		var said struct{ Text string }
		if code := h.rest(http.MethodPost, "/v1/chat", `{"text":"what can you do?","lang":"en"}`, &said); code != http.StatusOK {
			t.Fatal(code)
		}
		return said.Text
	}
	h.ready("pair")
	is("blocked", why, health.Down)
	if got := h.metric(`jarvis_plugin_state{plugin="pair__of"}`); got != 1 {
		t.Errorf("the metric says %v, want 1 for blocked", got)
	}
	if text := help(); strings.Contains(text, "who is pair__of") || !strings.Contains(text, "who is pair") {
		t.Errorf("help: %s", text)
	}
	out, err := exec.Command("jarvis", "plugin", "list", "--url", "http://"+h.addr, "--key-file", h.data()+"/operator.key").CombinedOutput()
	if err != nil || !strings.Contains(string(out), why) {
		t.Errorf("the list: %v\n%s", err, out)
	}
	for _, turn := range []struct {
		verb, state, reason string
		ready               health.State
	}{
		{"disable", "ready", "", health.Up}, {"enable", "blocked", why, health.Down},
	} {
		if code := h.rest(http.MethodPost, "/v1/plugins/pair/"+turn.verb, "", nil); code/100 != 2 {
			t.Fatalf("%s: %d", turn.verb, code)
		}
		is(turn.state, turn.reason, turn.ready)
	}
}
