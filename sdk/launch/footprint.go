package launch

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// Footprint is what a plugin process could leave behind if its host were
// killed. It is kept as JSON by the host and cleared by the next one.
type Footprint struct {
	Plugin identity `json:"plugin"`
	Host   identity `json:"host"`
	Folder string   `json:"folder"` // the private folder
}

// identity is a process, told apart from later ones with the same number.
type identity struct {
	PID   int    `json:"pid"`
	Start uint64 `json:"start,omitempty"`
	Boot  string `json:"boot,omitempty"`
}

// Clear ends what is left of the plugin and removes its folder, unless the
// host that started it still lives. It reports whether anything was left.
func (f Footprint) Clear() (left bool, err error) {
	if f.Host.alive() {
		return false, nil
	}
	left = f.killRest()
	if !strings.HasPrefix(filepath.Base(f.Folder), folderPrefix) {
		return left, nil // not one of ours: a broken record must not cost files
	}
	if err := os.RemoveAll(f.Folder); err != nil {
		return left, fmt.Errorf("remove plugin folder: %w", err)
	}
	return left, nil
}

// killRest ends the plugin's group, or where its leader is gone the members
// that are surely the plugin's.
func (f Footprint) killRest() bool {
	if f.Plugin.alive() {
		return syscall.Kill(-f.Plugin.PID, syscall.SIGKILL) == nil
	}
	strays := f.strays()
	for _, pid := range strays {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	return len(strays) > 0
}
