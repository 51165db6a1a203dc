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
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jarvis-host/jarvis"
	"github.com/jarvis-host/jarvis/cmd/jarvis/scaffold"
)

// programPrefix is what the file names of plugins begin with.
const programPrefix = "jarvis-plugin-"

// helper is the package that plugins in Python import.
const helper = "jarvis_plugin"

// A Python plugin's first line, and the interpreter that every Debian has.
const (
	interpreter = "#!/usr/bin/env -S PYTHONDONTWRITEBYTECODE=1 "
	everywhere  = "/usr/bin/python3"
)

// firstLine has a Python plugin run by the interpreter that has the packages which
// one needs: that of this terminal, such as a virtual environment's, or Debian's.
func firstLine() string {
	python, err := scaffold.Python()
	if err != nil || strings.ContainsAny(python, " \t\\\"'$") { // which env -S would take for more
		python = everywhere
	}
	return interpreter + python + "\n"
}

// Build makes the program of the plugin in a folder, as out, or beside its
// source when out is empty, and returns where it is. A Go plugin is compiled; a
// Python plugin becomes one executable archive of its .py files and data, with
// the helper jarvis_plugin where it has none of its own.
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
	b.WriteString(firstLine())
	z := zip.NewWriter(&b)
	z.SetOffset(int64(b.Len()))
	err := store(z, os.DirFS(dir))
	if !exists(filepath.Join(dir, helper)) && !exists(filepath.Join(dir, helper+".py")) {
		err = errors.Join(err, store(z, jarvis.PythonHelper()))
	}
	if err = errors.Join(err, z.Close()); err != nil {
		return fmt.Errorf("build plugin: %w", err)
	}
	if err := os.WriteFile(out+".new", b.Bytes(), 0o755); err != nil {
		return fmt.Errorf("build plugin: %w", err)
	}
	return os.Rename(out+".new", out)
}

// store adds what a program needs of a folder to its archive.
func store(z *zip.Writer, files fs.FS) error {
	return fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || slices.Contains([]string{"__pycache__", "dist", "tests"}, d.Name())):
			return fs.SkipDir
		case d.IsDir() || !wanted(name):
			return nil
		}
		data, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		w, err := z.Create(name)
		if err == nil {
			_, err = w.Write(data)
		}
		return err
	})
}

// wanted reports whether a file belongs into a Python plugin's program, by its
// path. Tests don't.
func wanted(name string) bool {
	return !strings.HasPrefix(path.Base(name), "test_") && name != helper+"/tester.py" &&
		slices.Contains([]string{".py", ".binpb", ".json", ".yaml", ".txt"}, path.Ext(name))
}
