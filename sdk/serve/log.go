package serve

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"
)

// maxValue is the longest text that one field of a record holds, in bytes.
const maxValue = 16 << 10

// timeFormat is the one of hclog.
const timeFormat = "2006-01-02T15:04:05.000000Z07:00"

// Handler is a [slog.Handler] that writes what a host reads: hclog's JSON, one
// line a record. Groups become dotted keys. What is longer than 16 KiB is cut,
// and says so. Safe for concurrent use.
type Handler struct {
	mu     *sync.Mutex
	w      io.Writer
	prefix string // of the open groups, with its dot
	attrs  []slog.Attr
}

// NewHandler returns a handler that writes to w, each record with one Write.
func NewHandler(w io.Writer) *Handler { return &Handler{mu: &sync.Mutex{}, w: w} }

// Enabled implements [slog.Handler]: the host decides what it keeps.
func (h *Handler) Enabled(context.Context, slog.Level) bool { return true }

// WithAttrs implements [slog.Handler].
func (h *Handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	next := *h
	next.attrs = slices.Clip(slices.Clone(h.attrs))
	for _, a := range attrs {
		a.Key = h.prefix + a.Key
		next.attrs = append(next.attrs, a)
	}
	return &next
}

// WithGroup implements [slog.Handler].
func (h *Handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	next := *h
	next.prefix += name + "."
	return &next
}

// Handle implements [slog.Handler].
func (h *Handler) Handle(_ context.Context, r slog.Record) error {
	line := map[string]any{}
	for _, a := range h.attrs {
		flatten(line, "", a)
	}
	r.Attrs(func(a slog.Attr) bool {
		flatten(line, h.prefix, a)
		return true
	})
	line["@level"], line["@message"] = level(r.Level), cut(r.Message)
	if !r.Time.IsZero() {
		line["@timestamp"] = r.Time.Format(timeFormat)
	}
	raw, err := json.Marshal(line)
	if err != nil {
		return fmt.Errorf("encode log record: %w", err)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	_, err = h.w.Write(append(raw, '\n'))
	return err
}

// flatten puts an attribute, and those inside of it, under their keys.
func flatten(line map[string]any, prefix string, a slog.Attr) {
	v := a.Value.Resolve()
	if v.Kind() != slog.KindGroup {
		if a.Key != "" {
			// Keys that begin with @ are the record's own.
			line[prefix+strings.TrimLeft(a.Key, "@")] = plain(v)
		}
		return
	}
	if a.Key != "" {
		prefix += a.Key + "."
	}
	for _, inner := range v.Group() {
		flatten(line, prefix, inner)
	}
}

// plain is a value as JSON can show it.
func plain(v slog.Value) any {
	switch v.Kind() {
	case slog.KindBool:
		return v.Bool()
	case slog.KindInt64:
		return v.Int64()
	case slog.KindUint64:
		return v.Uint64()
	case slog.KindDuration:
		return v.Duration().String()
	case slog.KindTime:
		return v.Time().Format(time.RFC3339Nano)
	case slog.KindAny:
		return plainAny(v.Any())
	default: // text, and numbers that may be none
		return cut(v.String())
	}
}

func plainAny(v any) any {
	switch v := v.(type) {
	case error:
		return cut(v.Error())
	case fmt.Stringer:
		return cut(v.String())
	}
	raw, err := json.Marshal(v)
	if err != nil || len(raw) > maxValue {
		return cut(fmt.Sprintf("%+v", v))
	}
	return json.RawMessage(raw)
}

func cut(s string) string {
	if len(s) <= maxValue {
		return s
	}
	return fmt.Sprintf("%s (%d bytes left out)", s[:maxValue], len(s)-maxValue)
}

func level(l slog.Level) string {
	switch {
	case l < slog.LevelDebug:
		return "trace"
	case l < slog.LevelInfo:
		return "debug"
	case l < slog.LevelWarn:
		return "info"
	case l < slog.LevelError:
		return "warn"
	}
	return "error"
}
