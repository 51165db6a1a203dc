package launch

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// The shim's descriptors, and the words of its report: one line each, the word
// and its value.
const (
	lifeFD   = 3 // ends when the host dies or wants the plugin dead
	reportFD = 4 // takes the report

	reportPID    = "pid"
	reportError  = "error"
	reportExit   = "exit"
	reportSignal = "signal"
)

// control is the host's side of a shim: a pipe whose end means "stop", and a
// report. A goroutine reads the report until the shim is gone.
type control struct {
	life   *os.File
	report *os.File
	hello  chan report   // the first line; closed without one when there is none
	done   chan struct{} // the report has ended

	once sync.Once
	last report // valid after done
}

type report struct{ word, value string }

// newControl returns the host's side, and the shim's files in the order of
// their descriptors.
func newControl() (*control, []*os.File, error) {
	lifeR, lifeW, err := os.Pipe()
	if err != nil {
		return nil, nil, fmt.Errorf("make control pipe: %w", err)
	}
	reportR, reportW, err := os.Pipe()
	if err != nil {
		closeAll([]*os.File{lifeR, lifeW})
		return nil, nil, fmt.Errorf("make report pipe: %w", err)
	}
	c := &control{life: lifeW, report: reportR, hello: make(chan report, 1), done: make(chan struct{})}
	go c.read()
	return c, []*os.File{lifeR, reportW}, nil
}

func (c *control) read() {
	defer close(c.done)
	defer close(c.hello)
	lines := bufio.NewScanner(io.LimitReader(c.report, 16<<10))
	for first := true; lines.Scan(); first = false {
		word, value, _ := strings.Cut(lines.Text(), " ")
		c.last = report{word, value}
		if first {
			c.hello <- c.last
		}
	}
}

// meet returns the plugin's process, or why the shim could not start it.
func (c *control) meet(ctx context.Context) (int, error) {
	select {
	case r, ok := <-c.hello:
		if !ok {
			return 0, fmt.Errorf("%w: the shim ended without a report", ErrExec)
		}
		if r.word == reportError {
			return 0, r.failure()
		}
		pid, err := strconv.Atoi(r.value)
		if r.word != reportPID || err != nil || pid < 2 {
			return 0, fmt.Errorf("%w: the shim reported %q", ErrExec, r.word+" "+r.value)
		}
		return pid, nil
	case <-ctx.Done():
		return 0, fmt.Errorf("%w: the shim did not report", ErrStartTimeout)
	}
}

// failure is the shim's error with the number that the system call gave it.
func (r report) failure() error {
	number, text, _ := strings.Cut(r.value, " ")
	if n, err := strconv.Atoi(number); err == nil && n > 0 {
		return &execError{text: text, number: syscall.Errno(n)}
	}
	return fmt.Errorf("%w: %s", ErrExec, text)
}

// execError is an error of the shim as if it had happened here.
type execError struct {
	text   string
	number syscall.Errno
}

// Error implements error.
func (e *execError) Error() string { return ErrExec.Error() + ": " + e.text }

// Unwrap returns what a start without a shim would wrap.
func (e *execError) Unwrap() []error { return []error{ErrExec, e.number} }

// exit returns how the plugin ended, after the shim itself ended.
func (c *control) exit() (Exit, bool) {
	select { // the shim was the only one to hold the other end
	case <-c.done:
	case <-time.After(pipeGrace):
		return Exit{}, false
	}
	n, err := strconv.Atoi(c.last.value)
	switch {
	case err != nil:
		return Exit{}, false
	case c.last.word == reportExit:
		return Exit{Code: n}, true
	case c.last.word == reportSignal:
		return Exit{Code: -1, Signal: syscall.Signal(n)}, true
	}
	return Exit{}, false
}

// hangUp tells the shim to end everything.
func (c *control) hangUp() { c.once.Do(func() { _ = c.life.Close() }) }

func (c *control) close() {
	if c == nil {
		return
	}
	c.hangUp()
	if err := c.report.Close(); !errors.Is(err, os.ErrClosed) {
		<-c.done
	}
}
