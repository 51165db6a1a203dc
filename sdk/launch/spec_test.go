package launch

import (
	"os"
	"slices"
	"strings"
	"testing"
)

func TestTheEnvironmentIsAnAllowList(t *testing.T) {
	t.Setenv("TZ", "Europe/Paris")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
	got := environment([]string{"A=1", "TZ=UTC", "COOKIE=mine"}, []string{"COOKIE=real"}, "/run/x")
	for _, want := range []string{"A=1", "TZ=UTC", "COOKIE=real", "HOME=/run/x", "TMPDIR=/run/x"} {
		if !slices.Contains(got, want) {
			t.Errorf("%q is missing in %q", want, got)
		}
	}
	for _, entry := range got {
		if strings.Contains(entry, "hunter2") || entry == "TZ=Europe/Paris" || entry == "COOKIE=mine" {
			t.Errorf("%q is in there", entry)
		}
	}
}

func TestSocketFoldersArePrivateAndShort(t *testing.T) {
	dir, err := privateDir("")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("got %v, %v", info.Mode(), err)
	}
	long := "/tmp/" + strings.Repeat("x", maxSocketPath)
	if _, err := privateDir(long); err == nil || !strings.Contains(err.Error(), "too long") {
		t.Errorf("got %v", err)
	}
	t.Setenv("TMPDIR", long)
	if other, err := privateDir(""); err != nil || !strings.HasPrefix(other, "/tmp/"+folderPrefix) {
		t.Errorf("got %q, %v", other, err)
	} else {
		_ = os.RemoveAll(other)
	}
}

func TestAMemoryLimitThatNothingCanLiveUnderIsRefused(t *testing.T) {
	if _, err := (Spec{Path: "x", Memory: 1 << 20}).complete(); err == nil || !strings.Contains(err.Error(), "1048576") {
		t.Errorf("got %v", err)
	}
}

// A record that was tampered with must not cost anyone's files.
func TestAFootprintRemovesOnlyItsOwnFolder(t *testing.T) {
	dir := t.TempDir()
	if left, err := (Footprint{Folder: dir}).Clear(); left || err != nil {
		t.Errorf("got %v, %v", left, err)
	}
	if _, err := os.Stat(dir); err != nil {
		t.Error(err)
	}
}
