package supervisor

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/jarvis-host/jarvis/sdk/launch"
)

// records are the footprints of running plugins, one file each: what a host
// that comes after a killed one needs to clear up.
type records struct{ dir string }

func (r records) path(id string) string { return filepath.Join(r.dir, id+".json") }

func (r records) write(id string, f launch.Footprint) error {
	raw, err := json.Marshal(f)
	if err != nil {
		return fmt.Errorf("encode process record: %w", err)
	}
	if err := os.WriteFile(r.path(id)+".new", raw, 0o600); err != nil {
		return fmt.Errorf("write process record: %w", err)
	}
	if err := os.Rename(r.path(id)+".new", r.path(id)); err != nil {
		return fmt.Errorf("write process record: %w", err)
	}
	return nil
}

func (r records) remove(id string) { _ = os.Remove(r.path(id)) }

// clear makes the folder and ends what an earlier host left running.
func (r records) clear() error {
	if err := os.MkdirAll(r.dir, 0o700); err != nil {
		return fmt.Errorf("make folder of process records: %w", err)
	}
	files, err := os.ReadDir(r.dir)
	if err != nil {
		return fmt.Errorf("list process records: %w", err)
	}
	var problems []error
	for _, file := range files {
		if filepath.Ext(file.Name()) == ".json" {
			problems = append(problems, clearRecord(filepath.Join(r.dir, file.Name())))
		}
	}
	return errors.Join(problems...)
}

func clearRecord(path string) error {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read process record: %w", err)
	}
	var f launch.Footprint
	if json.Unmarshal(raw, &f) == nil {
		if _, err := f.Clear(); err != nil {
			return err
		}
	}
	// What can't be read was torn when the machine stopped: nothing of it runs.
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove process record: %w", err)
	}
	return nil
}
