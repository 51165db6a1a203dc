package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jarvis-host/jarvis/host/auth"
)

// ownerOnly are the files and folders of the data directory that hold keys, or
// what people said.
var ownerOnly = []string{auth.SecretFile, auth.OperatorKeyFile, databaseFile, databaseFile + "-wal", databaseFile + "-shm", memoryDir, journalDir, recordingsDir}

// keepPrivate takes from everyone but the owner what a copy or a mount gave
// them of the data directory's files, and lists those. What can't be mended is an
// error: a host must not add to a file that others read.
func keepPrivate(dataDir string) (mended []string, err error) {
	for _, name := range ownerOnly {
		err := filepath.WalkDir(filepath.Join(dataDir, name), func(path string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil // or it went away meanwhile
			}
			if err != nil {
				return err
			}
			if !d.Type().IsRegular() {
				return nil // a folder's files count, whoever may list it
			}
			changed, err := makePrivate(path)
			if changed {
				mended = append(mended, path)
			}
			return err
		})
		if err != nil {
			return mended, fmt.Errorf("keep files private: %w", err)
		}
	}
	slices.SortFunc(mended, strings.Compare)
	return mended, nil
}

func makePrivate(path string) (changed bool, err error) {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	mode := info.Mode().Perm()
	if mode&0o077 == 0 {
		return false, nil
	}
	if err := os.Chmod(path, mode&^0o077); err != nil {
		return false, fmt.Errorf("others can read %s, mode %#o, expected 0600: %w", path, mode, err)
	}
	return true, nil
}
