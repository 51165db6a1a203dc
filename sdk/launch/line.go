package launch

import (
	"bytes"
	"encoding/json"
	"strings"
	"time"

	"github.com/hashicorp/go-hclog"
)

// Line is one thing that a plugin logged or printed.
type Line struct {
	Level   hclog.Level
	Message string
	// Fields are the further members of a structured line. Lines that this
	// package made or marked carry one of the Field constants.
	Fields map[string]any
	Time   time.Time
}

// The fields that this package adds to lines.
const (
	// FieldCut counts the bytes of an overlong line that were dropped.
	FieldCut = "cut_bytes"
	// FieldSuppressed counts the lines that were dropped because there were
	// too many.
	FieldSuppressed = "suppressed"
	// FieldStream is "stdout" on lines that the plugin printed there.
	FieldStream = "stream"
)

// parse reads one line. now is its time unless it carries its own.
func parse(raw []byte, now time.Time) Line {
	if bytes.HasPrefix(raw, []byte("{")) {
		if l, ok := parseJSON(raw, now); ok {
			return l
		}
	}
	text := strings.ToValidUTF8(string(raw), "\uFFFD")
	return Line{Level: levelOfText(text), Message: text, Time: now}
}

// The members of a line in hclog's JSON format and in slog's.
var dialects = []struct{ level, message, time string }{
	{"@level", "@message", "@timestamp"},
	{"level", "msg", "time"},
}

// parseJSON understands the lines of hclog and slog. Every member may have any
// type: the plugin wrote it.
func parseJSON(raw []byte, now time.Time) (Line, bool) {
	var fields map[string]any
	if json.Unmarshal(raw, &fields) != nil {
		return Line{}, false
	}
	for _, d := range dialects {
		message, ok := fields[d.message].(string)
		if !ok {
			continue
		}
		level, _ := fields[d.level].(string)
		l := Line{Level: levelNamed(level), Message: message, Time: timeOf(fields[d.time], now)}
		delete(fields, d.message)
		delete(fields, d.level)
		delete(fields, d.time)
		l.Fields = plainNames(fields)
		return l, true
	}
	return Line{}, false
}

// plainNames turns hclog's own "@module" into "module"; a member that the
// plugin calls so itself stays.
func plainNames(fields map[string]any) map[string]any {
	out := make(map[string]any, len(fields))
	for k, v := range fields {
		if plain, special := strings.CutPrefix(k, "@"); special {
			if _, taken := fields[plain]; !taken {
				k = plain
			}
		}
		out[k] = v
	}
	return out
}

func levelNamed(name string) hclog.Level {
	if l := hclog.LevelFromString(name); l != hclog.NoLevel && l != hclog.Off {
		return l
	}
	return hclog.Info
}

func timeOf(v any, now time.Time) time.Time {
	s, _ := v.(string)
	for _, layout := range []string{hclog.TimeFormatJSON, time.RFC3339Nano} {
		if t, err := time.Parse(layout, s); err == nil {
			return t
		}
	}
	return now
}

// levelOfText guesses the level of plain text from how it begins.
func levelOfText(text string) hclog.Level {
	if opensPanic([]byte(text)) {
		return hclog.Error
	}
	for prefix, level := range map[string]hclog.Level{
		"[TRACE]": hclog.Trace, "[DEBUG]": hclog.Debug, "[INFO]": hclog.Info, "[WARN]": hclog.Warn, "[ERROR]": hclog.Error,
	} {
		if strings.HasPrefix(text, prefix) {
			return level
		}
	}
	return hclog.Info
}
