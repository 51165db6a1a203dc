package scaffold

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"text/template"

	"github.com/jarvis-host/jarvis"
)

//go:embed all:files
var files embed.FS

// Languages are the programming languages that there is a template for.
func Languages() []string { return []string{"go", "python"} }

// validID is what a plugin's id looks like, as the SDK and the host have it.
var validID = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)

// New makes the folder dir for a plugin that goes by its last element, and
// returns the files that it wrote, relative to dir. The folder must not hold
// anything yet. On an error nothing is left behind.
func New(dir, language string) (written []string, err error) {
	id := filepath.Base(dir)
	if !validID.MatchString(id) {
		return nil, fmt.Errorf("plugin id %q: expected a lower-case letter, then at most 63 of a-z, 0-9 and _", id)
	}
	switch entries, err := os.ReadDir(dir); {
	case err == nil && len(entries) > 0:
		return nil, fmt.Errorf("folder %s: expected none, or an empty one", dir)
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("read folder: %w", err)
	}
	w := &writer{root: dir}
	defer func() {
		if err != nil {
			_ = os.RemoveAll(dir) // it was ours
		}
	}()
	switch language {
	case "go":
		err = errors.Join(w.templates("files/go", map[string]string{"ID": id}), w.goSDK(), w.modules("example.org/"+id))
	case "python":
		err = errors.Join(w.templates("files/python", map[string]string{"ID": id}), w.pythonSDK())
	default:
		err = fmt.Errorf("language %q: expected one of %s", language, strings.Join(Languages(), ", "))
	}
	if err != nil {
		return nil, err
	}
	return w.written, nil
}

// writer puts files below a folder.
type writer struct {
	root    string
	written []string // that an author will look at
}

func (w *writer) file(name string, data []byte, mode fs.FileMode) error {
	full := filepath.Join(w.root, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	if err := os.WriteFile(full, data, mode); err != nil {
		return fmt.Errorf("write file: %w", err)
	}
	if !strings.HasPrefix(name, ".") {
		w.written = append(w.written, name)
	}
	return nil
}

// templates fills in every file below a folder. Templates mark their places
// with [[ ]], for braces mean something in sentences.
func (w *writer) templates(root string, data map[string]string) error {
	return fs.WalkDir(files, root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		t, err := template.New(name).Delims("[[", "]]").Option("missingkey=error").Parse(string(raw))
		if err != nil {
			return fmt.Errorf("template %s: %w", name, err)
		}
		var out bytes.Buffer
		if err := t.Execute(&out, data); err != nil {
			return fmt.Errorf("template %s: %w", name, err)
		}
		name = strings.TrimSuffix(strings.TrimPrefix(name, root+"/"), ".tmpl")
		if name == "gitignore" {
			name = ".gitignore"
		}
		return w.file(name, out.Bytes(), 0o644)
	})
}

// goSDK copies the SDK's Go packages into .jarvis/sdk, as a module of its own.
func (w *writer) goSDK() error {
	err := fs.WalkDir(jarvis.SDK, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (path.Base(name) == "testdata" || name == "sdk/python"):
			return fs.SkipDir
		case d.IsDir() || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		data, err := jarvis.SDK.ReadFile(name)
		if err != nil {
			return err
		}
		return w.file(".jarvis/sdk/"+name, data, 0o644)
	})
	if err != nil {
		return fmt.Errorf("copy the SDK: %w", err)
	}
	return nil
}

// pythonSDK copies the helper and the contract beside the plugin.
func (w *writer) pythonSDK() error {
	helper := jarvis.PythonHelper()
	return fs.WalkDir(helper, "jarvis_plugin", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !isHelper(name) {
			return err
		}
		data, err := fs.ReadFile(helper, name)
		if err != nil {
			return err
		}
		return w.file(name, data, 0o644)
	})
}

// isHelper leaves out what running the helper in this repository left behind.
func isHelper(name string) bool {
	return strings.HasSuffix(name, ".py") || strings.HasSuffix(name, ".binpb")
}
