package main

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// nobody is the user that containers run the host as.
const nobody = 65532

// contained runs the host as nobody, where this test may, in a folder that it
// can't write to.
func contained(t *testing.T) *hostProcess {
	t.Helper()
	attr := &syscall.SysProcAttr{}
	if os.Getuid() == 0 {
		attr.Credential = &syscall.Credential{Uid: nobody, Gid: nobody}
	}
	return containedWith(t, attr)
}

// world is a shell's script that makes of what it sees what a container sees, and
// becomes the host in it: nothing can be written but its data and 64 MiB of /tmp,
// and only its own processes are there. Its arguments are the
// command, which stands in the folder of the host. 77 is a machine that refuses.
const world = `set -e
trap 'exit 77' EXIT
dir=${1%/*}
mount --make-rprivate /
mount --bind "$dir" /srv
mount -t tmpfs -o size=64m,mode=1777 tmpfs /tmp
mkdir -p "$dir"
mount --bind /srv "$dir"
mount --bind /srv/data "$dir/data"
mount -o remount,bind,ro "$dir"
mount -o remount,bind,ro /srv
mount -o remount,bind,ro /
mount -t proc proc /proc
cd "$dir"
exec setpriv --reuid 65532 --regid 65532 --clear-groups --no-new-privs -- "$@"
`

func containedWith(t *testing.T, attr *syscall.SysProcAttr, under ...string) *hostProcess {
	t.Helper()
	dir, err := os.MkdirTemp("", "jarvis-container-") // which nobody may enter
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	data := filepath.Join(dir, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	if os.Getuid() == 0 {
		if err := os.Chown(data, nobody, nobody); err != nil {
			t.Fatal(err)
		}
	}
	exe, err := exec.LookPath("jarvis")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(exe)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"jarvis", "jarvis-plugin-hangman", "jarvis-plugin-weather"} {
		if err := os.WriteFile(filepath.Join(dir, name), raw, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, text := range map[string]string{"jarvis.yaml": quiet + unlimited} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	ready := filepath.Join(data, "ready.json")
	h := &hostProcess{t: t, dir: dir, log: &lockedBuffer{}, end: make(chan struct{})}
	line := append(under, filepath.Join(dir, "jarvis"), "serve", "--config", filepath.Join(dir, "jarvis.yaml"), "--data", data, "--listen", "127.0.0.1:0", "--ready-file", ready)
	h.cmd = exec.Command(line[0], line[1:]...)
	h.cmd.Dir, h.cmd.Env = dir, []string{quickExit}
	h.cmd.SysProcAttr = attr
	h.cmd.Stdout, h.cmd.Stderr = h.log, h.log
	if err := h.cmd.Start(); err != nil {
		t.Skipf("no world of processes here: %v", err)
	}
	go func() { _ = h.cmd.Wait(); close(h.end) }()
	t.Cleanup(h.stop)
	until(t, "the host to be ready", func() bool {
		if h.ended() {
			if h.cmd.ProcessState.ExitCode() == 77 {
				t.Skipf("no world of a container here: %s", h.log)
			}
			t.Fatalf("the host ended: %s", h.log)
		}
		_, err := os.Stat(ready)
		return err == nil
	})
	raw, err = os.ReadFile(ready)
	if err != nil {
		t.Fatal(err)
	}
	h.addr = strings.Split(strings.SplitAfter(string(raw), `"addr":"`)[1], `"`)[0]
	key, err := os.ReadFile(filepath.Join(data, "operator.key"))
	if err != nil {
		t.Fatal(err)
	}
	h.key = strings.TrimSpace(string(key))
	return h
}

// fault-C18: as a container runs it: the first process of its world, nobody's
// user, no HOME, no PATH, nothing that can be written to but its data and a small
// /tmp.
func TestTheHostRunsAsTheFirstProcessOfAContainer(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root makes a world of processes")
	}
	for _, name := range []string{"sh", "mount", "setpriv"} {
		if _, err := exec.LookPath(name); err != nil {
			t.Skip("a container's world needs sh, mount and setpriv: ", err)
		}
	}
	h := containedWith(t, &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID | syscall.CLONE_NEWNS}, "sh", "-c", world, "sh")
	raw, err := os.ReadFile(filepath.Join(h.data(), "ready.json"))
	if err != nil || !strings.Contains(string(raw), `"pid":1,`) {
		t.Errorf("it is not the first process: %s (%v)", raw, err)
	}
	mounts, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(h.cmd.Process.Pid), "mountinfo"))
	if err != nil || !regexp.MustCompile(`(?m)^\S+ \S+ \S+ / / ro,`).Match(mounts) || !regexp.MustCompile(`(?m) /tmp rw.* tmpfs tmpfs .*size=65536k`).Match(mounts) {
		t.Errorf("its world is %s (%v)", mounts, err)
	}
	c := h.dial("a")
	if got := c.ask("play hangman").done; got.State != "answered" {
		t.Errorf("the turn ended as %+v", got)
	}
	h.rest(http.MethodPost, "/v1/plugins/weather/restart", "", nil)
	h.ready("weather")
	until(t, "the dead to be gone", func() bool { return len(zombies(h.cmd.Process.Pid)) == 0 })
	if err := h.cmd.Process.Kill(); err != nil { // the world ends with its first process
		t.Fatal(err)
	}
	<-h.end
	until(t, "nothing to be left", func() bool { return len(h.processes()) == 0 })
}

// zombies lists a process's children that ended and were not waited for.
func zombies(pid int) (dead []string) {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range stats {
		raw, _ := os.ReadFile(file)
		_, rest, _ := strings.Cut(string(raw), ") ")
		if f := strings.Fields(rest); len(f) > 1 && f[0] == "Z" && f[1] == strconv.Itoa(pid) {
			dead = append(dead, file)
		}
	}
	return dead
}
