package telemetry

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"time"

	"gopkg.in/natefinch/lumberjack.v2"
)

// Rotation says when a log file is put aside for a new one.
type Rotation struct {
	Megabytes int           // the most that it may weigh
	Age       time.Duration // the oldest that its first record may be; 0 is no bound
	Keep      int           // how many old files are kept, at least one
	Now       func() time.Time
}

// File is a log file that is put aside when it is too large or too old, under
// its name with the time in it, compressed; the oldest of those are removed.
// Only its owner can read it. Safe for concurrent use.
type File struct {
	rotation Rotation
	mu       sync.Mutex
	log      *lumberjack.Logger
	born     time.Time // of its first record; zero is not known yet
}

// OpenFile opens a log file, or makes it and its folder.
func OpenFile(path string, r Rotation) (*File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	if err := f.Close(); err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	return &File{rotation: r, log: &lumberjack.Logger{Filename: path, MaxSize: r.Megabytes, MaxBackups: r.Keep, Compress: true}}, nil
}

// Write implements [io.Writer]: a record is never split between two files.
func (f *File) Write(record []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.rotation.Now()
	if f.born.IsZero() {
		f.born = firstRecord(f.log.Filename, now)
	}
	if f.rotation.Age > 0 && now.Sub(f.born) >= f.rotation.Age {
		if err := f.log.Rotate(); err != nil {
			return 0, fmt.Errorf("put log aside: %w", err)
		}
		f.born = now
	}
	n, err := f.log.Write(record)
	if err != nil {
		// On a disk that was full the next one may begin anew.
		return n, errors.Join(fmt.Errorf("write log: %w", err), f.log.Close())
	}
	return n, nil
}

// Reopen takes the file by its name again: another program has moved the old
// one away.
func (f *File) Reopen() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.born = time.Time{}
	if err := f.log.Close(); err != nil {
		return fmt.Errorf("reopen log: %w", err)
	}
	return nil
}

// Close closes the file.
func (f *File) Close() error { return f.Reopen() }

var stamp = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z`)

// firstRecord is the time of a log's first record; one without any begins now.
func firstRecord(path string, now time.Time) time.Time {
	f, err := os.Open(path)
	if err != nil {
		return now
	}
	defer func() { _ = f.Close() }()
	head := make([]byte, 4096)
	n, _ := io.ReadFull(f, head)
	at, err := time.Parse(time.RFC3339, string(stamp.Find(head[:n])))
	if err != nil {
		return now
	}
	return at
}
