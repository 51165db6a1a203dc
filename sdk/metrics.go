package sdk

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Meter is implemented by plugins that have figures of their own.
type Meter interface {
	Metrics(ctx context.Context) ([]Metric, error)
}

// Metric is one figure of a plugin, for all values of its labels.
type Metric struct {
	Name    string // [a-z][a-z0-9_]{0,63}
	Help    string // one sentence for operators
	Counter bool   // it never goes down while the process lives
	Samples []Sample
}

// Sample is the value of a metric for some values of its labels.
type Sample struct {
	Labels map[string]string
	Value  float64
}

// MaxSeries is how many values all metrics of a plugin may have together.
const MaxSeries = 100

var labelName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}$`)

// Counter declares a figure that only grows, for operators: it stands in the
// host's metrics as jarvis_plugin_<id>_<name>, with the label plugin and the
// labels named here. A counter's name ends with _total. Use labels whose values
// are few: beyond MaxSeries the host leaves values out.
func (p *Plugin) Counter(name, help string, labels ...string) *Figure {
	if !strings.HasSuffix(name, "_total") {
		p.fail("counter %s: expected a name that ends with _total", name)
	}
	return p.figure(name, help, true, labels)
}

// Gauge declares a figure that goes up and down. All else is as with Counter.
func (p *Plugin) Gauge(name, help string, labels ...string) *Figure {
	return p.figure(name, help, false, labels)
}

func (p *Plugin) figure(id, help string, counter bool, labels []string) *Figure {
	f := &Figure{name: id, help: help, counter: counter, labels: labels, values: map[string]*Sample{}}
	if !name.MatchString(id) {
		p.fail("metric %q: expected a lower-case letter, then at most 63 of a-z, 0-9 and _", id)
	}
	for _, l := range labels {
		if !labelName.MatchString(l) || l == "plugin" {
			p.fail("metric %s: label %q: expected a lower-case letter, then at most 31 of a-z, 0-9 and _, and not plugin", id, l)
		}
	}
	if slices.ContainsFunc(p.figures, func(g *Figure) bool { return g.name == id }) {
		p.fail("metric %s: declared twice", id)
	}
	p.figures = append(p.figures, f)
	return f
}

// Figure is a metric of a plugin. Safe for concurrent use.
type Figure struct {
	name, help string
	counter    bool
	labels     []string

	mu     sync.Mutex
	values map[string]*Sample
}

// Add adds to the value for these label values, one for each label. A negative
// number is not added to a counter, and a wrong number of label values counts
// for none.
func (f *Figure) Add(n float64, labelValues ...string) {
	if f.counter && n < 0 {
		return
	}
	f.change(labelValues, func(s *Sample) { s.Value += n })
}

// Inc adds one.
func (f *Figure) Inc(labelValues ...string) { f.Add(1, labelValues...) }

// Set replaces the value of a gauge; a counter is left alone.
func (f *Figure) Set(n float64, labelValues ...string) {
	if !f.counter {
		f.change(labelValues, func(s *Sample) { s.Value = n })
	}
}

func (f *Figure) change(values []string, change func(*Sample)) {
	if len(values) != len(f.labels) {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	key := strings.Join(values, "\x00")
	s := f.values[key]
	if s == nil {
		if len(f.values) >= MaxSeries {
			return
		}
		s = &Sample{Labels: map[string]string{}}
		for i, l := range f.labels {
			s.Labels[l] = values[i]
		}
		f.values[key] = s
	}
	change(s)
}

// Metrics implements [Meter].
func (p *Plugin) Metrics(context.Context) ([]Metric, error) {
	if err := p.ready(); err != nil {
		return nil, fmt.Errorf("read metrics: %w", err)
	}
	var all []Metric
	for _, f := range p.figures {
		all = append(all, f.metric())
	}
	return all, nil
}

func (f *Figure) metric() Metric {
	f.mu.Lock()
	defer f.mu.Unlock()
	m := Metric{Name: f.name, Help: f.help, Counter: f.counter}
	for _, key := range slices.Sorted(maps.Keys(f.values)) {
		m.Samples = append(m.Samples, *f.values[key])
	}
	return m
}
