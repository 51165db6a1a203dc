package jarvis_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// fault-D9: what belongs to a person is not kept in a pool, from which somebody else
// could get it after a panic, but for buffers of sockets, which are written over
// before they are sent, and the scratch memory that utterances are matched in, which
// is cleared when it is put back and set anew when it is taken.
func TestNothingOfAPersonsIsPooled(t *testing.T) {
	may := []string{"host/gateway/upgrade.go", "sdk/intent/automaton.go"}
	var found []string
	for _, top := range []string{"host", "sdk", "plugins", "cmd"} {
		err := filepath.WalkDir(top, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			raw, err := os.ReadFile(path)
			if bytes.Contains(raw, []byte("sync.Pool")) {
				found = append(found, filepath.ToSlash(path))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if !slices.Equal(found, may) {
		t.Errorf("there are pools in %v, want %v: what is put into one is cleared both when it is put and when it is taken", found, may)
	}
}
