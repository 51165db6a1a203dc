package bundle

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// programPrefix is what the file names of plugins begin with.
const programPrefix = "jarvis-plugin-"

// interpreter runs a Python plugin; Debian's has the packages that one needs.
const interpreter = "#!/usr/bin/env -S PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3\n"

// Build makes the program of the plugin in a folder, as out, or beside its
// source when out is empty, and returns where it is. A Go plugin is compiled; a
// Python plugin becomes one executable archive of its .py files and data.
func Build(ctx context.Context, dir, out string) (program string, err error) {
	if dir, err = filepath.Abs(dir); err != nil {
		return "", fmt.Errorf("find folder: %w", err)
	}
	if out == "" {
		out = filepath.Join(dir, programPrefix+filepath.Base(dir))
	}
	switch {
	case exists(filepath.Join(dir, "__main__.py")):
		return out, buildPython(dir, out)
	case holds(dir, "*.go"):
		return out, buildGo(ctx, dir, out)
	}
	return "", fmt.Errorf("folder %s: expected a plugin's source: Go files, or __main__.py", dir)
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

func holds(dir, pattern string) bool {
	found, err := filepath.Glob(filepath.Join(dir, pattern))
	return err == nil && len(found) > 0
}

func buildGo(ctx context.Context, dir, out string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", out, ".")
	cmd.Dir = dir
	said, err := cmd.CombinedOutput()
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return errors.New("build plugin: there is no go; install Go from https://go.dev/dl")
	case err != nil:
		return fmt.Errorf("build plugin: %w\n%s", err, bytes.TrimSpace(said))
	}
	return nil
}

// buildPython writes a zip archive that Python runs as it is. The same source
// makes the same bytes.
func buildPython(dir, out string) error {
	var b bytes.Buffer
	b.WriteString(interpreter)
	z := zip.NewWriter(&b)
	z.SetOffset(int64(b.Len()))
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		if d.IsDir() {
			if rel != "." && (strings.HasPrefix(d.Name(), ".") || slices.Contains([]string{"__pycache__", "dist", "tests"}, d.Name())) {
				return fs.SkipDir
			}
			return nil
		}
		if !wanted(d.Name()) {
			return nil
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		w, err := z.Create(filepath.ToSlash(rel))
		if err == nil {
			_, err = w.Write(data)
		}
		return err
	})
	if err = errors.Join(err, z.Close()); err != nil {
		return fmt.Errorf("build plugin: %w", err)
	}
	if err := os.WriteFile(out+".new", b.Bytes(), 0o755); err != nil {
		return fmt.Errorf("build plugin: %w", err)
	}
	return os.Rename(out+".new", out)
}

// wanted reports whether a file belongs into a Python plugin's program.
func wanted(name string) bool {
	return !strings.HasPrefix(name, "test_") &&
		slices.Contains([]string{".py", ".binpb", ".json", ".yaml", ".txt"}, filepath.Ext(name))
}
