package telemetry

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// rotated lists the old files beside a log, and what stands in them.
func rotated(t *testing.T, path string) map[string]string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(filepath.Dir(path), "jarvis-*"))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, name := range found {
		f, err := os.Open(name)
		if err != nil {
			continue // removed meanwhile
		}
		var r io.Reader = f
		if strings.HasSuffix(name, ".gz") {
			if r, err = gzip.NewReader(f); err != nil {
				_ = f.Close()
				continue // being written
			}
		}
		raw, _ := io.ReadAll(r)
		_ = f.Close()
		out[name] = string(raw)
	}
	return out
}

// logFolder is a folder for a log whose old files may still be compressed when
// the test ends: lumberjack does that by itself, and Close does not wait for it.
func logFolder(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "log")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		waitFor(t, "the folder to be removed", func() bool { return os.RemoveAll(folder) == nil })
	})
	return folder
}

func waitFor(t *testing.T, what string, check func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(30 * time.Second); !check(); <-tick.C {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

func TestALogFileIsPutAsideBySizeAndTheOldestGo(t *testing.T) {
	path := filepath.Join(logFolder(t), "logs", "jarvis.log")
	f, err := OpenFile(path, Rotation{Megabytes: 1, Keep: 2, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	record := strings.Repeat("x", 300<<10)
	for i := range 16 {
		if _, err := fmt.Fprintf(f, "%02d %s\n", i, record); err != nil {
			t.Fatal(err)
		}
	}
	waitFor(t, "two old files, both compressed", func() bool {
		old := rotated(t, path)
		for name := range old {
			if !strings.HasSuffix(name, ".gz") {
				return false
			}
		}
		return len(old) == 2
	})
	for name, text := range rotated(t, path) {
		for line := range strings.Lines(text) {
			if !strings.HasSuffix(line, "x\n") {
				t.Errorf("%s holds half a record", name)
			}
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 || info.Size() > 1<<20 {
		t.Errorf("the log is %v, %v", info, err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}

func TestALogFileIsPutAsideByAgeAcrossRestarts(t *testing.T) {
	path := filepath.Join(logFolder(t), "jarvis.log")
	now := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	open := func() *File {
		f, err := OpenFile(path, Rotation{Megabytes: 1, Age: 24 * time.Hour, Keep: 9, Now: func() time.Time { return now }})
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	say := func(f *File, text string) {
		if _, err := fmt.Fprintf(f, `{"@message":%q,"@timestamp":%q}`+"\n", text, now.Format(timeFormat)); err != nil {
			t.Fatal(err)
		}
	}
	f := open()
	say(f, "first")
	_ = f.Close()
	now = now.Add(23 * time.Hour)
	f = open()
	say(f, "second")
	now = now.Add(time.Hour)
	say(f, "third")
	_ = f.Close()
	raw, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(raw), "third") || strings.Contains(string(raw), "second") {
		t.Errorf("the log holds %s (%v)", raw, err)
	}
	waitFor(t, "the old file", func() bool {
		for _, text := range rotated(t, path) {
			return strings.Contains(text, "first") && strings.Contains(text, "second")
		}
		return false
	})
}

func TestALogFileThatWasMovedAwayIsMadeAnew(t *testing.T) {
	path := filepath.Join(logFolder(t), "jarvis.log")
	f, err := OpenFile(path, Rotation{Megabytes: 1, Keep: 1, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	_, _ = f.Write([]byte("before\n"))
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	if err := f.Reopen(); err != nil {
		t.Fatal(err)
	}
	_, _ = f.Write([]byte("after\n"))
	_ = f.Close()
	was, _ := os.ReadFile(path + ".1")
	is, _ := os.ReadFile(path)
	if string(was) != "before\n" || string(is) != "after\n" {
		t.Errorf("moved away: %q, new: %q", was, is)
	}
}

// stuck is a writer that waits, and then fails or not.
type stuck struct {
	mu    sync.Mutex
	gate  chan struct{}
	err   error
	wrote []string
}

func (s *stuck) Write(p []byte) (int, error) {
	<-s.gate
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return 0, s.err
	}
	s.wrote = append(s.wrote, string(p))
	return len(p), nil
}

func TestWhoLogsNeverWaitsForTheLog(t *testing.T) {
	w := &stuck{gate: make(chan struct{})}
	q := NewQueue(w, func(err error) { t.Error(err) })
	record := []byte(strings.Repeat("r", 1<<20))
	for range 10 {
		if n, err := q.Write(record); n != len(record) || err != nil {
			t.Fatal(n, err)
		}
	}
	lost := 0
	q.Lost(func(n int) { lost += n })
	if lost != 6 {
		t.Errorf("%d records are lost, want 6: four fit", lost)
	}
	enough := make(chan struct{})
	close(enough)
	if err := q.Close(enough); !errors.Is(err, errUnwritten) {
		t.Errorf("closing while stuck: %v", err)
	}
	close(w.gate)
	if err := q.Close(nil); err != nil || len(w.wrote) != 4 {
		t.Errorf("%d were written (%v), want 4", len(w.wrote), err)
	}
	if _, _ = q.Write(record); lost != 7 {
		t.Errorf("after the end %d are lost, want 7", lost)
	}
}

func TestALogThatCannotBeWrittenIsToldOfOnce(t *testing.T) {
	w := &stuck{gate: make(chan struct{}), err: errors.New("no space left on device")}
	close(w.gate)
	var told []string
	q := NewQueue(w, func(err error) { told = append(told, err.Error()) })
	lost := 0
	q.Lost(func(n int) { lost += n })
	for range 5 {
		_, _ = q.Write([]byte("record\n"))
	}
	if err := q.Close(nil); err != nil || lost != 5 {
		t.Errorf("%d are lost, want 5 (%v)", lost, err)
	}
	if len(told) != 1 || told[0] != "log not written: no space left on device" {
		t.Errorf("told %q", told)
	}
}

// However often a log is put aside or opened anew, one goroutine works on its old files.
func TestALogThatIsOpenedAnewHasNoMoreGoroutines(t *testing.T) { // fault-R5
	path := filepath.Join(logFolder(t), "jarvis.log")
	f, err := OpenFile(path, Rotation{Megabytes: 1, Keep: 2, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	write := func() {
		t.Helper()
		if _, err := f.Write([]byte("a record\n")); err != nil {
			t.Fatal(err)
		}
	}
	write()
	before := workers()
	for range 100 {
		if err := f.Reopen(); err != nil {
			t.Fatal(err)
		}
		write()
	}
	if after := workers(); before == 0 || after != before {
		t.Errorf("%d goroutines of log files before, %d after", before, after)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// workers counts the goroutines of rotating files, also those that have not run yet.
func workers() int {
	b := make([]byte, 4<<20)
	return strings.Count(string(b[:runtime.Stack(b, true)]), ".(*Logger).mill.func1 in goroutine")
}
