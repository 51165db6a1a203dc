package embedded

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/jarvis-host/jarvis/host/memory"
	"github.com/jarvis-host/jarvis/host/memory/memorytest"
)

// Whether few go or so many that the index is made anew: what is left has its
// entry, and of what went no byte is there (M05).
func TestTheIndexHoldsWhatIsLeft(t *testing.T) {
	const all = manyGone + 200
	for name, every := range map[string]int{"few": 40, "half": 2, "all": 1} {
		dir, o := t.TempDir(), memorytest.Owner(t, "ana")
		s, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		b := memory.Batch{At: memorytest.Noon}
		var gone []string
		for i := range all {
			text := fmt.Sprintf("kept%dx end", i)
			if i%every == 0 {
				text = fmt.Sprintf("canary%dx end", i)
				gone = append(gone, fmt.Sprint("e", i))
			}
			b.Episodes = append(b.Episodes, memorytest.Episode(fmt.Sprint("e", i), fmt.Sprint("s", i/20), text))
		}
		if err := s.Write(t.Context(), o, b); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Delete(t.Context(), o, gone...); err != nil || len(got) != len(gone) {
			t.Fatalf("%s: %d gone, %v", name, len(got), err)
		}
		err = s.with(t.Context(), "look", o, false, func(f *file) error {
			var wrong, entries int
			if err := f.db.QueryRowContext(t.Context(), `SELECT count(*) FROM episodes e
				LEFT JOIN episodes p ON p.seq = e.previous LEFT JOIN episodes n ON n.seq = e.following LEFT JOIN episode_index i ON i.rowid = e.seq
				WHERE i.terms IS NOT e.terms OR trim(i.context) IS NOT trim(coalesce(p.terms, '') || ' ' || coalesce(n.terms, ''))`).Scan(&wrong); err != nil {
				return err
			}
			if err := f.db.QueryRowContext(t.Context(), "SELECT count(*) FROM episode_index").Scan(&entries); err != nil {
				return err
			}
			if wrong != 0 || entries != all-len(gone) {
				t.Errorf("%s: %d wrong entries, %d in all, want %d", name, wrong, entries, all-len(gone))
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		raw, err := os.ReadFile(filepath.Join(dir, nameOf(o)))
		if err != nil || bytes.Contains(raw, []byte("canary")) {
			t.Errorf("%s: bytes of what was deleted are left, %v", name, err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
