package supervisor

import (
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
)

// The folders below the data folder.
const (
	pluginsFolder = "plugins"
	recordsFolder = "run"
)

// store keeps the verified copies of plugins' programs, each in a folder named
// for its hash.
type store struct{ dir string }

// verified returns the path of a copy of the program that was hashed just now.
// want is the approved hash, or empty.
func (s store) verified(program, want string) (string, error) {
	f, err := openProgram(program)
	if err != nil {
		return "", err
	}
	defer f.Close()
	got, err := hashOf(f)
	if err != nil {
		return "", fmt.Errorf("hash program: %w", err)
	}
	if want != "" && !strings.EqualFold(want, got) {
		return "", fmt.Errorf("program %s has hash %s, approved is %s", program, got, want)
	}
	at := filepath.Join(s.dir, got, filepath.Base(program))
	if s.holds(at, got) {
		return at, nil
	}
	return at, s.copy(f, at, got)
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

func hashOf(r io.Reader) (string, error) {
	h := sha256.New()
	if _, err := io.Copy(h, r); err != nil {
		return "", err
	}
	return sum(h), nil
}

func sum(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }

// holds reports whether a good copy is there already.
func (s store) holds(path, want string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	got, err := hashOf(f)
	return err == nil && got == want
}

// copy hashes again while it copies, so that a file that is swapped meanwhile
// is found out, and puts the copy in place whole or not at all.
func (s store) copy(f *os.File, to, want string) error {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("copy program: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return fmt.Errorf("make program folder: %w", err)
	}
	temp, got, err := writeProgram(f, filepath.Dir(to))
	if err == nil && got != want {
		err = errors.New("it changed while it was copied")
	}
	if err == nil {
		err = os.Rename(temp, to)
	}
	if err != nil {
		if temp != "" {
			_ = os.Remove(temp)
		}
		return fmt.Errorf("copy program: %w", err)
	}
	return nil
}

func writeProgram(from io.Reader, dir string) (path, hash string, err error) {
	// A process started while the file is open for writing would inherit it
	// for a moment, and the kernel refuses to run a file that is being written.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	f, err := os.CreateTemp(dir, "copy-")
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
