package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// O08: JARVIS_LOG_CONFIG names a YAML or JSON file with our log section; it
// goes before the configuration's file, and the environment before it.
func TestTheLogHasAFileOfItsOwn(t *testing.T) {
	main := written(t, "jarvis.yaml", "log: {level: error, format: text, keep: 3}\n")
	for name, text := range map[string]string{
		"log.yaml": "log:\n  level: debug\n  format: json\n  file: logs/jarvis.log\n  max_age: 2h\n",
		"log.json": `{"log": {"level": "debug", "format": "json", "file": "logs/jarvis.log", "max_age": "2h"}}`,
	} {
		file := written(t, name, text)
		s := load(t, Options{File: main, Dir: "/srv", Env: []string{"JARVIS_LOG_CONFIG=" + file, "LOG_LEVEL=warning"}})
		want := LogConfig{Level: "warn", Format: "json", Output: "stderr", File: "/srv/logs/jarvis.log", MaxMegabytes: 50, MaxAge: 2 * time.Hour, Keep: 3}
		if d := cmp.Diff(want, s.Config().Log); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		e, err := s.Explain("log.format")
		if err != nil || !strings.HasPrefix(e.String(), "log.format = json (file "+file+":") {
			t.Errorf("explained as %s, %v", e, err)
		}
	}
}

// O07
func TestAFileForTheLogHoldsNothingElse(t *testing.T) {
	file := written(t, "log.yaml", "version: 1\nlog:\n  levle: debug\n  max_age: soon\n")
	got := problems(t, Options{Env: []string{"JARVIS_LOG_CONFIG=" + file}})
	want := []string{
		"version (" + file + ":1): expected the section log alone; other keys belong in the file of --config",
		"log.levle (" + file + ":3): unknown key, expected a known one; did you mean log.level?",
		`log.max_age (` + file + `:4): "soon", expected a duration such as 30s from 0s to 9000h`,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	got = problems(t, Options{Env: []string{"JARVIS_LOG_CONFIG=/nowhere/log.yaml"}})
	if len(got) != 1 || got[0] != `log (JARVIS_LOG_CONFIG): "/nowhere/log.yaml" no such file or directory, expected a file that can be read` {
		t.Errorf("got %q", got)
	}
}

// X10: a secret comes from the environment, from a file of its owner's alone,
// from a credential of systemd's or a secret of Docker's.
func TestASecretComesFromEachSource(t *testing.T) {
	private := written(t, "a.key", planted+"\n")
	managed := filepath.Dir(written(t, "cloud_key", planted))
	const models = "llm:\n  providers:\n    cloud:\n      kind: openai\n      url: https://models.example/v1\n      key: "
	for from, env := range map[string]string{
		"env:CLOUD_KEY": "CLOUD_KEY=" + planted, "file:" + private: "A=b", "secret:cloud_key": "CREDENTIALS_DIRECTORY=" + managed,
	} {
		file := written(t, "jarvis.yaml", models+from+"\nplugins: {door: {secrets: {shop: \""+from+"\"}, config: {token: \""+from+"\"}}}\n")
		s, err := Load(Options{File: file, Dir: filepath.Dir(file), Env: []string{env}}) // with systemd's folder
		if err != nil {
			t.Fatal(err)
		}
		c := s.Config()
		if c.LLM.Providers["cloud"].Key.Reveal() != planted || c.Plugins["door"].Secrets["shop"] != planted || c.Plugins["door"].Config["token"] != planted {
			t.Errorf("%s: %+v", from, c.Plugins["door"])
		}
		show, err := s.Show()
		if err != nil || strings.Contains(show, planted) || !slices.Contains(s.Secrets(), planted) {
			t.Errorf("%s: shown as %s (%v), for the scrubber %q", from, show, err, s.Secrets())
		}
	}
	if err := os.Chmod(private, 0o640); err != nil {
		t.Fatal(err)
	}
	file := written(t, "jarvis.yaml", models+"file:"+private+"\n")
	want := "llm.providers.cloud.key (" + file + ":6): " + private + " with mode -rw-r-----, expected a file that only its owner can read; chmod 600 " + private
	if got := problems(t, Options{File: file}); len(got) != 1 || got[0] != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	file = written(t, "jarvis.yaml", models+"secret:nothing\n")
	_, err := Load(Options{File: file, SecretDirs: []string{managed}})
	if want := "llm.providers.cloud.key (" + file + ":6): secret:nothing, expected a secret that the service manager hands over; there is no nothing in " + managed; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got  %v\nwant %q", err, want)
	}
}

// X10: a secret that is rotated in its file is a change, though both are masked.
func TestARotatedSecretIsAChange(t *testing.T) {
	key := written(t, "a.key", planted)
	file := written(t, "jarvis.yaml", "operator_key_file: "+key+"\nplugins: {door: {config: {deep: {token: \"file:"+key+"\"}}}}\n")
	o := Options{File: file, Dir: filepath.Dir(file), SecretDirs: []string{}}
	before := load(t, o)
	if same := before.Changes(load(t, o)); len(same) > 0 {
		t.Errorf("nothing changed, told of %v", same)
	}
	if err := os.WriteFile(key, []byte("another-0123456789"), 0o600); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range before.Changes(load(t, o)) {
		got = append(got, c.Key)
	}
	if d := cmp.Diff([]string{"operator_key_file", "plugins.door.config"}, got); d != "" {
		t.Error(d)
	}
	if files := filesOf(o); !slices.Contains(files, key) || !slices.Contains(files, file) {
		t.Errorf("watched are %q", files)
	}
}

// O08: each of the original's variables sets its key, or is said to set nothing.
func TestEachOfTheOriginalsVariablesIsHonouredOrExplained(t *testing.T) {
	log := written(t, "log.yaml", "log: {format: json}\n")
	s := load(t, Options{Env: []string{
		"JARVIS_API_KEY=" + planted, "OLLAMA_URL=http://gpu:1", "OLLAMA_HOST=gpu:2", "HOME_ASSISTANT_URL=http://ha:8123", "HOME_ASSISTANT_TOKEN=tttttttttt",
		"OPENWEATHER_API_KEY=wwwwwwwwww", "STT_API_URL=http://stt", "TTS_API_URL=http://tts", "ALLOWED_ORIGINS=https://a.example",
		"DATABASE_URL=postgres://jarvis:pppppppppp@db/jarvis", "REDIS_URL=redis://cache", "LOG_LEVEL=WARNING",
		"JARVIS_LOG_CONFIG=" + log, "JARVIS_ENV=prod",
	}})
	for key, want := range map[string]string{
		"operator_key": "[secret]", "llm.ollama.url": "http://gpu:1", "gateway.allowed_origins": "['https://a.example']", "log.level": "warn", "log.format": "json", "profile": "prod",
	} {
		if e, err := s.Explain(key); err != nil || strings.Trim(flow(e.Value), "'") != strings.Trim(want, "'") {
			t.Errorf("%s is %s, %v", key, flow(e.Value), err)
		}
	}
	said := strings.Join(s.Strangers(), "\n")
	for _, name := range []string{"HOME_ASSISTANT_URL", "HOME_ASSISTANT_TOKEN", "OPENWEATHER_API_KEY", "STT_API_URL", "TTS_API_URL", "DATABASE_URL", "REDIS_URL"} {
		if !strings.Contains(said, name+" sets nothing: ") {
			t.Errorf("%s is not explained in\n%s", name, said)
		}
	}
	for _, secret := range []string{"tttttttttt", "wwwwwwwwww", "pppppppppp"} {
		if strings.Contains(said, secret) || !slices.Contains(s.Secrets(), secret) {
			t.Errorf("%s is told, or unknown to the scrubber", secret)
		}
	}
}
