package journal

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
)

// old is the ending of the file that was full.
const old = ".1"

// File holds the records of a plugin; when it is full, it takes the place of the
// one before. Only its owner can read it. It is for one goroutine.
type File struct {
	path string
	f    *os.File
	size int64
}

// Write implements [io.Writer]: each record with one Write. A file that can't be
// written is tried again with the next one.
func (f *File) Write(record []byte) (int, error) {
	if err := f.ready(len(record)); err != nil {
		return 0, fmt.Errorf("write journal: %w", err)
	}
	n, err := f.f.Write(record)
	f.size += int64(n)
	if err != nil {
		return n, errors.Join(fmt.Errorf("write journal: %w", err), f.Close())
	}
	return n, nil
}

// Close closes the file; it may be written again.
func (f *File) Close() error {
	if f.f == nil {
		return nil
	}
	err := f.f.Close()
	f.f = nil
	if err != nil {
		return fmt.Errorf("close journal: %w", err)
	}
	return nil
}

// ready opens the file, and makes room.
func (f *File) ready(room int) error {
	if f.f != nil && f.size+int64(room) > keptBytes && f.size > 0 {
		if err := f.Close(); err != nil {
			return err
		}
		if err := os.Rename(f.path, f.path+old); err != nil {
			return err
		}
	}
	if f.f != nil {
		return nil
	}
	file, err := os.OpenFile(f.path, os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		return errors.Join(err, file.Close())
	}
	f.f, f.size = file, info.Size()
	return f.mend()
}

// mend ends a line that a full disk or a lost machine has cut.
func (f *File) mend() error {
	if f.size == 0 {
		return nil
	}
	end := make([]byte, 1)
	if _, err := f.f.ReadAt(end, f.size-1); err != nil || end[0] == '\n' {
		return err
	}
	n, err := f.f.WriteString("\n")
	f.size += int64(n)
	return err
}

// read tells the records that are there, the oldest first. A line that is none
// is passed over: a disk that was full has cut it.
func (f *File) read(tell func(record)) {
	for _, path := range []string{f.path + old, f.path} {
		file, err := os.Open(path)
		if err != nil {
			continue // there is none yet
		}
		lines := bufio.NewScanner(file)
		lines.Buffer(nil, keptBytes+1)
		for lines.Scan() {
			var head struct{ N uint64 }
			if json.Unmarshal(lines.Bytes(), &head) == nil && head.N > 0 {
				tell(record{n: head.N, raw: append(json.RawMessage(nil), lines.Bytes()...)})
			}
		}
		_ = file.Close() // it was only read
	}
}
