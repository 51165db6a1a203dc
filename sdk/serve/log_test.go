package serve

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/go-hclog"
)

// record logs one record and returns it decoded.
func record(t *testing.T, log func(*slog.Logger)) map[string]any {
	t.Helper()
	var out bytes.Buffer
	log(slog.New(NewHandler(&out)))
	if strings.Count(out.String(), "\n") != 1 || !strings.HasSuffix(out.String(), "\n") {
		t.Fatalf("record is not one line: %q", out.String())
	}
	var got map[string]any
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if _, err := time.Parse(timeFormat, got["@timestamp"].(string)); err != nil {
		t.Error(err)
	}
	delete(got, "@timestamp")
	return got
}

type place struct{ X, Y int }

func (p *place) String() string { return fmt.Sprintf("%d/%d", p.X, p.Y) }

func TestRecordsAreHclogsJSON(t *testing.T) {
	for name, c := range map[string]struct {
		log  func(*slog.Logger)
		want map[string]any
	}{
		"level and message": {
			func(l *slog.Logger) { l.Warn("two\nlines \u001b[31m") },
			map[string]any{"@level": "warn", "@message": "two\nlines \u001b[31m"},
		},
		"kinds": {
			func(l *slog.Logger) {
				l.Info("m", "n", 1, "u", uint64(2), "f", 1.5, "b", true, "d", time.Second, "e", errors.New("no"),
					"t", time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), "list", []int{1}, "s", &place{1, 2}, "nan", math.NaN())
			},
			map[string]any{
				"@level": "info", "@message": "m", "n": 1.0, "u": 2.0, "f": "1.5", "b": true, "d": "1s", "e": "no",
				"t": "2026-01-02T03:04:05Z", "list": []any{1.0}, "s": "1/2", "nan": "NaN",
			},
		},
		"groups": {
			func(l *slog.Logger) {
				l.With("a", 1).WithGroup("g").With("b", 2).WithGroup("").WithGroup("h").Error("m",
					"c", 3, slog.Group("i", "d", 4), slog.Group("", "e", 5), slog.Group("none"))
			},
			map[string]any{"@level": "error", "@message": "m", "a": 1.0, "g.b": 2.0, "g.h.c": 3.0, "g.h.i.d": 4.0, "g.h.e": 5.0},
		},
		"keys of the record's own": {
			func(l *slog.Logger) { l.Debug("m", "@message", "forged", "@level", "off") },
			map[string]any{"@level": "debug", "@message": "m", "message": "forged", "level": "off"},
		},
		"what JSON can't show": {
			func(l *slog.Logger) { l.Info("m", "c", struct{ C chan int }{}) },
			map[string]any{"@level": "info", "@message": "m", "c": "{C:<nil>}"},
		},
		"a level below debug": {
			func(l *slog.Logger) { l.Log(t.Context(), slog.LevelDebug-4, "m") },
			map[string]any{"@level": "trace", "@message": "m"},
		},
		"what is too long": {
			func(l *slog.Logger) { l.Info("m", "s", strings.Repeat("x", maxValue+7)) },
			map[string]any{"@level": "info", "@message": "m", "s": strings.Repeat("x", maxValue) + " (7 bytes left out)"},
		},
	} {
		if diff := cmp.Diff(c.want, record(t, c.log)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestTheHostKnowsEveryLevel(t *testing.T) {
	for l := slog.LevelDebug - 1; l <= slog.LevelError+1; l++ {
		if hclog.LevelFromString(level(l)) == hclog.NoLevel {
			t.Errorf("level %v is written as %q", l, level(l))
		}
	}
}

func TestLoggersWithTheSameParentDoNotShareFields(t *testing.T) {
	var out bytes.Buffer
	parent := slog.New(NewHandler(&out)).With("p", 1)
	first := parent.With("a", 1)
	parent.With("b", 2)
	first.Info("m")
	if got := out.String(); !strings.Contains(got, `"a":1`) || strings.Contains(got, `"b"`) {
		t.Errorf("record is %s", got)
	}
}
