package launch

import (
	"fmt"
	"os"
	"path/filepath"
)

// maxSocketPath is the longest path of a Unix socket that every platform
// takes: macOS has 104 bytes with the final zero, Linux 108.
const maxSocketPath = 103

// folderPrefix begins the name of every private folder.
const folderPrefix = "jv-"

// socketTail is the longest that go-plugin and os.MkdirTemp add to the base.
const socketTail = len("/" + folderPrefix + "4294967295/plugin-dir4294967295/plugin4294967295")

// privateDir makes the folder that holds a plugin's sockets and is its home.
// Nobody but this operating system user can enter it.
func privateDir(base string) (string, error) {
	bases := []string{base}
	if base == "" {
		bases = []string{os.TempDir(), "/tmp"}
	}
	for _, b := range bases {
		abs, err := filepath.Abs(b)
		if err != nil {
			return "", fmt.Errorf("resolve socket folder: %w", err)
		}
		if len(abs)+socketTail > maxSocketPath {
			continue
		}
		dir, err := os.MkdirTemp(abs, folderPrefix)
		if err != nil {
			return "", fmt.Errorf("make socket folder: %w", err)
		}
		return dir, nil
	}
	return "", fmt.Errorf("socket folder %q is too long: expected at most %d bytes", bases[0], maxSocketPath-socketTail)
}
