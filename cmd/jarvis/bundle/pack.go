package bundle

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

// Manifest is what an archive says of its program, so that nothing unknown has
// to run to be judged.
type Manifest struct {
	Program  string          `json:"program"`
	SHA256   string          `json:"sha256"`
	Platform string          `json:"platform"` // such as linux/amd64; any for Python
	Plugin   json.RawMessage `json:"plugin"`   // what the program's Describe answers
}

// Pack writes <id>_<version>_<platform>.tar.gz into a folder: the program, its
// manifest, and the licence and readme that lie beside the source. The same
// program makes the same archive.
func Pack(source, program, into, id, version string, described json.RawMessage) (archive string, err error) {
	code, err := os.ReadFile(program)
	if err != nil {
		return "", fmt.Errorf("read program: %w", err)
	}
	platform := runtime.GOOS + "/" + runtime.GOARCH
	if bytes.HasPrefix(code, []byte(interpreter+everywhere+"\n")) {
		platform = "any"
	}
	name := programPrefix + id
	manifest, err := json.MarshalIndent(Manifest{
		Program: name, SHA256: fmt.Sprintf("%x", sha256.Sum256(code)), Platform: platform, Plugin: described,
	}, "", "  ")
	if err != nil {
		return "", fmt.Errorf("write manifest: %w", err)
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	t := tar.NewWriter(z)
	add := func(name string, mode int64, data []byte) error {
		err := t.WriteHeader(&tar.Header{Name: name, Mode: mode, Size: int64(len(data)), ModTime: time.Unix(0, 0), Format: tar.FormatPAX})
		if err == nil {
			_, err = t.Write(data)
		}
		return err
	}
	if err := add(name, 0o755, code); err != nil {
		return "", fmt.Errorf("pack program: %w", err)
	}
	if err := add("plugin.json", 0o644, append(manifest, '\n')); err != nil {
		return "", fmt.Errorf("pack manifest: %w", err)
	}
	for _, beside := range []string{"LICENSE", "README.md"} {
		if data, err := os.ReadFile(filepath.Join(source, beside)); err == nil {
			if err := add(beside, 0o644, data); err != nil {
				return "", fmt.Errorf("pack %s: %w", beside, err)
			}
		}
	}
	if err := t.Close(); err != nil {
		return "", fmt.Errorf("pack: %w", err)
	}
	if err := z.Close(); err != nil {
		return "", fmt.Errorf("pack: %w", err)
	}
	if err := os.MkdirAll(into, 0o755); err != nil {
		return "", fmt.Errorf("make folder: %w", err)
	}
	archive = filepath.Join(into, fmt.Sprintf("%s_%s_%s.tar.gz", id, version, fileName(platform)))
	if err := os.WriteFile(archive, b.Bytes(), 0o644); err != nil {
		return "", fmt.Errorf("write archive: %w", err)
	}
	return archive, nil
}

func fileName(platform string) string {
	return string(bytes.ReplaceAll([]byte(platform), []byte("/"), []byte("_")))
}
