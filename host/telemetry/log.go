package telemetry

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/hashicorp/go-hclog"

	"github.com/jarvis-host/jarvis/host/scrub"
)

// The formats of the log.
const (
	FormatJSON = "json" // one object a line
	FormatText = "text" // one line a record, for people
)

// timeFormat is UTC with milliseconds.
const timeFormat = "2006-01-02T15:04:05.000Z07:00"

// NewLogger returns the host's logger: every record is scrubbed, is one line,
// and holds nothing that moves a terminal's cursor or turns its text around.
// The level is one of trace, debug, info, warn and error; any other is info.
func NewLogger(w io.Writer, format, level string, s *scrub.Scrubber) hclog.Logger {
	return hclog.New(&hclog.LoggerOptions{
		Level: Level(level), Output: NewSink(w, s), JSONFormat: format == FormatJSON, Color: hclog.ColorOff,
		TimeFormat: timeFormat, TimeFn: func() time.Time { return time.Now().UTC() },
	})
}

// Level reads a level by its name; an unknown one is info.
func Level(name string) hclog.Level {
	if l := hclog.LevelFromString(name); l != hclog.NoLevel {
		return l
	}
	return hclog.Info
}

// NewSink returns a writer in front of a log: each Write is one whole record,
// which is scrubbed, made harmless and written as one line with one Write. A
// record is never cut: half a secret could not be recognised. Safe for
// concurrent use when w is.
func NewSink(w io.Writer, s *scrub.Scrubber) io.Writer { return &sink{w: w, s: s} }

type sink struct {
	w io.Writer
	s *scrub.Scrubber
}

// Write implements [io.Writer].
func (k *sink) Write(record []byte) (int, error) {
	text := strings.TrimRight(string(record), "\n")
	if _, err := io.WriteString(k.w, Harmless(k.s.Scrub(text))+"\n"); err != nil {
		return 0, fmt.Errorf("write log: %w", err)
	}
	return len(record), nil
}

// Harmless escapes what could make one line look like several, hide a part of
// it, or steer a terminal: control characters but tabs, those that turn the direction of
// text around, and those that show nothing. The escapes are
// those of JSON, so a JSON record stays one.
func Harmless(s string) string {
	if !strings.ContainsFunc(s, harmful) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case !harmful(r):
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

func harmful(r rune) bool {
	return r < ' ' && r != '\t' || r >= 0x7f && r <= 0x9f || // controls
		r == 0x061c || r == 0x200e || r == 0x200f || // marks of direction
		r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x2069 || // line ends, embeddings, isolates
		r == 0xfeff ||
		r >= 0xe0000 && r <= 0xe007f // tags, which show nothing
}
