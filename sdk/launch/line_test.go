package launch

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/go-hclog"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestLinesAreReadInEveryFormThatPluginsWrite(t *testing.T) {
	tests := []struct {
		name, raw string
		want      Line
	}{
		{"plain text", "hello", Line{Level: hclog.Info, Message: "hello", Time: noon}},
		{"text with a level", "[WARN] careful", Line{Level: hclog.Warn, Message: "[WARN] careful", Time: noon}},
		{"a panic", "panic: boom", Line{Level: hclog.Error, Message: "panic: boom", Time: noon}},
		{
			"hclog", `{"@level":"warn","@message":"slow","@module":"net","@timestamp":"2026-03-01T11:59:59.500000Z","ms":12}`,
			Line{Level: hclog.Warn, Message: "slow", Time: noon.Add(-500 * time.Millisecond), Fields: map[string]any{"module": "net", "ms": 12.0}},
		},
		{
			"slog", `{"time":"2026-03-01T11:00:00Z","level":"ERROR","msg":"bad","n":1}`,
			Line{Level: hclog.Error, Message: "bad", Time: noon.Add(-time.Hour), Fields: map[string]any{"n": 1.0}},
		},
		{"a message of the wrong type", `{"@message":5}`, Line{Level: hclog.Info, Message: `{"@message":5}`, Time: noon}},
		{
			"members of the wrong type", `{"@message":"x","@level":7,"@timestamp":[]}`,
			Line{Level: hclog.Info, Message: "x", Time: noon, Fields: map[string]any{}},
		},
		{"a level that hides lines", `{"@message":"x","@level":"off"}`, Line{Level: hclog.Info, Message: "x", Time: noon, Fields: map[string]any{}}},
		{"broken JSON", `{"@message":`, Line{Level: hclog.Info, Message: `{"@message":`, Time: noon}},
		{"bad UTF-8", "a\xffb", Line{Level: hclog.Info, Message: "a\uFFFDb", Time: noon}},
		{
			"a member that is in the way", `{"@message":"x","@module":"a","module":"b"}`,
			Line{Level: hclog.Info, Message: "x", Time: noon, Fields: map[string]any{"@module": "a", "module": "b"}},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if d := cmp.Diff(tt.want, parse([]byte(tt.raw), noon)); d != "" {
				t.Error(d)
			}
		})
	}
}

func FuzzNoLinePanics(f *testing.F) {
	f.Add([]byte(`{"@message":5}`))
	f.Add([]byte(`{"@level":"info","@message":"x","@timestamp":"2026-03-01T11:59:59.500000Z"}`))
	f.Add([]byte("panic: boom\n\ngoroutine 1 [running]:\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		bytes := 0
		s := newLogSink(func(l Line) { bytes += len(l.Message) }, func() time.Time { return noon })
		_, _ = s.stream(false).Write(raw)
		s.close()
		if bytes > 3*len(raw) { // a bad byte becomes three
			t.Errorf("%d bytes became %d", len(raw), bytes)
		}
	})
}

// sinkLines writes to one stream in the given pieces.
func sinkLines(pieces ...string) (lines []Line, s *logSink) {
	s = newLogSink(func(l Line) { lines = append(lines, l) }, func() time.Time { return noon })
	w := s.stream(false)
	for _, p := range pieces {
		_, _ = w.Write([]byte(p))
	}
	s.close()
	return lines, s
}

func TestALineMayComeInPiecesAndWithoutAnEnd(t *testing.T) {
	lines, _ := sinkLines("he", "llo\r\nwor", "ld")
	if len(lines) != 2 || lines[0].Message != "hello" || lines[1].Message != "world" {
		t.Errorf("got %+v", lines)
	}
}

func TestALongLineIsCutAndSaysHowMuch(t *testing.T) {
	lines, _ := sinkLines(strings.Repeat("x", MaxLine), "yz", "\nnext\n")
	if len(lines) != 2 || len(lines[0].Message) != MaxLine || lines[0].Fields[FieldCut] != 2 || lines[1].Message != "next" {
		t.Errorf("got %d lines, cut %v", len(lines), lines[0].Fields)
	}
}

func TestTooManyLinesAreCountedUntilTheRateAllowsMore(t *testing.T) {
	now := noon
	var lines []Line
	s := newLogSink(func(l Line) { lines = append(lines, l) }, func() time.Time { return now })
	w := s.stream(false)
	_, _ = w.Write([]byte(strings.Repeat("x\n", lineBurst+7)))
	if len(lines) != lineBurst {
		t.Fatalf("%d lines passed", len(lines))
	}
	now = now.Add(time.Second)
	_, _ = w.Write([]byte("more\n"))
	if got := lines[lineBurst].Fields[FieldSuppressed]; got != 7 || lines[lineBurst+1].Message != "more" {
		t.Errorf("got %v, then %q", got, lines[lineBurst+1].Message)
	}
}

func TestTheTailKeepsTheLastLinesAndWhereThePanicBegan(t *testing.T) {
	_, s := sinkLines("before\npanic: boom\n", strings.Repeat("stack\n", TailLines), "end\n")
	got := s.last()
	if len(got) != TailLines || got[0] != "panic: boom" || got[TailLines-1] != "end" {
		t.Errorf("got %q", got)
	}
}

func TestNothingIsPassedOnAfterTheEnd(t *testing.T) {
	n := 0
	s := newLogSink(func(Line) { n++ }, func() time.Time { return noon })
	w := s.stream(true)
	s.close()
	_, _ = w.Write([]byte("late\n"))
	if n != 0 {
		t.Errorf("%d lines", n)
	}
}
