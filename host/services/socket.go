package services

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
)

// maxSocketPath is the longest path of a Unix socket on every platform.
const maxSocketPath = 103

const (
	socketName = "host"
	elsewhere  = "elsewhere" // names the folder of the socket when it is another
)

// listen listens in the given folder, or in a temporary one where the path is
// too long for a socket or the file system has none. What a killed host left
// is removed.
func listen(dir string) (net.Listener, string, error) {
	if dir != "" {
		abs, err := filepath.Abs(dir)
		if err != nil {
			return nil, "", err
		}
		if err := clean(abs); err != nil {
			return nil, "", err
		}
		if l, err := listenAt(abs); err == nil {
			return l, abs, nil
		}
		dir = abs
	}
	var errs []error
	for _, base := range []string{os.TempDir(), "/tmp"} {
		l, at, err := listenBelow(base, dir)
		if err == nil {
			return l, at, nil
		}
		errs = append(errs, err)
	}
	return nil, "", errors.Join(errs...)
}

// clean makes the folder and removes what stands in it.
func clean(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	other, err := os.ReadFile(filepath.Join(dir, elsewhere))
	if err == nil && isTemporary(string(other)) {
		err = os.RemoveAll(string(other))
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return errors.Join(gone(os.Remove(filepath.Join(dir, elsewhere))), gone(os.Remove(filepath.Join(dir, socketName))))
}

func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// temporary begins the name of every folder that is made elsewhere.
const temporary = "jv-host-"

// isTemporary tells a folder of ours: a torn note must not cost files.
func isTemporary(dir string) bool {
	name := filepath.Base(dir)
	return filepath.IsAbs(dir) && len(name) > len(temporary) && name[:len(temporary)] == temporary
}

// listenBelow listens in a new folder, which is noted in dir.
func listenBelow(base, dir string) (net.Listener, string, error) {
	at, err := os.MkdirTemp(base, temporary)
	if err != nil {
		return nil, "", err
	}
	if dir != "" {
		err = os.WriteFile(filepath.Join(dir, elsewhere), []byte(at), 0o600)
	}
	var l net.Listener
	if err == nil {
		l, err = listenAt(at)
	}
	if err != nil {
		return nil, "", errors.Join(err, os.RemoveAll(at))
	}
	return l, at, nil
}

func listenAt(dir string) (net.Listener, error) {
	path := filepath.Join(dir, socketName)
	if len(path) > maxSocketPath {
		return nil, fmt.Errorf("%s is too long for a socket: %d bytes, expected at most %d", path, len(path), maxSocketPath)
	}
	return net.Listen("unix", path)
}

// leave removes the socket, its folder where that is temporary, and the note.
func leave(dir, own string) error {
	if isTemporary(dir) {
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
	}
	if own == "" {
		return nil
	}
	return clean(own)
}
