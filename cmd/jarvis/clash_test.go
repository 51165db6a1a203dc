package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

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
