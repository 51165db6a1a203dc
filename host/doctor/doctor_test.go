package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// keysFound lists levels and keys of what a check finds.
func keysFound(t *testing.T, check Check) (out []string) {
	t.Helper()
	for _, f := range check(t.Context()) {
		out = append(out, string(f.Level)+" "+strings.TrimPrefix(f.Key, "doctor."))
	}
	return out
}

func wantKeys(t *testing.T, check Check, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, keysFound(t, check)); diff != "" {
		t.Error(diff)
	}
}

func TestFindingsAreToldInTheOrderOfTheChecks(t *testing.T) {
	second := make(chan struct{})
	checks := []Check{
		func(context.Context) []Finding { <-second; return one(Finding{Check: "a", Level: Good}) },
		func(context.Context) []Finding {
			close(second)
			return []Finding{{Check: "b", Level: Warn}, {Check: "c", Level: Good}}
		},
		func(context.Context) []Finding { return nil },
	}
	var told []string
	if worst := Run(t.Context(), checks, func(f Finding) { told = append(told, f.Check) }); worst != Warn {
		t.Errorf("worst is %s", worst)
	}
	if diff := cmp.Diff([]string{"a", "b", "c"}, told); diff != "" {
		t.Error(diff)
	}
}

func TestTheDataDirectoryIsLookedAt(t *testing.T) { // O10
	dir := t.TempDir()
	wantKeys(t, DataDir(filepath.Join(dir, "none")), "ok data_dir_new")
	private, open, file := filepath.Join(dir, "private"), filepath.Join(dir, "open"), filepath.Join(dir, "file")
	for path, mode := range map[string]os.FileMode{private: 0o700, open: 0o755} {
		if err := errors.Join(os.Mkdir(path, mode), os.Chmod(path, mode)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	wantKeys(t, DataDir(private), "ok data_dir_good")
	wantKeys(t, DataDir(open), "warning data_dir_open")
	wantKeys(t, DataDir(file), "failure data_dir_file")
	wantKeys(t, DataDir(filepath.Join(file, "below")), "failure data_dir_bad")
	if os.Getuid() != 0 { // root may write anywhere
		if err := os.Chmod(private, 0o500); err != nil {
			t.Fatal(err)
		}
		wantKeys(t, DataDir(private), "failure data_dir_bad")
	}
}

func TestTheDiskIsLookedAtWhereTheDataWillBe(t *testing.T) { // O10
	dir := t.TempDir()
	for free, want := range map[uint64]string{5 << 30: "ok disk_good", 500 << 20: "warning disk_low", 5 << 20: "failure disk_full"} {
		wantKeys(t, diskOf(filepath.Join(dir, "not", "yet"), func(at string) (uint64, error) {
			if at != dir {
				t.Errorf("looked at %s", at)
			}
			return free, nil
		}), want)
	}
	wantKeys(t, diskOf(dir, func(string) (uint64, error) { return 0, errors.New("no") }), "warning disk_unknown")
	if found := Disk(dir)(t.Context()); len(found) != 1 || found[0].Key == "doctor.disk_unknown" {
		t.Errorf("the real disk: %+v", found)
	}
	for n, want := range map[uint64]string{1_500: "1.5 kB", 2_000_000: "2.0 MB", 3_200_000_000: "3.2 GB", 4e12: "4.0 TB"} {
		if got := size(n); got != want {
			t.Errorf("%d bytes are %s", n, got)
		}
	}
}

func TestThePortIsFreeOursOrTaken(t *testing.T) { // O10
	body := `{"ready":true}`
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) }))
	addr := srv.Listener.Addr().String()
	wantKeys(t, Port(addr), "ok port_ours")
	body = "something else"
	wantKeys(t, Port(addr), "failure port_taken")
	srv.Close()
	wantKeys(t, Port(addr), "ok port_free")
	wantKeys(t, Port("192.0.2.1:1"), "failure port_bad")
}

func TestTheClockIsComparedWithAnother(t *testing.T) { // O10
	now := func() time.Time { return time.Date(2026, 7, 1, 12, 0, 0, 0, time.UTC) }
	other := func(at time.Time, ok bool) func(context.Context) (time.Time, string, bool) {
		return func(context.Context) (time.Time, string, bool) { return at, "cloud", ok }
	}
	wantKeys(t, Clock(now, "Europe/Paris", nil), "ok clock_good")
	wantKeys(t, Clock(now, "Europe/Paris", other(now().Add(30*time.Second), true)), "ok clock_good")
	wantKeys(t, Clock(now, "Europe/Paris", other(now().Add(-2*time.Hour), true)), "ok clock_good", "warning clock_skew")
	wantKeys(t, Clock(now, "Europe/Paris", other(time.Time{}, false)), "ok clock_good")
	wantKeys(t, Clock(now, "", nil), "warning zone_unknown")
	wantKeys(t, Clock(func() time.Time { return time.Unix(0, 0) }, "UTC", nil), "failure clock_past")
}

func TestPluginsWithoutAHostAreFound(t *testing.T) { // O10
	proc := t.TempDir()
	process := func(pid, cmdline, stat string) {
		dir := filepath.Join(proc, pid)
		if err := errors.Join(os.Mkdir(dir, 0o700), os.WriteFile(filepath.Join(dir, "cmdline"), []byte(cmdline), 0o600),
			os.WriteFile(filepath.Join(dir, "stat"), []byte(stat), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	process("10", "/usr/bin/jarvis-plugin-weather\x00", "10 (jarvis-plugin) S 9 10 10")
	process("12", "bash\x00jarvis-plugin-weather", "12 (bash) S 1 12 12")
	wantKeys(t, Orphans(proc, "jarvis-plugin-"), "ok orphans_none")
	process("11", "/opt/jarvis-plugin-hangman\x00-x\x00", "11 (odd) name) S 1 11 11")
	found := Orphans(proc, "jarvis-plugin-")(t.Context())
	if len(found) != 1 || found[0].Key != "doctor.orphans" || found[0].Args[0] != "11" {
		t.Errorf("found %+v", found)
	}
	if found := Orphans(filepath.Join(proc, "none"), "x")(t.Context()); found != nil {
		t.Errorf("without a list of processes: %+v", found)
	}
}

func TestAFindingIsWrittenForPeopleAndPrograms(t *testing.T) {
	var b strings.Builder
	words := func(key string, args ...any) string { return fmt.Sprint(key, args) }
	f := Finding{Check: "disk", Level: Fail, Subject: "/x", Key: "k", Args: []any{1}, Missing: "m"}
	if err := Write(&b, f, words); err != nil || b.String() != "✗ k[1]\n" {
		t.Errorf("%q, %v", b.String(), err)
	}
	if diff := cmp.Diff(Row{"disk", Fail, "/x", "k[1]", "m"}, RowOf(f, words)); diff != "" {
		t.Error(diff)
	}
}

// elsewhere is an address of this machine that others reach, if it has one.
func elsewhere(t *testing.T) bool {
	t.Helper()
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return false
	}
	for _, a := range addrs {
		if ip, ok := a.(*net.IPNet); ok && !ip.IP.IsLoopback() && !ip.IP.IsLinkLocalUnicast() {
			return true
		}
	}
	return false
}
