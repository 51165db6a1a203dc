package config

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const planted = "s3cret-s3cret-s3cret"

func TestASecretIsSeenUnderNoVerbAndInNoEncoding(t *testing.T) {
	type holder struct {
		Key  Secret
		Ptr  *Secret
		List []Secret
	}
	s := NewSecret(planted)
	h := holder{Key: s, Ptr: &s, List: []Secret{s}}
	var out strings.Builder
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T %v", "%U", "%20s"} {
		fmt.Fprintf(&out, verb, s)
		fmt.Fprintf(&out, verb, h)
		fmt.Fprintf(&out, verb, &h)
	}
	fmt.Fprint(&out, s, h, fmt.Errorf("key %v", s))
	j, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	y, err := yaml.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	x, err := xml.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	var g bytes.Buffer
	if err := gob.NewEncoder(&g).Encode(h); err != nil {
		t.Fatal(err)
	}
	slog.New(slog.NewJSONHandler(&out, nil)).Info("key", "key", s, "holder", h)
	slog.New(slog.NewTextHandler(&out, nil)).Info("key", "key", s, "holder", h)
	all := out.String() + string(j) + string(y) + string(x) + g.String()
	if strings.Contains(all, planted) || strings.Contains(all, fmt.Sprintf("%x", planted)) {
		t.Errorf("the secret is seen in %s", all)
	}
	if s.Reveal() != planted || !strings.Contains(string(j), masked) {
		t.Errorf("Reveal() = %q, JSON %s", s.Reveal(), j)
	}
}

func TestNoSecretPrintsNothing(t *testing.T) {
	if got := fmt.Sprintf("[%v]", Secret{}); got != "[]" {
		t.Errorf("got %s", got)
	}
}

// O08
func TestTheOperatorsKeyComesFromEachOfItsSources(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, secretName), []byte(planted+"\n"), 0o444); err != nil {
		t.Fatal(err)
	}
	keyFile := written(t, "operator.key", planted+"\n")
	for name, o := range map[string]Options{
		"the original's variable": {Env: []string{"JARVIS_API_KEY=" + planted}},
		"our variable":            {Env: []string{"JARVIS_OPERATOR_KEY=" + planted}},
		"a variable by name":      {File: written(t, "jarvis.yaml", "operator_key: env:MINE\n"), Env: []string{"MINE=" + planted}},
		"a file":                  {File: written(t, "jarvis.yaml", "operator_key_file: "+keyFile+"\n")},
		"a secrets folder":        {SecretDirs: []string{dir}},
		"systemd's credentials":   {Env: []string{"CREDENTIALS_DIRECTORY=" + dir}, SecretDirs: nil},
	} {
		t.Run(name, func(t *testing.T) {
			o.Dir = t.TempDir()
			s, err := Load(o)
			if err != nil {
				t.Fatal(err)
			}
			if s.Config().OperatorKey.Reveal() != planted || len(s.Secrets()) == 0 || s.Secrets()[0] != planted {
				t.Errorf("the key did not arrive, secrets %q", s.Secrets())
			}
			show, err := s.Show()
			if err != nil {
				t.Fatal(err)
			}
			e, err := s.Explain("operator_key")
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(show+e.String(), planted) {
				t.Errorf("the key is shown in %s %s", e, show)
			}
		})
	}
}

// X10
func TestAKeyThatOthersCouldReadOrGuessIsRefused(t *testing.T) {
	open := written(t, "open.key", planted)
	if err := os.Chmod(open, 0o644); err != nil {
		t.Fatal(err)
	}
	empty := written(t, "empty.key", "\n")
	good := written(t, "good.key", planted)
	for name, c := range map[string]struct {
		o    Options
		want string
	}{
		"readable by others":  {Options{Flags: map[string]any{"operator_key_file": open}}, "operator_key_file (flag): " + open + " with mode -rw-r--r--, expected a file that only its owner can read; chmod 600 " + open},
		"empty file":          {Options{Flags: map[string]any{"operator_key_file": empty}}, "operator_key_file (flag): " + empty + " is empty, expected a file that holds the key"},
		"short":               {Options{Env: []string{"JARVIS_API_KEY=change-me"}}, "operator_key (JARVIS_API_KEY): [secret], expected 16 to 512 visible ASCII characters; `openssl rand -base64 32` makes a good one"},
		"on the command line": {Options{Flags: map[string]any{"operator_key": planted}}, "operator_key (flag): [secret], expected env:NAME, file:PATH or secret:NAME; or use operator_key_file"},
		"twice": {
			Options{Env: []string{"JARVIS_API_KEY=" + planted}, Flags: map[string]any{"operator_key_file": good}},
			`operator_key_file (flag): "` + good + `", expected one source of the key; operator_key is set too (JARVIS_API_KEY)`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := problems(t, c.o); len(got) != 1 || got[0] != c.want {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func TestAPluginsSecretsAreTakenFromTheEnvironmentAndMasked(t *testing.T) {
	file := written(t, "jarvis.yaml", `
plugins:
  homeassistant:
    config:
      url: http://ha:8123
      token: env:HA_TOKEN
      users: [{name: a, password: env:HA_TOKEN}]
      api_key: written-in-the-file
      keyboard: azerty
`)
	s := load(t, Options{File: file, Env: []string{"HA_TOKEN=" + planted}})
	c := s.Config().Plugins["homeassistant"].Config
	if c["token"] != planted || c["users"].([]any)[0].(map[string]any)["password"] != planted {
		t.Errorf("config = %v", c)
	}
	show, err := s.Show()
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(show, planted) || strings.Contains(show, "written-in-the-file") {
		t.Errorf("a secret is shown in\n%s", show)
	}
	for _, part := range []string{"token: env:HA_TOKEN", "api_key: '[secret]'", "keyboard: azerty", "url: http://ha:8123"} {
		if !strings.Contains(show, part) {
			t.Errorf("%q is missing in\n%s", part, show)
		}
	}
	if got := s.Secrets(); !slices.Contains(got, planted) || !slices.Contains(got, "written-in-the-file") {
		t.Errorf("secrets = %q", got)
	}
}
