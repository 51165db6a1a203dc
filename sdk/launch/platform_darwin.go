package launch

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

// Containment says what this platform can't promise; empty is everything.
const Containment = "processes that a plugin starts and moves out of its process group are not ended with it; " +
	"without a shim a plugin outlives a host that is killed until it notices itself; memory is not limited; " +
	"what an earlier host left behind is not ended"

// childAttr is how the host starts a process: in a group of its own.
func childAttr(bool) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}

// awaitExit returns when the process has ended, and leaves it unreaped.
func awaitExit(pid int) {
	queue, err := unix.Kqueue()
	if err != nil {
		return
	}
	defer unix.Close(queue)
	var watch unix.Kevent_t
	unix.SetKevent(&watch, pid, unix.EVFILT_PROC, unix.EV_ADD|unix.EV_ONESHOT)
	watch.Fflags = unix.NOTE_EXIT
	for {
		_, err := unix.Kevent(queue, []unix.Kevent_t{watch}, make([]unix.Kevent_t, 1), nil)
		if !errors.Is(err, unix.EINTR) {
			return
		}
	}
}

// becomeSubreaper does nothing: orphans of a plugin go to process 1.
func becomeSubreaper() error { return nil }

func limitMemory(int64) error { return nil }

// children knows none: there is no /proc to look into.
func children(int) []int { return nil }

// identify knows no start times here.
func identify(pid int) identity { return identity{PID: pid} }

func (i identity) alive() bool { return false }

func (f Footprint) strays() []int { return nil }

// denyTCP can't.
func denyTCP() error { return errors.New("only Linux can keep a process from TCP") }

// ownProgram is not to be had here.
const ownProgram = ""
