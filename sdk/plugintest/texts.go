package plugintest

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
)

// textMissing is what an SDK logs when a plugin asks for a text by a key that it
// does not have; the person then reads the key.
const textMissing = "text is missing"

// missing gathers the keys without a text. Safe for concurrent use.
type missing struct {
	mu   sync.Mutex
	keys []string // each as an author reads it, in order
	told map[string]bool
}

func (m *missing) add(key, lang any) {
	m.mu.Lock()
	defer m.mu.Unlock()
	text := fmt.Sprintf("there is no text %q (%v)", key, lang)
	if m.told[text] {
		return
	}
	if m.told == nil {
		m.told = map[string]bool{}
	}
	m.told[text] = true
	m.keys = append(m.keys, text)
}

func (m *missing) take() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	keys := m.keys
	m.keys = nil
	return keys
}

// untold fails the test for texts that the plugin does not have. It runs on the
// test's goroutine: a plugin's own may outlive the test.
func (h *Host) untold() {
	h.t.Helper()
	for _, text := range h.missing.take() {
		h.t.Errorf("%s: the person reads the key", text)
	}
}

// listener hears of missing texts on their way to the log.
type listener struct {
	slog.Handler
	missing *missing
}

// Handle implements [slog.Handler].
func (l *listener) Handle(ctx context.Context, r slog.Record) error {
	if r.Message == textMissing {
		var key, lang slog.Value
		r.Attrs(func(a slog.Attr) bool {
			switch a.Key {
			case "key":
				key = a.Value
			case "lang":
				lang = a.Value
			}
			return true
		})
		l.missing.add(key.String(), lang)
	}
	return l.Handler.Handle(ctx, r) //nolint:wrapcheck // nothing to add
}

// WithAttrs implements [slog.Handler].
func (l *listener) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &listener{l.Handler.WithAttrs(attrs), l.missing}
}

// WithGroup implements [slog.Handler].
func (l *listener) WithGroup(name string) slog.Handler {
	return &listener{l.Handler.WithGroup(name), l.missing}
}
