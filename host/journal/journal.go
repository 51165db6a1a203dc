// Package journal keeps the last lines that each plugin logged or printed, so
// that its author finds them without the log of the whole host, also after the
// host was started again.
package journal

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Line is one thing that a plugin said, or that the host says of it.
type Line struct {
	// N counts the lines of a plugin: a number that is missed is a line that is
	// not kept any more.
	N       uint64         `json:"n"`
	Time    time.Time      `json:"time"`
	Level   string         `json:"level"`
	Message string         `json:"message"`
	Fields  map[string]any `json:"fields,omitempty"`
}

// Bounds of what is kept of a plugin.
const (
	keptLines = 1000
	keptBytes = 1 << 20 // in memory, and the most that one of its two files holds
)

// Options of a journal.
type Options struct {
	Dir string // of the files; it is made
	// Clean takes secrets out of a record in JSON, and leaves it one.
	Clean func(record string) string
	// Open makes the writer in front of a file, so that nobody waits for a disk.
	Open func(file *File) Writer
}

// Writer is where records go to be written.
type Writer interface {
	Write(record []byte) (int, error)
	Close(enough <-chan struct{}) error
}

// Journal is safe for concurrent use.
type Journal struct {
	o     Options
	mu    sync.Mutex
	tails map[string]*tail
}

// Open makes the folder. What earlier runs left is read when it is asked for.
func Open(o Options) (*Journal, error) {
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("open journal: %w", err)
	}
	return &Journal{o: o, tails: map[string]*tail{}}, nil
}

// Add keeps a line of a plugin; its number is given here. It waits for no disk,
// and does not fail: a journal that can't be written is still there in memory.
func (j *Journal) Add(plugin string, l Line) {
	t := j.tail(plugin)
	t.mu.Lock()
	defer t.mu.Unlock()
	l.N = t.last + 1
	record := j.record(l)
	t.last = l.N
	t.add(record)
	_, _ = t.out.Write(append(record.raw, '\n')) // it counts what it loses
}

// record writes a line as it is kept. One that can't be written is told of.
func (j *Journal) record(l Line) record {
	raw, err := json.Marshal(l)
	if err != nil {
		l.Fields, l.Message = nil, l.Message+" (its fields can't be shown: "+err.Error()+")"
		raw, _ = json.Marshal(l) // of strings and numbers
	}
	raw = []byte(j.o.Clean(string(raw)))
	if !json.Valid(raw) {
		raw, _ = json.Marshal(Line{N: l.N, Time: l.Time, Level: l.Level, Message: j.o.Clean(l.Message)})
	}
	return record{n: l.N, raw: raw}
}

// After returns the lines of a plugin after number n, the oldest first, at most
// limit of them. A number that no line has yet is of a journal that is gone: the
// lines of the new one are told from its beginning.
func (j *Journal) After(plugin string, n uint64, limit int) []json.RawMessage {
	t := j.tail(plugin)
	t.mu.Lock()
	defer t.mu.Unlock()
	if n > t.last {
		n = 0
	}
	var out []json.RawMessage
	for _, r := range t.kept {
		if r.n > n && len(out) < limit {
			out = append(out, r.raw)
		}
	}
	return out
}

// Last returns the last lines of a plugin, the oldest first, at most limit.
func (j *Journal) Last(plugin string, limit int) []json.RawMessage {
	t := j.tail(plugin)
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []json.RawMessage
	for _, r := range t.kept[max(0, len(t.kept)-limit):] {
		out = append(out, r.raw)
	}
	return out
}

// Close writes what waits to be written, until enough is closed.
func (j *Journal) Close(enough <-chan struct{}) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	var first error
	for plugin, t := range j.tails {
		if err := t.out.Close(enough); err != nil && first == nil {
			first = fmt.Errorf("journal of %s: %w", plugin, err)
		}
	}
	return first
}

// tail finds what is kept of a plugin, and reads it the first time.
func (j *Journal) tail(plugin string) *tail {
	j.mu.Lock()
	defer j.mu.Unlock()
	t, ok := j.tails[plugin]
	if !ok {
		file := &File{path: filepath.Join(j.o.Dir, plugin+".jsonl")}
		t = &tail{}
		file.read(t.add)
		if len(t.kept) > 0 {
			t.last = t.kept[len(t.kept)-1].n
		}
		t.out = j.o.Open(file)
		j.tails[plugin] = t
	}
	return t
}

// record is a line as it is kept.
type record struct {
	n   uint64
	raw json.RawMessage
}

// tail is what is kept of one plugin.
type tail struct {
	mu    sync.Mutex
	out   Writer
	last  uint64
	kept  []record
	bytes int
}

// add keeps a record, and lets the oldest go.
func (t *tail) add(r record) {
	t.kept, t.bytes = append(t.kept, r), t.bytes+len(r.raw)
	gone := 0
	for len(t.kept)-gone > keptLines || t.bytes > keptBytes && gone < len(t.kept)-1 {
		t.bytes -= len(t.kept[gone].raw)
		gone++
	}
	t.kept = t.kept[gone:]
}
