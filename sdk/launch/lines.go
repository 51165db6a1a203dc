package launch

import (
	"bytes"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
)

// A plugin may log this much before lines are counted instead of passed on.
const (
	lineBurst = 500
	lineRate  = 100 // a second
)

// logSink gathers a plugin's streams into lines, at a bounded rate. Safe for
// concurrent use.
type logSink struct {
	emit func(Line)
	now  func() time.Time

	mu         sync.Mutex
	tail       tail
	streams    []*lineWriter
	allowance  float64
	refilled   time.Time
	suppressed int
	closed     bool
}

func newLogSink(emit func(Line), now func() time.Time) *logSink {
	return &logSink{emit: emit, now: now, allowance: lineBurst, refilled: now()}
}

// lineWriter cuts one stream into lines for its sink. It never fails and never
// holds more than MaxLine bytes.
type lineWriter struct {
	sink   *logSink
	stdout bool
	buf    []byte
	cut    int
	panics bool // a panic's stack is being written
}

// stream returns the writer for one stream of the plugin.
func (s *logSink) stream(stdout bool) *lineWriter {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := &lineWriter{sink: s, stdout: stdout}
	s.streams = append(s.streams, w)
	return w
}

// Write implements io.Writer.
func (w *lineWriter) Write(p []byte) (int, error) {
	w.sink.mu.Lock()
	defer w.sink.mu.Unlock()
	for rest := p; len(rest) > 0; {
		part, after, ended := bytes.Cut(rest, []byte{'\n'})
		w.keep(part)
		if ended {
			w.flush()
		}
		rest = after
	}
	return len(p), nil
}

func (w *lineWriter) keep(part []byte) {
	n := min(len(part), MaxLine-len(w.buf))
	w.buf = append(w.buf, part[:n]...)
	w.cut += len(part) - n
}

func (w *lineWriter) flush() {
	line := bytes.TrimSuffix(w.buf, []byte{'\r'})
	if len(line) > 0 {
		w.sink.take(w, line)
	}
	w.buf, w.cut = w.buf[:0], 0
}

// take passes one line on, or counts it. The sink is locked.
func (s *logSink) take(w *lineWriter, raw []byte) {
	if s.closed {
		return
	}
	if !w.stdout {
		s.tail.add(raw)
	}
	now := s.now()
	if !s.allow(now) {
		s.suppressed++
		return
	}
	s.tellSuppressed(now)
	s.emit(w.line(raw, now))
}

func (w *lineWriter) line(raw []byte, now time.Time) Line {
	l := parse(raw, now)
	w.panics = w.panics || opensPanic(raw)
	if w.panics && len(l.Fields) == 0 {
		l.Level = hclog.Error
	}
	if w.cut > 0 {
		l.set(FieldCut, w.cut)
	}
	if w.stdout {
		l.set(FieldStream, "stdout")
	}
	return l
}

func (l *Line) set(key string, v any) {
	if l.Fields == nil {
		l.Fields = map[string]any{}
	}
	l.Fields[key] = v
}

// allow is a token bucket.
func (s *logSink) allow(now time.Time) bool {
	s.allowance = min(lineBurst, s.allowance+now.Sub(s.refilled).Seconds()*lineRate)
	s.refilled = now
	if s.allowance < 1 {
		return false
	}
	s.allowance--
	return true
}

func (s *logSink) tellSuppressed(now time.Time) {
	if s.suppressed == 0 {
		return
	}
	s.emit(Line{
		Level: hclog.Warn, Message: "plugin logs too much", Time: now,
		Fields: map[string]any{FieldSuppressed: s.suppressed},
	})
	s.suppressed = 0
}

// last returns the last lines of the plugin's standard error.
func (s *logSink) last() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tail.all()
}

// close passes on what is left; later writes are dropped.
func (s *logSink) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range s.streams {
		w.flush()
	}
	s.tellSuppressed(s.now())
	s.closed = true
}
