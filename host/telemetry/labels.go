package telemetry

import (
	"slices"
	"sync"
)

func (f family) labelNames() []string {
	names := make([]string, len(f.labels))
	for i, l := range f.labels {
		names[i] = l.name
	}
	return names
}

// value returns v if label i may have it.
func (f family) value(i int, v string) string {
	if slices.Contains(f.labels[i].values, v) {
		return v
	}
	return other
}

// learnt is a label's set that is made by the first values that come. Safe for
// concurrent use.
type learnt struct {
	most   int
	mu     sync.RWMutex
	values map[string]bool
}

func newLearnt(most int) *learnt { return &learnt{most: most, values: map[string]bool{}} }

// value returns v if it is in the set, or if there is room for it.
func (l *learnt) value(v string) string {
	l.mu.RLock()
	known, full := l.values[v], len(l.values) >= l.most
	l.mu.RUnlock()
	switch {
	case known:
		return v
	case full:
		return other
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.values) >= l.most && !l.values[v] {
		return other
	}
	l.values[v] = true
	return v
}
