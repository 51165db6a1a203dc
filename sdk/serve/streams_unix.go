//go:build unix

package serve

import (
	"fmt"
	"log/slog"
	"os"

	"golang.org/x/sys/unix"
)

// capture makes descriptor 1 a pipe into the log, also for code that is not
// Go, and leaves [os.Stdout] on the real output for the handshake. The
// goroutine that reads the pipe lives as long as the process.
func capture(log *slog.Logger) (*streams, error) {
	plain := &streams{stdout: os.Stdout, stderr: os.Stderr}
	r, w, err := os.Pipe()
	if err != nil {
		return plain, fmt.Errorf("open pipe: %w", err)
	}
	out, err := unix.FcntlInt(1, unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return plain, fmt.Errorf("duplicate standard output: %w", err)
	}
	if err := unix.Dup2(int(w.Fd()), 1); err != nil {
		return plain, fmt.Errorf("replace standard output: %w", err)
	}
	os.Stdout = os.NewFile(uintptr(out), "handshake")
	go logLines(r, log)
	return &streams{stdout: w, stderr: os.Stderr}, nil
}
