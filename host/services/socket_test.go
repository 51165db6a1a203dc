package services

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A host that was killed leaves its socket; the next one listens all the same,
// and in the end nothing is left.
func TestTheSocketOfAKilledHostIsInNobodysWay(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	for name, dir := range map[string]string{
		"own folder":  filepath.Join(t.TempDir(), "s"),
		"too long":    filepath.Join(t.TempDir(), strings.Repeat("x", maxSocketPath)),
		"none wanted": "",
	} {
		var first string
		for range 2 {
			l, at, err := listen(dir)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if name == "own folder" && at != dir {
				t.Errorf("%s: listens in %s", name, at)
			}
			l.(*net.UnixListener).SetUnlinkOnClose(false) // as a kill does
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			if first == "" {
				first = at
				continue
			}
			if _, err := os.Stat(first); dir != "" && first != at && err == nil {
				t.Errorf("%s: %s is left", name, first)
			}
			if err := leave(at, dir); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if left, err := os.ReadDir(dir); dir != "" && (err != nil || len(left) > 0) {
				t.Errorf("%s: %v are left, %v", name, left, err)
			}
		}
	}
}
