package main

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// conceal keeps what the process holds, its environment too, from other
// processes of the same account, plugins among them, and from core dumps.
func conceal() error {
	if err := unix.Setrlimit(unix.RLIMIT_CORE, &unix.Rlimit{}); err != nil {
		return fmt.Errorf("forbid core dumps: %w", err)
	}
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return fmt.Errorf("conceal memory: %w", err)
	}
	return nil
}

// widen makes room in a pipe: what finds none is lost.
func widen(pipe *os.File) {
	raw, err := pipe.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) { _, _ = unix.FcntlInt(fd, unix.F_SETPIPE_SZ, 1<<20) })
}
