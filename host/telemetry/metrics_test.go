package telemetry

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
)

var update = flag.Bool("update", false, "rewrite golden files")

// everything does once whatever is counted or timed.
func everything(m *Metrics) {
	m.Connected(2)
	m.Connected(-1)
	m.Connection("accepted")
	m.Message("in", "ok")
	m.Chat(true, "ok")
	m.ChatError("accept")
	m.RateLimited("chat", "user")
	m.Request("/v1/chat", "POST", 200, time.Second)
	m.Panic()
	m.LogLost(4)
	m.ContextDropped(2)
	m.Generated(time.Second)
	m.ServiceHealth("store", true, time.Millisecond)
	m.TurnDone("intent", time.Second)
	m.FirstToken(time.Second)
	m.PluginState("weather", "ready")
	m.PluginCall("weather", "forecast", time.Second)
	m.PluginRestarts("weather")
	m.IntentMatched(time.Millisecond)
	m.Notices("sent")
	m.MemoryOperation("remember", nil)
	m.QueueDepth("turns", 3)
	m.ModelRequest("local", "ok")
	m.ModelTokens("local", "toy", 5, 2, 0.5)
}

// ours gathers the families that are not Go's or the process's: their series.
func ours(t *testing.T, reg *prometheus.Registry) map[string][]string {
	t.Helper()
	all, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	for _, f := range all {
		if strings.HasPrefix(f.GetName(), "go_") || strings.HasPrefix(f.GetName(), "process_") {
			continue
		}
		for _, s := range f.GetMetric() {
			var labels []string
			for _, l := range s.GetLabel() {
				labels = append(labels, l.GetName()+"="+l.GetValue())
			}
			v := s.GetCounter().GetValue() + s.GetGauge().GetValue() + float64(s.GetHistogram().GetSampleCount())
			out[f.GetName()] = append(out[f.GetName()], fmt.Sprintf("%s %s %v", strings.ToLower(f.GetType().String()), strings.Join(labels, ","), v))
		}
	}
	return out
}

// S04
func TestEveryFamilyIsRegisteredAndMoves(t *testing.T) {
	reg := prometheus.NewRegistry()
	m := NewMetrics(reg, "1.2.3", []string{"weather"})
	everything(m)
	got := ours(t, reg)
	if d := cmp.Diff(names(), slices.Sorted(maps.Keys(got))); d != "" {
		t.Errorf("families (-documented +registered):\n%s", d)
	}
	delete(got, "jarvis_build_info")
	for name, series := range got { // those that are there from the start, and did not move
		got[name] = slices.DeleteFunc(series, func(s string) bool { return strings.HasSuffix(s, " 0") })
	}
	want := map[string][]string{
		"ws_active_connections":                 {"gauge  1"},
		"ws_connections_total":                  {"counter status=accepted 1"},
		"ws_messages_total":                     {"counter direction=in,status=ok 1"},
		"chat_requests_total":                   {"counter secure=true,status=ok 1"},
		"chat_errors_total":                     {"counter stage=accept 1"},
		"rate_limit_hits_total":                 {"counter client_type=user,endpoint=chat 1"},
		"llm_generate_seconds":                  {"histogram  1"},
		"service_health_status":                 {"gauge service=store 1"},
		"service_response_seconds":              {"histogram service=store 1"},
		"jarvis_turn_seconds":                   {"histogram source=intent 1"},
		"jarvis_first_token_seconds":            {"histogram  1"},
		"jarvis_http_requests_total":            {"counter code=200,method=POST,route=/v1/chat 1"},
		"jarvis_http_request_seconds":           {"histogram route=/v1/chat 1"},
		"jarvis_panics_total":                   {"counter  1"},
		"jarvis_log_lost_total":                 {"counter  4"},
		"jarvis_context_dropped_messages_total": {"counter  2"},
		"jarvis_plugin_state":                   {"gauge plugin=weather 4"},
		"jarvis_plugin_call_seconds":            {"histogram plugin=weather,tool=forecast 1"},
		"jarvis_plugin_restarts_total":          {"counter plugin=weather 1"},
		"jarvis_intent_match_seconds":           {"histogram  1"},
		"jarvis_llm_cost_total":                 {"counter model=toy,provider=local 0.5"},
		"jarvis_llm_requests_total":             {"counter outcome=ok,provider=local 1"},
		"jarvis_llm_tokens_total":               {"counter kind=completion,model=toy,provider=local 2", "counter kind=prompt,model=toy,provider=local 5"},
		"jarvis_notices_total":                  {"counter state=sent 1"},
		"memory_operations_total":               {"counter operation=remember,status=ok 1"},
		"jarvis_queue_depth":                    {"gauge queue=turns 3"},
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("series (-want +got):\n%s", d)
	}
}

func names() []string {
	var out []string
	for _, f := range families() {
		out = append(out, f.name)
	}
	slices.Sort(out)
	return out
}

// S04
func TestHostileLabelsMakeNoSeries(t *testing.T) { // fault-H23, fault-K9
	reg := prometheus.NewRegistry()
	m := NewMetrics(reg, "1.2.3", []string{"weather", "hangman"})
	for i := range 10_000 {
		x := fmt.Sprintf("user-%d", i)
		m.Connection(x)
		m.Message(x, x)
		m.Chat(i%2 == 0, x)
		m.ChatError(x)
		m.RateLimited(x, x)
		m.Request("/"+x, x, i, time.Second)
		m.ServiceHealth(x, true, time.Second)
		m.TurnDone(x, time.Second)
		m.PluginState(x, x)
		m.PluginCall(x, x, time.Second)
		m.PluginCall("weather", x, time.Second)
		m.PluginRestarts(x)
		m.QueueDepth(x, i)
		m.ModelRequest(x, x)
		m.ModelTokens(x, x, i, i, 1)
	}
	n := 0
	for name, series := range ours(t, reg) {
		n += len(series)
		if most := 3 * (maxRoutes + 1) * 4; len(series) > most {
			t.Errorf("%s has %d series", name, len(series))
		}
	}
	if n > 1500 {
		t.Errorf("%d series in all", n)
	}
}

func TestTheSetsThatAreLearntHoldUnderConcurrency(t *testing.T) {
	l := newLearnt(8)
	var wg sync.WaitGroup
	var mu sync.Mutex
	seen := map[string]bool{}
	for g := range 8 {
		wg.Go(func() {
			for i := range 100 {
				v := l.value(fmt.Sprint(g*100 + i))
				mu.Lock()
				seen[v] = true
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(seen) != 9 || !seen[other] {
		t.Errorf("%d values came out, want 8 and other", len(seen))
	}
}

func TestAStateThatWasSetIsNotTimed(t *testing.T) {
	reg := prometheus.NewRegistry()
	NewMetrics(reg, "1.2.3", nil).ServiceHealth("plugin:weather", false, 0)
	got := ours(t, reg)
	if len(got["service_response_seconds"]) != 0 || got["service_health_status"][0] != "gauge service=plugin:weather 0" {
		t.Errorf("series = %v", got)
	}
}

func TestTheMetricsPassPrometheusOwnLinter(t *testing.T) {
	reg := prometheus.NewRegistry()
	everything(NewMetrics(reg, "1.2.3", []string{"weather"}))
	found, err := testutil.GatherAndLint(reg)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range slices.DeleteFunc(found, func(p promlint.Problem) bool { return strings.HasPrefix(p.Metric, "go_") }) {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
}

func TestTheOriginalsBucketsAreKept(t *testing.T) {
	if d := cmp.Diff([]float64{.1, .2, .5, 1, 2, 5, 10, 30, 60}, llmSeconds.buckets); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]float64{.01, .05, .1, .2, .5, 1, 2, 5}, serviceTime.buckets); d != "" {
		t.Error(d)
	}
}

func TestTheMetricsPageIsWrittenFromTheFamilies(t *testing.T) {
	const page = "../../docs/metrics.md"
	got := document()
	if *update {
		if err := os.WriteFile(page, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s is out of date; run go test ./host/telemetry -update\n%s", page, d)
	}
}

func document() string {
	var b strings.Builder
	b.WriteString(`# Metrics

<!-- Written by go test ./host/telemetry -update from host/telemetry/families.go; edit there. -->

` + "`GET /metrics`" + ` answers in the Prometheus text format. It needs a key of role scraper or operator, except
from this machine while ` + "`metrics.allow_loopback`" + ` is true. Every label has a closed set of values; what is
outside of it counts as ` + "`other`" + `, so the number of series does not grow with users or sessions. The
collectors of Go (` + "`go_*`" + `) and of the process (` + "`process_*`" + `) come along.

| family | type | labels | meaning |
| --- | --- | --- | --- |
`)
	for _, f := range families() {
		var labels []string
		for _, l := range f.labels {
			values := fmt.Sprintf("at most %d", l.most)
			if l.most == 0 {
				values = strings.Join(l.values, ", ")
			}
			labels = append(labels, fmt.Sprintf("`%s`: %s", l.name, values))
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", f.name, f.kind, strings.Join(labels, "; "), f.help)
	}
	b.WriteString("\n## States of plugins\n\n| value of `jarvis_plugin_state` | state |\n| --- | --- |\n| -1 | unknown |\n")
	for i, s := range pluginStates {
		fmt.Fprintf(&b, "| %d | %s |\n", i, s)
	}
	b.WriteString("\n## Buckets\n\n| family | upper bounds in seconds |\n| --- | --- |\n")
	for _, f := range families() {
		if f.kind == histogram {
			var bounds []string
			for _, bound := range f.buckets {
				bounds = append(bounds, strconv.FormatFloat(bound, 'f', -1, 64))
			}
			fmt.Fprintf(&b, "| `%s` | %s |\n", f.name, strings.Join(bounds, ", "))
		}
	}
	return b.String()
}

// S04: no label tells one end user, session or address from another.
func TestAsManySeriesWithTenThousandUsersAsWithOne(t *testing.T) {
	count := func(users int) (n int) {
		reg := prometheus.NewRegistry()
		m := NewMetrics(reg, "1.2.3", []string{"weather"})
		everything(m)
		for i := range users {
			m.Connected(1)
			m.Connection("accepted")
			m.Chat(false, "ok")
			m.RateLimited("chat", "user")
			m.Request("/v1/sessions/:id", "GET", 200, time.Duration(i)*time.Millisecond)
			m.TurnDone("model", time.Duration(i)*time.Millisecond)
			m.PluginCall("weather", "forecast", time.Duration(i)*time.Millisecond)
			m.MemoryOperation("recall", nil)
			m.QueueDepth("turns", i)
			m.ModelTokens("local", "toy", i, i, 0)
		}
		for _, series := range ours(t, reg) {
			n += len(series)
		}
		return n
	}
	if one, many := count(1), count(10_000); one != many {
		t.Errorf("%d series with one user, %d with 10,000", one, many)
	}
	for _, f := range families() {
		for _, l := range f.labels {
			if slices.Contains([]string{"user", "session", "turn", "request_id", "address", "ip", "path"}, l.name) {
				t.Errorf("%s has the label %s", f.name, l.name)
			}
		}
	}
}
