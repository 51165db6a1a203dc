package config

import (
	"strings"
	"testing"
)

// O08
func TestExplainNamesValueAndLayer(t *testing.T) {
	file := written(t, "jarvis.yaml", "gateway:\n  allowed_hosts: [a.example]\nplugins:\n  weather:\n    config: {units: metric}\n")
	s := load(t, Options{File: file, Env: []string{"JARVIS_PLUGINS__WEATHER__CONFIG__DAYS=3", "JARVIS_DRAIN__DEADLINE=90s"}})
	for key, want := range map[string]string{
		"gateway.listen":               "gateway.listen = 127.0.0.1:8080 (default)",
		"gateway.allowed_hosts":        "gateway.allowed_hosts = [a.example] (file " + file + ":2)",
		"drain.deadline":               "drain.deadline = 1m30s (env JARVIS_DRAIN__DEADLINE)",
		"plugins.weather.config.units": "plugins.weather.config.units = metric (file " + file + ":5)",
		"plugins.weather.config.days":  "plugins.weather.config.days = 3 (env JARVIS_PLUGINS__WEATHER__CONFIG__DAYS)",
		"time_zone":                    `time_zone = "" (default)`,
		"operator_key":                 `operator_key = "" (default)`,
		"metrics.allow_loopback":       "metrics.allow_loopback = true (default)",
	} {
		e, err := s.Explain(key)
		if err != nil || e.String() != want {
			t.Errorf("Explain(%s) = %q, %v; want %q", key, e, err, want)
		}
	}
}

func TestExplainHelpsWithWhatIsNoKey(t *testing.T) {
	s := load(t, Options{})
	for key, want := range map[string]string{
		"gateway.lisen":                  "explain gateway.lisen: unknown key; did you mean gateway.listen?",
		"drain":                          "explain drain: it is a section; its keys are deadline, notice",
		"":                               "explain : unknown key; `jarvis config reference` lists every key",
		"plugins.weather.config.nothing": "explain plugins.weather.config.nothing: it is not set",
	} {
		if _, err := s.Explain(key); err == nil || err.Error() != want {
			t.Errorf("Explain(%q): %v, want %s", key, err, want)
		}
	}
}

func TestWhatIsShownCanBeLoadedAgain(t *testing.T) {
	s := load(t, Options{Env: []string{"JARVIS_DRAIN__DEADLINE=3s", "JARVIS_PLUGINS__WEATHER__CONFIG__UNITS=imperial", "JARVIS_GATEWAY__ALLOWED_HOSTS=a.example"}})
	show, err := s.Show()
	if err != nil {
		t.Fatal(err)
	}
	again := load(t, Options{File: written(t, "jarvis.yaml", show)})
	second, err := again.Show()
	if err != nil {
		t.Fatal(err)
	}
	if show != second || !strings.Contains(show, "deadline: 3s") {
		t.Errorf("shown\n%s\nthen\n%s", show, second)
	}
}
