package telemetry

import (
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"go.yaml.in/yaml/v3"
)

// alert is a rule as it stands in deploy.
type alert struct {
	Alert, Expr         string
	Labels, Annotations map[string]string
}

func readYAML(t *testing.T, path string, into any) {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(raw, into); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

func alerts(t *testing.T) []alert {
	t.Helper()
	var f struct{ Groups []struct{ Rules []alert } }
	readYAML(t, "../../deploy/prometheus/alerts.yml", &f)
	var all []alert
	for _, g := range f.Groups {
		all = append(all, g.Rules...)
	}
	return all
}

// S14: every rule has a paragraph that says what to do, a severity, and a test
// in which it fires beside one in which it does not; `make e2e` runs those.
func TestEachAlertIsExplainedAndFired(t *testing.T) {
	raw, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	const at = "https://github.com/jarvis-host/jarvis/blob/main/docs/operations.md#"
	var named []string
	for _, a := range alerts(t) {
		named = append(named, a.Alert)
		if want := at + strings.ToLower(a.Alert); a.Annotations["runbook_url"] != want {
			t.Errorf("%s has the runbook %q, want %s", a.Alert, a.Annotations["runbook_url"], want)
		}
		if a.Annotations["summary"] == "" || !slices.Contains([]string{"critical", "warning", "info"}, a.Labels["severity"]) {
			t.Errorf("%s lacks a summary or a severity", a.Alert)
		}
		_, text, ok := strings.Cut(string(raw), "\n### "+a.Alert+"\n")
		if text, _, _ = strings.Cut(text, "\n#"); !ok || len(strings.Fields(text)) < 12 {
			t.Errorf("docs/operations.md does not say what to do about %s", a.Alert)
		}
	}
	var written []string
	for _, m := range regexp.MustCompile(`(?m)^### (Jarvis\w+)$`).FindAllStringSubmatch(string(raw), -1) {
		written = append(written, m[1])
	}
	if d := cmp.Diff(named, written); d != "" {
		t.Errorf("alerts in docs/operations.md (-rules +page):\n%s", d)
	}

	var tests struct {
		Tests []struct {
			Rules []struct {
				Name string `yaml:"alertname"`
				Exp  []any  `yaml:"exp_alerts"`
			} `yaml:"alert_rule_test"`
		}
	}
	readYAML(t, "../../test/e2e/alerts.test.yml", &tests)
	fires, quiet := map[string]bool{}, map[string]bool{}
	for _, c := range tests.Tests {
		for _, r := range c.Rules {
			if len(r.Exp) > 0 {
				fires[r.Name] = true
			} else {
				quiet[r.Name] = true
			}
		}
	}
	slices.Sort(named)
	for what, tested := range map[string]map[string]bool{"fires": fires, "stays quiet": quiet} {
		if d := cmp.Diff(named, slices.Sorted(maps.Keys(tested))); d != "" {
			t.Errorf("alerts with a test in which it %s (-rules +tests):\n%s", what, d)
		}
	}
}

// dashboard lists the expressions of the dashboard, variables filled in.
func dashboard(t *testing.T) []string {
	t.Helper()
	raw, err := os.ReadFile("../../deploy/grafana/jarvis.json")
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Panels []struct {
			Title   string
			Type    string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(raw, &d); err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, p := range d.Panels {
		if p.Type != "row" && len(p.Targets) == 0 {
			t.Errorf("panel %s shows nothing", p.Title)
		}
		for _, target := range p.Targets {
			all = append(all, strings.NewReplacer("$__rate_interval", "5m", "$instance", ".*").Replace(target.Expr))
		}
	}
	return all
}

// known are the labels of all families in the host's registry: nil of a label
// whose values are learnt.
func known(t *testing.T) map[string]map[string][]string {
	t.Helper()
	out := map[string]map[string][]string{"up": {}}
	add := func(name string, labels map[string][]string) {
		out[name] = labels
		for _, end := range []string{"_bucket", "_sum", "_count"} {
			out[name+end] = maps.Clone(labels)
		}
		out[name+"_bucket"]["le"] = nil
	}
	for _, f := range families() {
		labels := map[string][]string{}
		for _, l := range f.labels {
			labels[l.name] = l.values
		}
		if f.kind == histogram {
			add(f.name, labels)
		} else {
			out[f.name] = labels
		}
	}
	reg := prometheus.NewRegistry()
	NewMetrics(reg, "1.2.3", nil)
	all, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range all { // those of Go and of the process
		if out[f.GetName()] == nil {
			add(f.GetName(), map[string][]string{})
		}
	}
	for _, labels := range out { // which Prometheus adds
		labels["job"], labels["instance"] = nil, nil
	}
	return out
}

var (
	grouping = regexp.MustCompile(`\b(by|without|on|ignoring)\s*\(([^)]*)\)`)
	selector = regexp.MustCompile(`([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{([^}]*)\})?`)
	matcher  = regexp.MustCompile(`([a-z_]+)(=~|!~|!=|=)"([^"]*)"`)
	// words of PromQL that are no metric's.
	words = []string{"and", "or", "unless", "bool", "by", "without", "on", "ignoring", "offset"}
)

// S14: rules and dashboard name nothing that the host does not have.
func TestAlertsAndDashboardNameWhatIsThere(t *testing.T) {
	have := known(t)
	exprs := dashboard(t)
	for _, a := range alerts(t) {
		exprs = append(exprs, a.Expr)
	}
	shown := map[string]bool{}
	for _, expr := range exprs {
		labels := map[string]bool{}
		bare := grouping.ReplaceAllStringFunc(expr, func(g string) string {
			for _, l := range strings.FieldsFunc(grouping.FindStringSubmatch(g)[2], func(r rune) bool { return r == ',' || r == ' ' }) {
				labels[l] = true
			}
			return " "
		})
		bare = regexp.MustCompile(`\[[0-9a-z]+\]`).ReplaceAllString(bare, "")
		found := map[string]bool{}
		for _, at := range selector.FindAllStringSubmatchIndex(bare, -1) {
			name := bare[at[2]:at[3]]
			if at[0] > 0 && strings.ContainsRune("0123456789.", rune(bare[at[0]-1])) || strings.HasPrefix(strings.TrimSpace(bare[at[1]:]), "(") || slices.Contains(words, name) {
				continue // 1e9, a function, a word
			}
			has, ok := have[name]
			if !ok {
				t.Errorf("%s: there is no %s", expr, name)
				continue
			}
			shown[strings.TrimSuffix(name, "_bucket")] = true
			for l := range has {
				found[l] = true
			}
			if at[4] >= 0 {
				checkMatchers(t, expr, bare[at[4]:at[5]], has)
			}
		}
		for l := range labels {
			if !found[l] {
				t.Errorf("%s: nothing in it has a label %s", expr, l)
			}
		}
	}
	for _, f := range families() {
		if !shown[f.name] {
			t.Errorf("neither an alert nor the dashboard shows %s", f.name)
		}
	}
}

func checkMatchers(t *testing.T, expr, text string, has map[string][]string) {
	t.Helper()
	for _, m := range matcher.FindAllStringSubmatch(text, -1) {
		values, ok := has[m[1]]
		if !ok {
			t.Errorf("%s: there is no label %s", expr, m[1])
		}
		for v := range strings.SplitSeq(m[3], "|") {
			if values != nil && !slices.Contains(values, v) {
				t.Errorf("%s: %s is never %q", expr, m[1], v)
			}
		}
	}
}
