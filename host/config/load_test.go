package config

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// written makes a file in a folder of its own.
func written(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// load reads a configuration that is expected to be good.
func load(t *testing.T, o Options) *Snapshot {
	t.Helper()
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	if o.SecretDirs == nil {
		o.SecretDirs = []string{}
	}
	s, err := Load(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// problems reads a configuration that is expected to be bad.
func problems(t *testing.T, o Options) []string {
	t.Helper()
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	o.SecretDirs = []string{}
	_, err := Load(o)
	e, ok := errors.AsType[*Error](err)
	if !ok {
		t.Fatalf("error = %v, want an *Error", err)
	}
	var out []string
	for _, p := range e.Problems {
		out = append(out, p.String())
	}
	return out
}

// O07
func TestEachWayToBeWrongIsToldWithItsPlaceAndWhatWasExpected(t *testing.T) {
	files, err := filepath.Glob("testdata/wrong/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no test data: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			path, err := filepath.Abs(file)
			if err != nil {
				t.Fatal(err)
			}
			first, _, _ := strings.Cut(string(raw), "\n")
			want := strings.ReplaceAll(strings.TrimPrefix(first, "# want: "), "FILE", path)
			if d := cmp.Diff([]string{want}, problems(t, Options{File: path})); d != "" {
				t.Error(d)
			}
		})
	}
}

// O07
func TestAllProblemsAreToldAtOnce(t *testing.T) {
	file := written(t, "jarvis.yaml", "gatway: {}\nlog:\n  level: loud\ndrain:\n  deadline: soon\n")
	got := problems(t, Options{
		File: file, Env: []string{"OLLAMA_HOST=ftp://gpu", "JARVIS_LOG__FORMT=json"}, Flags: map[string]any{"gateway.port": "1"},
	})
	if len(got) != 6 {
		t.Fatalf("%d problems, want 6:\n%s", len(got), strings.Join(got, "\n"))
	}
	for i, part := range []string{
		"drain.deadline (" + file + ":5)", "gatway (" + file + ":1)", "log.level (" + file + ":3)",
		`llm.ollama.url (OLLAMA_HOST): "ftp://gpu", expected http:// or https://`,
		"log.formt (JARVIS_LOG__FORMT): unknown key, expected a known one; did you mean log.format?",
		"gateway.port (flag): unknown key",
	} {
		if !strings.HasPrefix(got[i], part) {
			t.Errorf("problem %d is %q, want %q", i, got[i], part)
		}
	}
}

func TestAMissingFileIsAProblemOnlyWhenItWasNamed(t *testing.T) {
	load(t, Options{})
	got := problems(t, Options{File: "absent.yaml"})
	if want := "absent.yaml: no such file or directory, expected a file that can be read"; len(got) != 1 || got[0] != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTheFileBesideTheProgramIsReadWithoutBeingNamed(t *testing.T) {
	file := written(t, "jarvis.yaml", "language: fr\n")
	s := load(t, Options{Dir: filepath.Dir(file)})
	if got := s.Config().Language; got != "fr" {
		t.Errorf("language = %q, want fr", got)
	}
}

// O08
func TestLaterLayersGoBeforeEarlierOnes(t *testing.T) {
	file := written(t, "jarvis.yaml", "log:\n  level: debug\n")
	for _, c := range []struct {
		env   []string
		flags map[string]any
		want  string
	}{
		{nil, nil, "log.level = debug (file " + file + ":2)"},
		{[]string{"LOG_LEVEL=WARNING"}, nil, "log.level = warn (env LOG_LEVEL)"},
		{[]string{"JARVIS_LOG__LEVEL=error", "LOG_LEVEL=trace"}, nil, "log.level = error (env JARVIS_LOG__LEVEL)"},
		{[]string{"JARVIS_LOG__LEVEL=error"}, map[string]any{"log.level": "trace"}, "log.level = trace (flag)"},
	} {
		e, err := load(t, Options{File: file, Env: c.env, Flags: c.flags}).Explain("log.level")
		if err != nil || e.String() != c.want {
			t.Errorf("got %q, %v; want %q", e, err, c.want)
		}
	}
	e, err := load(t, Options{}).Explain("log.level")
	if err != nil || e.String() != "log.level = info (default)" {
		t.Errorf("got %q, %v", e, err)
	}
}

func TestValuesOfEveryKindComeFromFileEnvironmentAndFlags(t *testing.T) {
	file := written(t, "jarvis.yaml", `
gateway:
  allowed_hosts: [one.example, two.example:8443]
llm:
  ollama: {num_ctx: 4096, first_token: 90s}
metrics: {allow_loopback: false}
plugins:
  weather: {config: {units: imperial, cities: {home: Lyon}}}
`)
	c := load(t, Options{File: file, Env: []string{
		"JARVIS_LLM__OLLAMA__TOTAL=10m", "JARVIS_GATEWAY__ALLOWED_ORIGINS=https://a.example, https://b.example",
		"JARVIS_PLUGINS__WEATHER__CONFIG__DAYS=3", "JARVIS_PLUGINS__WEATHER__CONFIG__CITIES__WORK=Paris",
		"JARVIS_PLUGINS__WEATHER__ENABLED=off", "JARVIS_PLUGINS__WEATHER__GRANTS=a,b",
	}, Flags: map[string]any{"gateway.listen": "127.0.0.1:0", "drain.deadline": 2 * time.Second}}).Config()
	if d := cmp.Diff([]string{"one.example", "two.example:8443"}, c.Gateway.AllowedHosts); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"https://a.example", "https://b.example"}, c.Gateway.AllowedOrigins); d != "" {
		t.Error(d)
	}
	o := c.LLM.Ollama
	if o.NumCtx != 4096 || o.FirstToken != 90*time.Second || o.Total != 10*time.Minute || o.BetweenTokens != 15*time.Second {
		t.Errorf("ollama = %+v", o)
	}
	if c.Metrics.AllowLoopback || c.Gateway.Listen != "127.0.0.1:0" || c.Drain.Deadline != 2*time.Second {
		t.Errorf("metrics %+v, gateway %+v, drain %+v", c.Metrics, c.Gateway, c.Drain)
	}
	want := PluginConfig{
		Enabled: new(false), Grants: []string{"a", "b"},
		Config: map[string]any{"units": "imperial", "days": 3, "cities": map[string]any{"home": "Lyon", "work": "Paris"}},
	}
	if d := cmp.Diff(want, c.Plugins["weather"]); d != "" {
		t.Error(d)
	}
}

func TestAPluginIsOffOnlyWhenItSaysSo(t *testing.T) {
	file := written(t, "jarvis.yaml", "plugins:\n  weather:\n  hangman:\n    grants: ['*']\n")
	c := load(t, Options{File: file}).Config()
	if p := c.Plugins["hangman"]; p.Enabled != nil {
		t.Errorf("hangman.enabled = %t without being set", *p.Enabled)
	}
}

func TestAGrantOfTheNetworkNamesAHostAndAPort(t *testing.T) {
	for grant, good := range map[string]bool{
		"net 127.0.0.1:8808": true, "net config:/url": true, "net [::1]:80": true, "open": true,
		"net 127.0.0.1": false, "net :80": false, "net host:": false,
	} {
		file := written(t, "jarvis.yaml", "plugins:\n  hangman:\n    grants: ['"+grant+"']\n")
		_, err := Load(Options{File: file, Dir: t.TempDir(), SecretDirs: []string{}})
		if got := err == nil; got != good || !good && !strings.Contains(err.Error(), "expected a need with host and port") {
			t.Errorf("%s: got %v, accepted is to be %t", grant, err, good)
		}
	}
}

// O05 O07
func TestAPluginsBrokenSectionStopsThatPluginOnly(t *testing.T) {
	file := written(t, "jarvis.yaml", "plugins:\n  weather:\n    enabled: perhaps\n  hangman:\n    enabled: true\n")
	s, err := Load(Options{File: file, Dir: t.TempDir(), SecretDirs: []string{}})
	if err == nil || s == nil {
		t.Fatalf("snapshot %v, error %v; want both", s, err)
	}
	w, h := s.Config().Plugins["weather"], s.Config().Plugins["hangman"]
	if w.Enabled == nil || *w.Enabled || !strings.Contains(w.Problem, `"perhaps", expected true or false`) {
		t.Errorf("weather = %+v, want off with its problem", w)
	}
	if h.Enabled == nil || !*h.Enabled || h.Problem != "" || len(s.Problems()) != 1 {
		t.Errorf("hangman = %+v, problems %v", h, s.Problems())
	}
}

func TestAHostsBrokenKeyLeavesNoSnapshot(t *testing.T) {
	file := written(t, "jarvis.yaml", "gateway:\n  listen: nowhere\n")
	if s, err := Load(Options{File: file, SecretDirs: []string{}}); s != nil || err == nil {
		t.Errorf("snapshot %v, error %v; want an error alone", s, err)
	}
}

func TestACopyOfTheConfigurationCanBeChangedWithoutHarm(t *testing.T) {
	file := written(t, "jarvis.yaml", "gateway: {allowed_hosts: [a.example]}\nplugins: {weather: {enabled: true, config: {a: {b: 1}, l: [1]}}}\n")
	s := load(t, Options{File: file})
	c := s.Config()
	c.Gateway.AllowedHosts[0] = "changed"
	*c.Plugins["weather"].Enabled = false
	c.Plugins["weather"].Config["a"].(map[string]any)["b"] = 2
	c.Plugins["weather"].Config["l"].([]any)[0] = 2
	delete(c.Plugins, "weather")
	again := s.Config()
	if again.Gateway.AllowedHosts[0] != "a.example" || !*again.Plugins["weather"].Enabled {
		t.Errorf("the snapshot changed: %+v", again)
	}
	want := map[string]any{"a": map[string]any{"b": 1}, "l": []any{1}}
	if d := cmp.Diff(want, again.Plugins["weather"].Config); d != "" {
		t.Error(d)
	}
}

func TestTheProfileChoosesTheLogsFormat(t *testing.T) {
	for env, want := range map[string]string{"JARVIS_ENV=": "text", "JARVIS_ENV=dev": "text", "JARVIS_ENV=prod": "json", "JARVIS_ENV=Production": "json"} {
		if got := load(t, Options{Env: []string{env}}).Config().Log.Format; got != want {
			t.Errorf("%s: format %s, want %s", env, got, want)
		}
	}
	got := load(t, Options{Env: []string{"JARVIS_ENV=prod", "JARVIS_LOG__FORMAT=text"}}).Config().Log.Format
	if got != "text" {
		t.Errorf("a format that was chosen became %s", got)
	}
}

// O08
func TestTheServersNameIsReadAsOllamaReadsIt(t *testing.T) {
	for in, want := range map[string]string{
		"gpu": "http://gpu:11434", "gpu:1234": "http://gpu:1234", ":1234": "http://127.0.0.1:1234", "0.0.0.0": "http://127.0.0.1:11434",
		"0.0.0.0:1234": "http://127.0.0.1:1234", "[::]:1234": "http://[::1]:1234", "::1": "http://[::1]:11434", "[::1]": "http://[::1]:11434",
		"http://gpu": "http://gpu:80", "https://gpu": "https://gpu:443", "https://gpu:8443/base/": "https://gpu:8443/base", `"gpu"`: "http://gpu:11434",
		" 192.168.1.5 ": "http://192.168.1.5:11434",
	} {
		if got := load(t, Options{Env: []string{"OLLAMA_HOST=" + in}}).Config().LLM.Ollama.URL; got != want {
			t.Errorf("OLLAMA_HOST=%s is %s, want %s", in, got, want)
		}
	}
	for in, want := range map[string]string{"gpu:99999": "a port from 1 to 65535", "gpu:x": "a port from 1 to 65535", "ftp://gpu": "http:// or https://"} {
		if got := problems(t, Options{Env: []string{"OLLAMA_HOST=" + in}}); !strings.HasSuffix(got[0], "expected "+want) {
			t.Errorf("OLLAMA_HOST=%s: %q, want %q", in, got[0], want)
		}
	}
}

// O08
func TestOfTwoNamesForAServerTheMoreExactCounts(t *testing.T) {
	env := []string{"OLLAMA_URL=http://b:1", "OLLAMA_HOST=c:1"}
	if got := load(t, Options{Env: env}).Config().LLM.Ollama.URL; got != "http://b:1" {
		t.Errorf("url = %s", got)
	}
	env = append(env, "JARVIS_LLM__OLLAMA__URL=http://a:1")
	if got := load(t, Options{Env: env}).Config().LLM.Ollama.URL; got != "http://a:1" {
		t.Errorf("url = %s", got)
	}
}

func TestVariablesOfAnOrchestratorAreNotTakenForKeys(t *testing.T) {
	load(t, Options{Env: []string{
		"JARVIS_PORT=tcp://10.0.0.1:80", "JARVIS_SERVICE_HOST=10.0.0.1", "JARVIS_PORT_8080_TCP_ADDR=10.0.0.1", "PATH=/bin", "ODD",
	}})
	got := problems(t, Options{Env: []string{"JARVIS_DATADIR=/tmp"}})
	if want := "datadir (JARVIS_DATADIR): expected a known key; did you mean JARVIS_DATA_DIR?"; len(got) != 1 || got[0] != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestRelativePathsStartFromTheGivenFolder(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "more"), 0o700); err != nil {
		t.Fatal(err)
	}
	c := load(t, Options{Dir: dir, Flags: map[string]any{
		"plugins_dir": "more", "plugins.weather.path": "jarvis-plugin-weather", "plugins.hangman.enabled": "true",
	}}).Config()
	if c.DataDir != filepath.Join(dir, "data") || c.PluginsDir != filepath.Join(dir, "more") || c.Plugins["weather"].Path != "jarvis-plugin-weather" {
		t.Errorf("data %s, plugins %s, weather %s", c.DataDir, c.PluginsDir, c.Plugins["weather"].Path)
	}
}

func TestNothingAtAllIsAGoodConfiguration(t *testing.T) {
	for _, content := range []string{"", "# nothing\n", "gateway:\n", "---\n", "{}"} {
		load(t, Options{File: written(t, "jarvis.yaml", content)})
	}
}

func TestNearNamesAreFoundAndFarOnesAreNot(t *testing.T) {
	names := []string{"listen", "allowed_hosts", "allowed_origins"}
	for name, want := range map[string]string{"lisetn": "listen", "listn": "listen", "allowed_host": "allowed_hosts", "zebra": ""} {
		if got := Nearest(name, names); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", name, got, want)
		}
	}
	if got := distance("ab", "ba"); got != 1 {
		t.Errorf("swapped neighbours are %d edits, want 1", got)
	}
}

func FuzzAFileNeverCrashesTheLoader(f *testing.F) {
	files, _ := filepath.Glob("testdata/wrong/*.yaml")
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(raw))
	}
	f.Add("? [a]: b\n")
	f.Add("a: &a [*a]\n")
	f.Add("plugins: {x: {config: {1: 2, true: [x]}}}")
	f.Fuzz(func(t *testing.T, content string) {
		file := written(t, "jarvis.yaml", content)
		s, err := Load(Options{File: file, SecretDirs: []string{}})
		if s == nil && err == nil {
			t.Error("neither a snapshot nor an error")
		}
		if s != nil && !slices.ContainsFunc(s.All(), func(e Explanation) bool { return e.Key == "data_dir" }) {
			t.Error("a snapshot without data_dir")
		}
	})
}

// fault-M18: of the configuration; the gateway has those of frames and settings.
// Every key that is a number or a length of time refuses what is none, is below
// zero or fits into no number, wherever it comes from, and names itself.
func TestEveryNumberAndDurationRefusesWhatIsOutOfRangeByItsName(t *testing.T) {
	values := map[kind][]string{
		kindInt:      {"-1", ".nan", "NaN", ".inf", "9223372036854775808", "-9223372036854775809", "18446744073709551616", "1e400", "1.5", "0x1p3"},
		kindNumber:   {"-1", ".nan", "NaN", "-.inf", "1e400"},
		kindDuration: {"-1s", "-1ns", ".nan", "NaNs", "9223372036854775808ns", "9223372036854775808", "2562048h", "1e400s", "2026-01-01T00:00:00Z", "12:30"},
	}
	checked := 0
	check := func(key string, l leaf) {
		t.Helper()
		for _, v := range values[l.kind] {
			if strings.HasPrefix(v, "-1") && strings.HasSuffix(key, ".keep_alive") {
				continue // for ever
			}
			checked++
			want := key + " ("
			if got := problems(t, Options{Flags: map[string]any{key: v}}); len(got) != 1 || !strings.HasPrefix(got[0], want) {
				t.Errorf("%s: a flag %q: %q", key, v, got)
			}
			file := written(t, "jarvis.yaml", nested(key, v))
			if got := problems(t, Options{File: file}); len(got) != 1 || !strings.HasPrefix(got[0], want) {
				t.Errorf("%s: a file with %s: %q", key, v, got)
			}
		}
	}
	for key, l := range keys().leaves {
		check(key, l)
	}
	for prefix, f := range keys().families {
		for key, l := range f.leaves {
			check(prefix+".hangman."+key, l)
		}
	}
	if checked < 200 {
		t.Errorf("only %d values were tried", checked)
	}
}

// nested is a file that sets one key.
func nested(key, value string) string {
	var b strings.Builder
	parts := strings.Split(key, ".")
	for i, p := range parts {
		b.WriteString(strings.Repeat("  ", i) + p + ":")
		if i < len(parts)-1 {
			b.WriteString("\n")
		}
	}
	return b.String() + " " + value + "\n"
}
