package supervisor

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// fault-P2: what runs is what was hashed.
func TestOnlyVerifiedCopiesRun(t *testing.T) {
	s, original := newStore(t), someProgram(t)
	path, err := s.verified(original, "")
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o555 || filepath.Base(path) != "program" {
		t.Errorf("got %s with mode %v, %v", path, info.Mode(), err)
	}
	hash := filepath.Base(filepath.Dir(path))
	if again, err := s.verified(original, strings.ToUpper(hash)); again != path || err != nil {
		t.Errorf("got %s, %v", again, err)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); len(left) != 1 || err != nil {
		t.Errorf("got %v, %v", left, err)
	}
}

func newStore(t *testing.T) store { return store{t.TempDir(), time.Now} }

// fault-R9: an upgrade leaves its predecessor for a while, a crash leaves half a
// copy for as long as the host is down.
func TestCopiesThatAreNotUsedGo(t *testing.T) {
	now := time.Now()
	s := store{t.TempDir(), func() time.Time { return now }}
	first, second := someProgram(t), someProgram(t)
	if err := os.WriteFile(second, []byte("#!/bin/false"), 0o755); err != nil {
		t.Fatal(err)
	}
	var copies []string
	for _, program := range []string{first, second} {
		at, err := s.verified(program, "")
		if err != nil {
			t.Fatal(err)
		}
		copies = append(copies, at)
	}
	half := filepath.Join(s.dir, tempPrefix+"1")
	if err := os.WriteFile(half, []byte("#!"), 0o600); err != nil {
		t.Fatal(err)
	}
	now = now.Add(keepCopies - time.Hour)
	if _, err := s.verified(first, ""); err != nil {
		t.Fatal(err)
	}
	now = now.Add(2 * time.Hour)
	if err := s.prune(now); err != nil {
		t.Error(err)
	}
	for path, want := range map[string]bool{copies[0]: true, copies[1]: false, filepath.Dir(copies[1]): false, half: false} {
		if _, err := os.Stat(path); (err == nil) != want {
			t.Errorf("%s is there: %v, want %v", path, err == nil, want)
		}
	}
}

func TestACopyThatWasChangedIsReplaced(t *testing.T) {
	s, original := newStore(t), someProgram(t)
	path, err := s.verified(original, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("#!/bin/evil"), 0o555); err != nil {
		t.Fatal(err)
	}
	if _, err := s.verified(original, ""); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(path)
	if err != nil || string(got) != "#!/bin/true" {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestACopyIsOfWhatWasHashed(t *testing.T) {
	s, original := newStore(t), someProgram(t)
	path, err := s.verified(original, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(original, []byte("#!/bin/true # and more"), 0o755); err != nil {
		t.Fatal(err)
	}
	hash := filepath.Base(filepath.Dir(path))
	if _, err := s.verified(original, hash); err == nil || !strings.Contains(err.Error(), "approved is "+hash) {
		t.Errorf("a program that was swapped: %v", err)
	}
	if left, _ := os.ReadDir(s.dir); len(left) != 1 {
		t.Errorf("left beside the approved copy: %v", left)
	}
	second, err := s.verified(original, "")
	raw, _ := os.ReadFile(second)
	if sum := sha256.Sum256(raw); err != nil || second == path || filepath.Base(filepath.Dir(second)) != hex.EncodeToString(sum[:]) {
		t.Errorf("the new one: %s with %q, %v", second, raw, err)
	}
	if again, err := s.verified(original, ""); again != second || err != nil {
		t.Errorf("once more: %s, %v", again, err)
	}
}

func TestWhatIsNoProgramIsRefused(t *testing.T) {
	s, dir := newStore(t), t.TempDir()
	plain := filepath.Join(dir, "plain")
	if err := os.WriteFile(plain, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		dir: "got a folder", plain: "not executable (mode 0644)", filepath.Join(dir, "none"): "no such file", os.DevNull: "a special file",
	} {
		if _, err := s.verified(path, ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", path, err, want)
		}
	}
}

func TestATornRecordIsRemoved(t *testing.T) {
	r := records{filepath.Join(t.TempDir(), "[x]")} // which is no pattern
	if err := os.Mkdir(r.dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(r.path("x"), []byte(`{"plugin":`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := r.clear(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(r.path("x")); !os.IsNotExist(err) {
		t.Errorf("got %v", err)
	}
}

func TestOptionsThatCannotWorkAreNamed(t *testing.T) {
	for want, o := range map[string]Options{
		`plugin id "A B"`:  {DataDir: "x", Plugins: []Config{{ID: "A B"}}},
		`configured twice`: {DataDir: "x", Plugins: []Config{{ID: "a"}, {ID: "a"}}},
		`data folder ""`:   {},
	} {
		if err := New(o).Start(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
