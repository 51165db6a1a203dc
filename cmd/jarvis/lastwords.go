package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/jarvis-host/jarvis/host/scrub"
	"github.com/jarvis-host/jarvis/host/telemetry"
)

// lastWords is a small process that writes what this one says as it dies: Go's
// runtime prints a panic's value and stack as they are, and nothing in the
// process can look at them any more. Descriptor 2 leads to it, and secrets that
// it is told of do not pass. What the host itself has to say goes to Out.
type lastWords struct {
	Out *os.File // what descriptor 2 was

	mu   sync.Mutex
	pipe *os.File
	cmd  *exec.Cmd
}

// secretMark begins a line that names a secret. They come on the same way as the
// words do, so that none is late.
const secretMark = 0

// listenForLastWords starts the process; program is this program's own path.
func listenForLastWords(program string) (*lastWords, error) {
	fd, err := unix.FcntlInt(2, unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return nil, fmt.Errorf("duplicate standard error: %w", err)
	}
	l := &lastWords{Out: os.NewFile(uintptr(fd), "stderr")}
	r, w, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open pipe for last words: %w", err), l.Out.Close())
	}
	defer func() { _ = r.Close() }()
	l.pipe = w
	widen(w)
	l.cmd = exec.Command(program, "__lastwords")
	l.cmd.Stdin, l.cmd.Stdout, l.cmd.Stderr = r, l.Out, l.Out
	l.cmd.Env = []string{"GOGC=20", "GORACE=" + os.Getenv("GORACE")}
	l.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a terminal's signals are the host's
	if err := l.cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start process for last words: %w", err), w.Close(), l.Out.Close())
	}
	if err := replaceStderr(w); err != nil {
		return nil, errors.Join(err, w.Close(), l.cmd.Wait(), l.Out.Close())
	}
	return l, nil
}

// replaceStderr makes descriptor 2 another name of f.
func replaceStderr(f *os.File) error {
	raw, err := f.SyscallConn()
	if err != nil {
		return fmt.Errorf("replace standard error: %w", err)
	}
	var duplicated error
	if err := raw.Control(func(fd uintptr) { duplicated = unix.Dup2(int(fd), 2) }); err != nil || duplicated != nil {
		return fmt.Errorf("replace standard error: %w", errors.Join(err, duplicated))
	}
	return nil
}

// tellWithin bounds how long a secret may take: if nobody reads, nobody writes
// last words either.
const tellWithin = time.Second

// Conceal keeps a secret out of all that is said from now on. Safe for
// concurrent use.
func (l *lastWords) Conceal(secret string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.pipe == nil {
		return
	}
	line := append([]byte{secretMark}, base64.StdEncoding.EncodeToString([]byte(secret))...)
	_ = l.pipe.SetWriteDeadline(time.Now().Add(tellWithin))
	_, _ = l.pipe.Write(append(line, '\n'))
}

// wordsWithin bounds how long the process may take to end.
const wordsWithin = time.Second

// End gives descriptor 2 back and ends the process.
func (l *lastWords) End() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	err := errors.Join(replaceStderr(l.Out), l.pipe.Close())
	l.pipe = nil
	late := time.AfterFunc(wordsWithin, func() { _ = l.cmd.Process.Kill() })
	defer late.Stop()
	return errors.Join(err, l.cmd.Wait())
}

// lastWordsCommand is the other process; only the host starts it.
func lastWordsCommand() command {
	return command{
		name: "__lastwords", hidden: true,
		run: func(_ context.Context, p *program, _ []string) error {
			// It ends after the host, and with it.
			signal.Ignore(syscall.SIGHUP, syscall.SIGINT, syscall.SIGTERM, syscall.SIGQUIT, syscall.SIGPIPE)
			return passWords(p.stdin, p.stdout)
		},
	}
}

// passWords writes what it reads, line by line, without the secrets that lines
// with a mark name.
func passWords(from io.Reader, to io.Writer) error {
	scrubber := scrub.New()
	lines := scrub.NewLines(scrubber)
	in := bufio.NewReader(from)
	for {
		line, err := in.ReadBytes('\n')
		words, secret, marked := bytes.Cut(line, []byte{secretMark})
		if marked {
			if text, err := base64.StdEncoding.DecodeString(string(bytes.TrimSpace(secret))); err == nil {
				scrubber.Register(string(text))
			}
		}
		if len(words) > 0 {
			clean := lines.Scrub(string(bytes.TrimRight(words, "\r\n")))
			if _, err := io.WriteString(to, telemetry.Harmless(clean)+"\n"); err != nil {
				return fmt.Errorf("write last words: %w", err)
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read last words: %w", err)
		}
	}
}
