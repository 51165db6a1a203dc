package host

import (
	"context"
	"maps"
	"math"
	"regexp"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/jarvis-host/jarvis/sdk"
)

// pluginFigures shows the plugins' own metrics: each as
// jarvis_plugin_<id>_<name>, with the label plugin beside the plugin's own, and
// at most sdk.MaxSeries values a plugin.
type pluginFigures struct {
	ask func(ctx context.Context) map[string][]sdk.Metric
}

// Describe implements [prometheus.Collector]; what plugins have is not known
// beforehand.
func (*pluginFigures) Describe(chan<- *prometheus.Desc) {}

// Collect implements [prometheus.Collector].
func (f *pluginFigures) Collect(out chan<- prometheus.Metric) {
	for plugin, metrics := range f.ask(context.Background()) {
		collect(plugin, metrics, out)
	}
}

var (
	figureName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)
	figureUnit = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}$`)
)

const maxFigureText = 200 // bytes of a help or a label's value

// collect sends what is well-formed of a plugin's metrics: one bad value must
// not cost the operator all metrics of the host.
func collect(plugin string, metrics []sdk.Metric, out chan<- prometheus.Metric) {
	seen, left := map[string]bool{}, sdk.MaxSeries
	for _, m := range metrics {
		if !figureName.MatchString(m.Name) || seen[m.Name] || len(m.Samples) == 0 {
			continue
		}
		seen[m.Name] = true
		names := slices.Sorted(maps.Keys(m.Samples[0].Labels))
		if slices.ContainsFunc(names, func(n string) bool { return !figureUnit.MatchString(n) || n == "plugin" }) {
			continue
		}
		desc := prometheus.NewDesc("jarvis_plugin_"+plugin+"_"+m.Name, cut(m.Help), names, prometheus.Labels{"plugin": plugin})
		kind := prometheus.GaugeValue
		if m.Counter {
			kind = prometheus.CounterValue
		}
		values := map[string]bool{}
		for _, s := range m.Samples {
			labels, key, ok := labelsOf(names, s)
			if left == 0 || !ok || values[key] || math.IsNaN(s.Value) {
				continue
			}
			values[key] = true
			if metric, err := prometheus.NewConstMetric(desc, kind, s.Value, labels...); err == nil {
				out <- metric
				left--
			}
		}
	}
}

func labelsOf(names []string, s sdk.Sample) (labels []string, key string, ok bool) {
	if len(s.Labels) != len(names) {
		return nil, "", false
	}
	for _, n := range names {
		v, has := s.Labels[n]
		if !has {
			return nil, "", false
		}
		labels = append(labels, cut(v))
		key += cut(v) + "\x00"
	}
	return labels, key, true
}

// cut keeps a text short; it is UTF-8 already, and stays so.
func cut(s string) string {
	if len(s) <= maxFigureText {
		return s
	}
	end := maxFigureText
	for end > 0 && s[end]&0xc0 == 0x80 {
		end--
	}
	return s[:end]
}
