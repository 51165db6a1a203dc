package supervisor

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// tempPrefix begins the name of a copy that is being made.
const tempPrefix = "copy-"

// The folders below the data folder.
const (
	pluginsFolder = "plugins"
	recordsFolder = "run"
)

// chunk is how much of a program is read at a time.
const chunk = 256 << 10

// store keeps the verified copies of plugins' programs, each in a folder named
// for its hash.
type store struct {
	dir string
	now func() time.Time
}

// verified returns the path of a copy of the program that was hashed just now.
// want is the approved hash, or empty. Hashing is most of what a start costs, so
// it is done once: a copy is found by having the program's very bytes, or made
// and hashed in one go.
func (s store) verified(program, want string) (string, error) {
	f, err := openProgram(program)
	if err != nil {
		return "", err
	}
	defer f.Close()
	if at, got := s.find(f, filepath.Base(program)); at != "" {
		return at, approve(program, got, want)
	}
	return s.copy(f, program, want)
}

func approve(program, got, want string) error {
	if want != "" && !strings.EqualFold(want, got) {
		return fmt.Errorf("program %s has hash %s, approved is %s", program, got, want)
	}
	return nil
}

// keepCopies is for how long a copy stays that nothing was started from.
const keepCopies = 30 * 24 * time.Hour

// prune removes copies that were not used for long, and what a host that was
// killed while it copied left behind. It must not run beside verified.
func (s store) prune(now time.Time) error {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return fmt.Errorf("list copies of programs: %w", err)
	}
	var problems []error
	for _, e := range entries {
		at := filepath.Join(s.dir, e.Name())
		switch {
		case strings.HasPrefix(e.Name(), tempPrefix):
			problems = append(problems, os.Remove(at))
		case len(e.Name()) == hex.EncodedLen(sha256.Size) && now.Sub(lastUse(at)) > keepCopies:
			problems = append(problems, os.RemoveAll(at))
		}
	}
	return errors.Join(problems...)
}

// lastUse is the newest time of the copies in a folder; without one, it is long
// ago.
func lastUse(folder string) (last time.Time) {
	copies, _ := os.ReadDir(folder) // what can't be read has no copies
	for _, c := range copies {
		if info, err := c.Info(); err == nil && info.ModTime().After(last) {
			last = info.ModTime()
		}
	}
	return last
}

// openProgram refuses what is surely no program, before anything is copied.
func openProgram(path string) (*os.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open program: %w", err)
	}
	info, err := f.Stat()
	switch {
	case err != nil:
		err = fmt.Errorf("look at program: %w", err)
	case !info.Mode().IsRegular():
		err = fmt.Errorf("program %s: expected a file, got %s", path, kindOf(info.Mode()))
	case info.Mode().Perm()&0o111 == 0:
		err = fmt.Errorf("program %s: not executable (mode %04o)", path, info.Mode().Perm())
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

func kindOf(m fs.FileMode) string {
	if m.IsDir() {
		return "a folder"
	}
	return "a special file"
}

// find returns the copy that is the program byte for byte, and its hash, or
// nothing. The hash is of what stands in the copy now; a copy that was changed is
// not one.
func (s store) find(f io.ReadSeeker, name string) (path, hash string) {
	folders, _ := os.ReadDir(s.dir) // what can't be read has no copies
	for _, folder := range folders {
		path := filepath.Join(s.dir, folder.Name(), name)
		if hash := sameBytes(path, f); hash == folder.Name() {
			_ = os.Chtimes(path, time.Time{}, s.now()) // so that it is not pruned
			return path, hash
		}
	}
	return "", ""
}

// sameBytes hashes a copy while it compares it with the program; it returns
// nothing where they differ.
func sameBytes(path string, program io.ReadSeeker) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	if _, err := program.Seek(0, io.SeekStart); err != nil {
		return ""
	}
	h, ours, theirs := sha256.New(), make([]byte, chunk), make([]byte, chunk)
	for {
		n, err := io.ReadFull(f, ours)
		m, _ := io.ReadFull(program, theirs)
		if !bytes.Equal(ours[:n], theirs[:m]) {
			return ""
		}
		_, _ = h.Write(ours[:n]) // a hash takes everything
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return sum(h)
		case err != nil:
			return ""
		}
	}
}

func sum(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }

// copy puts a copy of the program in its place, whole or not at all: what is
// hashed is what was written.
func (s store) copy(f io.ReadSeeker, program, want string) (string, error) {
	at, temp, err := s.place(f, program, want)
	if err != nil && temp != "" {
		_ = os.Remove(temp)
	}
	return at, err
}

func (s store) place(f io.ReadSeeker, program, want string) (at, temp string, err error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return "", "", fmt.Errorf("copy program: %w", err)
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return "", "", fmt.Errorf("make program folder: %w", err)
	}
	temp, got, err := writeProgram(f, s.dir)
	if err != nil {
		return "", temp, fmt.Errorf("copy program: %w", err)
	}
	if err := approve(program, got, want); err != nil {
		return "", temp, err
	}
	at = filepath.Join(s.dir, got, filepath.Base(program))
	if err := os.MkdirAll(filepath.Dir(at), 0o700); err != nil {
		return "", temp, fmt.Errorf("make program folder: %w", err)
	}
	if err := os.Rename(temp, at); err != nil {
		return "", temp, fmt.Errorf("copy program: %w", err)
	}
	return at, "", nil
}

func writeProgram(from io.Reader, dir string) (path, hash string, err error) {
	// A process started while the file is open for writing would inherit it
	// for a moment, and the kernel refuses to run a file that is being written.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	f, err := os.CreateTemp(dir, tempPrefix)
	if err != nil {
		return "", "", err
	}
	h := sha256.New()
	_, err = io.Copy(io.MultiWriter(f, h), from)
	if err == nil {
		err = f.Chmod(0o555)
	}
	return f.Name(), sum(h), errors.Join(err, f.Close())
}
