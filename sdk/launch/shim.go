package launch

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	shimFailed = 126 // exit code when the plugin could not be started
	maxFiles   = 1024
	// sweepEvery and sweepFor bound the hunt for descendants of an ended
	// plugin; each look finds those that lost their parent to the one before.
	sweepEvery = 2 * time.Millisecond
	sweepFor   = 2 * time.Second
)

// Shim is the body of the hidden command that stands between the host and a
// plugin; it returns the exit code. It is the plugin's parent for as long as
// the plugin lives, and ends the plugin with all its descendants when the host
// dies, hangs up, or when the plugin itself has ended. Its arguments and its
// descriptors are between it and [Start].
func Shim(args []string) int {
	// The plugin gets a signal when the thread that started it ends: this one
	// stays until Shim returns.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	s := &shim{report: os.NewFile(reportFD, "report"), life: os.NewFile(lifeFD, "life")}
	unix.CloseOnExec(lifeFD)
	unix.CloseOnExec(reportFD)
	if err := s.prepare(args); err != nil {
		return s.fail(err)
	}
	if err := s.start(); err != nil {
		return s.fail(err)
	}
	return s.stay()
}

type shim struct {
	report, life *os.File
	argv         []string
	pid          int

	mu   sync.Mutex
	gone bool // the plugin is reaped: its number is no longer ours
}

func (s *shim) fail(err error) int {
	var number syscall.Errno
	errors.As(err, &number)
	s.tell(reportError, fmt.Sprintf("%d %v", int(number), err))
	return shimFailed
}

// tell writes one line of the report; a host that is gone needs none.
func (s *shim) tell(word string, value any) {
	_, _ = fmt.Fprintf(s.report, "%s %v\n", word, value)
}

func (s *shim) prepare(args []string) error {
	flags := flag.NewFlagSet("shim", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	memory := flags.Int64("memory", 0, "limit of data in bytes")
	noTCP := flags.Bool("no-tcp", false, "keep the plugin from TCP")
	if err := flags.Parse(args); err != nil {
		return fmt.Errorf("read shim arguments: %w", err)
	}
	s.argv = flags.Args()
	if len(s.argv) == 0 {
		return errors.New("read shim arguments: expected a program")
	}
	// The host decides when a plugin ends, not a signal to the whole service.
	// Signals are taken, not ignored: ignoring would pass on to the plugin.
	signal.Notify(make(chan os.Signal, 1), unix.SIGHUP, unix.SIGINT, unix.SIGTERM, unix.SIGPIPE)
	if *noTCP {
		if err := denyTCP(); err != nil {
			complain(err)
		}
	}
	return errors.Join(becomeSubreaper(), limitFiles(), limitMemory(*memory))
}

// complain writes a line of the plugin's log.
func complain(err error) {
	line, _ := json.Marshal(map[string]string{ // strings can be encoded
		"@level": "warn", "@message": "the plugin can open TCP connections of its own", "error": err.Error(),
	})
	_, _ = fmt.Fprintf(os.Stderr, "%s\n", line)
}

// limitFiles bounds descriptors, and core dumps to none: they would hold what
// people said.
func limitFiles() error {
	if err := syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}); err != nil {
		return fmt.Errorf("limit core dumps: %w", err)
	}
	var files syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		return fmt.Errorf("read limit of open files: %w", err)
	}
	files.Max = min(files.Max, maxFiles)
	files.Cur = files.Max
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &files); err != nil {
		return fmt.Errorf("limit open files: %w", err)
	}
	return nil
}

// start runs the plugin in a group of its own and watches for the host's end.
func (s *shim) start() error {
	pid, err := syscall.ForkExec(s.argv[0], s.argv, &syscall.ProcAttr{
		Env: os.Environ(), Files: []uintptr{0, 1, 2}, Sys: childAttr(false),
	})
	if err != nil {
		return fmt.Errorf("start %s: %w", s.argv[0], err)
	}
	s.pid = pid
	s.tell(reportPID, pid)
	go func() {
		_, _ = io.Copy(io.Discard, s.life)
		s.killGroup()
	}()
	go s.reapOrphans()
	return nil
}

func (s *shim) killGroup() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.gone {
		_ = syscall.Kill(-s.pid, syscall.SIGKILL)
	}
}

// reapOrphans takes the exit status of what lost its parent while the plugin
// lives, so that no dead processes pile up.
func (s *shim) reapOrphans() {
	died := make(chan os.Signal, 1)
	signal.Notify(died, unix.SIGCHLD)
	for range died {
		for _, pid := range children(os.Getpid()) {
			if pid != s.pid {
				_, _ = syscall.Wait4(pid, nil, syscall.WNOHANG, nil)
			}
		}
	}
}

// stay waits for the plugin's end, cleans up behind it and reports it.
func (s *shim) stay() int {
	awaitExit(s.pid)
	s.killGroup()
	var ws syscall.WaitStatus
	s.mu.Lock()
	_, err := syscall.Wait4(s.pid, &ws, 0, nil)
	s.gone = true
	s.mu.Unlock()
	sweep()
	if err != nil {
		return s.fail(fmt.Errorf("wait for plugin: %w", err))
	}
	if ws.Signaled() {
		s.tell(reportSignal, int(ws.Signal()))
		return 128 + int(ws.Signal())
	}
	s.tell(reportExit, ws.ExitStatus())
	return ws.ExitStatus()
}

// sweep ends all descendants: those that a killed one leaves become children
// of this process and are found by the next look.
func sweep() {
	again := time.NewTicker(sweepEvery)
	defer again.Stop()
	for late := time.After(sweepFor); ; {
		left := children(os.Getpid())
		if len(left) == 0 {
			return
		}
		for _, pid := range left {
			_ = syscall.Kill(pid, syscall.SIGKILL)
			_, _ = syscall.Wait4(pid, nil, syscall.WNOHANG, nil)
		}
		select {
		case <-again.C:
		case <-late:
			return
		}
	}
}
