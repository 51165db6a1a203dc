package host

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/host/config"
	"github.com/jarvis-host/jarvis/host/supervisor"
	"github.com/jarvis-host/jarvis/host/turn"
	"github.com/jarvis-host/jarvis/sdk"
)

func TestPluginsAreFoundBesideTheProgramAndByName(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"jarvis-plugin-hangman", "jarvis-plugin-weather", "jarvis-plugin-stranger"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	values := filepath.Join(dir, "door.yaml")
	if err := os.WriteFile(values, []byte("key: file\nother: file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := config.Default()
	c.Plugins = map[string]config.PluginConfig{
		"weather": {Enabled: new(false)},
		"door":    {Enabled: new(true), Path: "/opt/door", ConfigFile: values, Config: map[string]any{"key": "own"}, Grants: []string{"open", "net door.example:443"}},
		"broken":  {Enabled: new(true), Problem: "config is no object"},
		"off":     {},
	}
	got, err := discover(&c, filepath.Join(dir, "jarvis"))
	if err != nil {
		t.Fatal(err)
	}
	want := []supervisor.Config{
		{ID: "broken", Path: filepath.Join(dir, "jarvis-plugin-broken"), Values: []byte(`{}`)},
		{ID: "door", Path: "/opt/door", Values: []byte(`{"key":"own","other":"file"}`), Enabled: true, Grants: []sdk.Need{{Kind: "net", Scope: "door.example:443"}}},
		{ID: "hangman", Path: filepath.Join(dir, "jarvis-plugin-hangman"), Values: []byte(`{}`), Enabled: true, GrantAll: true},
		{ID: "off", Path: filepath.Join(dir, "jarvis-plugin-off"), Values: []byte(`{}`)},
		{ID: "weather", Path: filepath.Join(dir, "jarvis-plugin-weather"), Values: []byte(`{}`), GrantAll: true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"open"}, toolGrants(c.Plugins["door"].Grants)); diff != "" {
		t.Errorf("tools (-want +got):\n%s", diff)
	}
	c.Plugins["door"] = config.PluginConfig{ConfigFile: "/nowhere.yaml"}
	if _, err := discover(&c, filepath.Join(dir, "jarvis")); err == nil {
		t.Error("a missing configuration file was passed over")
	}
}

func TestAnAnswerToAQuestionIsUnderstood(t *testing.T) {
	options := []turn.Option{{Value: "1", Label: "Springfield, Missouri"}, {Value: "x2", Label: "Springfield, Illinois"}, {Value: "3", Label: "Île-de-France"}}
	for text, want := range map[string]string{
		"2": "x2", "Illinois": "x2", "springfield, missouri!": "1", "ile de france": "3", "springfield": "", "quel temps fait-il": "", "": "",
	} {
		if got, ok := parseReply(turn.AskChoice, options, "fr", text); got != want || ok != (want != "") {
			t.Errorf("%q chose %q, %v; want %q", text, got, ok, want)
		}
	}
	for text, want := range map[string]string{"oui": "true", "Yes!": "true", "non": "false", "no thanks": "false"} {
		if got, ok := parseReply(turn.AskConfirm, nil, "fr", text); got != want || !ok {
			t.Errorf("%q means %q, %v; want %q", text, got, ok, want)
		}
	}
	if _, ok := parseReply(turn.AskConfirm, nil, "fr", "quel temps fait-il"); ok {
		t.Error("a question was taken for an answer")
	}
}
