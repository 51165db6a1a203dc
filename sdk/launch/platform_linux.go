package launch

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Containment says what this platform can't promise; empty is everything.
const Containment = ""

// childAttr is how the host starts a process: in a group of its own, and
// unless a shim stays behind to clean up, dying with the host.
func childAttr(shim bool) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true}
	if !shim {
		attr.Pdeathsig = syscall.SIGKILL
	}
	return attr
}

// awaitExit returns when the process has ended, and leaves it unreaped.
func awaitExit(pid int) {
	for {
		err := unix.Waitid(unix.P_PID, pid, nil, unix.WEXITED|unix.WNOWAIT, nil)
		if !errors.Is(err, unix.EINTR) {
			return
		}
	}
}

// becomeSubreaper makes orphans of the plugin children of this process.
func becomeSubreaper() error {
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("become subreaper: %w", err)
	}
	return nil
}

// limitMemory bounds the data of this process and of those it starts. The
// address space stays free, because Go reserves much of it and uses little.
func limitMemory(bytes int64) error {
	if bytes <= 0 {
		return nil
	}
	limit := syscall.Rlimit{Cur: uint64(bytes), Max: uint64(bytes)}
	if err := syscall.Setrlimit(syscall.RLIMIT_DATA, &limit); err != nil {
		return fmt.Errorf("limit memory: %w", err)
	}
	return nil
}

// stat is what is needed of /proc/<pid>/stat.
type stat struct {
	state         string
	parent, group int
	start         uint64 // in clock ticks since boot
}

func readStat(pid int) (stat, bool) {
	raw, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return stat{}, false
	}
	// The name in parentheses may itself hold spaces and parentheses.
	f := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:]))
	if len(f) < 20 {
		return stat{}, false
	}
	s := stat{state: f[0]}
	s.parent, _ = strconv.Atoi(f[1])
	s.group, _ = strconv.Atoi(f[2])
	s.start, _ = strconv.ParseUint(f[19], 10, 64)
	return s, true
}

// processes lists those for which keep is true.
func processes(keep func(pid int, s stat) bool) []int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	var out []int
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		if s, ok := readStat(pid); ok && keep(pid, s) {
			out = append(out, pid)
		}
	}
	return out
}

// children lists the processes whose parent is pid, the dead ones too.
func children(parent int) []int {
	return processes(func(_ int, s stat) bool { return s.parent == parent })
}

// identify tells a process apart from later ones with the same number.
func identify(pid int) identity {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	s, ok := readStat(pid)
	if err != nil || !ok {
		return identity{PID: pid}
	}
	return identity{PID: pid, Start: s.start, Boot: strings.TrimSpace(string(boot))}
}

func (i identity) alive() bool {
	if i.PID < 2 || i.Boot == "" {
		return false
	}
	s, ok := readStat(i.PID)
	return ok && s.state != "Z" && identify(i.PID) == i
}

// strays lists living processes of a plugin that is gone: members of its group
// that carry its folder in their environment.
func (f Footprint) strays() []int {
	if f.Plugin.PID < 2 || f.Folder == "" || f.Plugin.Boot != identify(os.Getpid()).Boot {
		return nil
	}
	mark := []byte("=" + f.Folder)
	return processes(func(pid int, s stat) bool {
		if s.group != f.Plugin.PID || s.state == "Z" {
			return false
		}
		env, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "environ"))
		return err == nil && bytes.Contains(env, mark)
	})
}

// denyTCP keeps this thread, and what it starts from now on, from connecting and
// listening over TCP.
func denyTCP() error {
	const tcp = unix.LANDLOCK_ACCESS_NET_BIND_TCP | unix.LANDLOCK_ACCESS_NET_CONNECT_TCP
	version, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return fmt.Errorf("the kernel has no Landlock: %w", errno)
	}
	if version < landlockTCP {
		return fmt.Errorf("the kernel's Landlock is version %d, TCP needs %d (Linux 6.7)", version, landlockTCP)
	}
	rules := unix.LandlockRulesetAttr{Handled_access_net: tcp}
	fd, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&rules)), unsafe.Sizeof(rules), 0)
	if errno != 0 {
		return fmt.Errorf("make Landlock's rules: %w", errno)
	}
	defer func() { _ = unix.Close(int(fd)) }()
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("give up new privileges: %w", err)
	}
	if _, _, errno := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, fd, 0, 0); errno != 0 {
		return fmt.Errorf("apply Landlock's rules: %w", errno)
	}
	return nil
}

// landlockTCP is the version of Landlock that knows TCP.
const landlockTCP = 4

// ownProgram is the file that a process runs, whatever stands in its place now. The
// kernel looks it up in the new process before that becomes another program.
const ownProgram = "/proc/self/exe"
