package config

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// modelsYAML has a server and a route, and what a test adds.
func modelsYAML(t *testing.T, more string) string {
	t.Helper()
	return written(t, "jarvis.yaml", `
llm:
  providers:
    cloud: {kind: openai, url: "https://models.example/v1", price_prompt: 1, price_answer: 2.5}
  routes:
    big: {provider: cloud, model: big-1}
`+more)
}

func TestProblemsWithModelsAreToldWithTheirPlace(t *testing.T) { // O07
	for more, want := range map[string]string{
		"    other: {provider: clod, model: m}":                                "llm.routes.other.provider (jarvis.yaml:7): \"clod\", expected the name of a provider; did you mean cloud?",
		"    other: {provider: cloud}":                                         "llm.routes.other.model: \"\", expected a model's name, such as llama3.2:1b",
		"    other: {provider: cloud, model: m, roles: [king]}":                "llm.routes.other.roles (jarvis.yaml:7): \"king\", expected one of operator, user, guest, service",
		"    other: {provider: cloud, model: m, languages: [klingon]}":         "llm.routes.other.languages (jarvis.yaml:7): \"klingon\", expected fr or en",
		"    other: {provider: cloud, model: m, hours: late}":                  "llm.routes.other.hours (jarvis.yaml:7): \"late\", expected two times such as 22:00-06:30",
		"    other: {provider: cloud, model: m, hours: 7:00-25:00}":            "llm.routes.other.hours (jarvis.yaml:7): \"7:00-25:00\", expected two times such as 22:00-06:30",
		"    other: {provider: cloud, model: m, min_tokens: 9, max_tokens: 8}": "llm.routes.other.max_tokens (jarvis.yaml:7): 8, expected at least min_tokens, 9",
		"    other: {provider: cloud, model: m, modell: m}":                    "llm.routes.other.modell (jarvis.yaml:7): unknown key, expected a known one; did you mean llm.routes.other.model?",
		"    Other: {provider: cloud, model: m}":                               "llm.routes.Other (jarvis.yaml:7): expected a name of small letters, digits, - and _",
		"  order: [bigg]":                                                      "llm.order (jarvis.yaml:7): \"bigg\", expected the name of a route; did you mean big?",
		"  order: [big, big]":                                                  "llm.order (jarvis.yaml:7): \"big\" twice, expected each route once",
		"  embedding: {provider: x, model: m}":                                 "llm.embedding.provider (jarvis.yaml:7): \"x\", expected the name of a provider; there are cloud",
		"  budget: {cost: much}":                                               "llm.budget.cost (jarvis.yaml:7): \"much\", expected a number from 0 to 1000000",
	} {
		got := problems(t, Options{File: modelsYAML(t, more)})
		for i := range got {
			at := strings.Index(got[i], "(")
			end := strings.LastIndex(got[i], "jarvis.yaml")
			if at >= 0 && end > at {
				got[i] = got[i][:at+1] + got[i][end:]
			}
		}
		if diff := cmp.Diff([]string{want}, got); diff != "" {
			t.Errorf("%s: %s", more, diff)
		}
	}
	for _, bad := range []string{"url: models.example", "url: 'http://h/?k=v'", "url: ''", "kind: other, url: 'http://h'", "url: 'http://h', key: in-the-open", "url: 'http://h', price_prompt: -1"} {
		file := written(t, "jarvis.yaml", "llm: {providers: {cloud: {kind: openai, "+bad+"}}}")
		if strings.HasPrefix(bad, "kind") {
			file = written(t, "jarvis.yaml", "llm: {providers: {cloud: {"+bad+"}}}")
		}
		if got := problems(t, Options{File: file}); len(got) == 0 || !strings.HasPrefix(got[0], "llm.providers.cloud.") || strings.Contains(got[0], "in-the-open") {
			t.Errorf("%s: %q", bad, got)
		}
	}
}

func TestTheBuiltInServerStandsBackWhenThereAreRoutes(t *testing.T) {
	url := func(o Options) string { return load(t, o).Config().LLM.Ollama.URL }
	if got := url(Options{}); got != "http://127.0.0.1:11434" {
		t.Errorf("without routes: %q", got)
	}
	if got := url(Options{File: modelsYAML(t, "")}); got != "" {
		t.Errorf("with routes: %q", got)
	}
	if got := url(Options{File: modelsYAML(t, ""), Env: []string{"OLLAMA_HOST=10.0.0.9"}}); got != "http://10.0.0.9:11434" {
		t.Errorf("with routes, and set: %q", got)
	}
}

func TestAServersKeyIsASecretFromTheEnvironmentOrAFile(t *testing.T) {
	key := written(t, "cloud.key", "sk-from-file\n")
	byFile := written(t, "jarvis.yaml", "llm: {providers: {cloud: {kind: openai, url: 'http://h', key_file: "+key+"}}}")
	for _, o := range []Options{
		{File: modelsYAML(t, ""), Env: []string{"JARVIS_LLM__PROVIDERS__CLOUD__KEY=sk-from-file"}}, {File: byFile},
	} {
		s := load(t, o)
		if got := s.Config().LLM.Providers["cloud"].Key.Reveal(); got != "sk-from-file" {
			t.Errorf("key is %q", got)
		}
		if !slices.Contains(s.Secrets(), "sk-from-file") {
			t.Error("the scrubber does not learn of the key")
		}
		if shown, err := s.Show(); err != nil || strings.Contains(shown, "sk-from-file") {
			t.Errorf("shown: %v\n%s", err, shown)
		}
	}
}

func TestTimesOfDayAreRead(t *testing.T) {
	for text, want := range map[string][2]time.Duration{
		"": {}, "22:00-06:30": {22 * time.Hour, 6*time.Hour + 30*time.Minute}, "0:00 - 24:00": {0, 24 * time.Hour},
	} {
		from, to, err := ModelRouteConfig{Hours: text}.TimeOfDay()
		if err != nil || from != want[0] || to != want[1] {
			t.Errorf("%q: %s, %s, %v", text, from, to, err)
		}
	}
}
