package mcp

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"
)

const (
	// quit is how long a program may take to end when its input ends, and again
	// after it was asked to.
	quit     = 500 * time.Millisecond
	maxFrame = 8 << 20 // bytes of one message
	maxLine  = 4 << 10 // bytes of a line that is shown
)

// inherited names the variables of this process that the program may see. The
// handshake with the host and all else that is not named stays here.
var inherited = []string{"PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "TZ", "SSL_CERT_DIR", "SSL_CERT_FILE"}

func environment(own map[string]string) []string {
	var env []string
	for _, name := range inherited {
		if v, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+v)
		}
	}
	for name, v := range own {
		env = append(env, name+"="+v)
	}
	slices.Sort(env[len(env)-len(own):])
	return env
}

// program is a server that runs as a child.
type program struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	out   *frames
	ended chan struct{} // closed when it has, and what it left is ended too
	err   error         // how, read it after ended
	stop  sync.Once
}

// run starts a server's program. What it prints beside the protocol goes to
// the log.
func run(s Settings, log *slog.Logger) (*program, error) {
	cmd := exec.Command(s.Command, s.Args...) //nolint:gosec,noctx // it is what the operator mounts; close ends it
	cmd.Dir, cmd.Env = s.Dir, environment(s.Env)
	// A group of its own, so that what a wrapper such as npx starts ends with it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = quit
	cmd.Stderr = &lines{say: func(text string) { log.Info("server says", "text", text) }}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("open input of server: %w", err)
	}
	// Not StdoutPipe: that closes while the last answer is being read.
	stdout, write, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("open output of server: %w", err)
	}
	cmd.Stdout = write
	p := &program{cmd: cmd, stdin: stdin, ended: make(chan struct{})}
	p.out = &frames{from: stdout, r: bufio.NewReader(stdout), noise: func(text string) { log.Warn("server prints beside the protocol", "text", text) }}
	err = cmd.Start()
	_ = write.Close()
	if err != nil {
		_ = stdout.Close()
		return nil, fmt.Errorf("start server: %w", err)
	}
	go p.wait()
	return p, nil
}

func (p *program) wait() {
	p.err = p.cmd.Wait()
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) // what it left behind
	close(p.ended)
}

// close ends the program: its input ends first, as the protocol has it.
func (p *program) close() {
	p.stop.Do(func() {
		_ = p.stdin.Close()
		for _, next := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
			select {
			case <-p.ended:
				return
			case <-time.After(quit):
				_ = syscall.Kill(-p.cmd.Process.Pid, next)
			}
		}
		<-p.ended
	})
}

// transport is how the protocol reaches the program.
func (p *program) transport() mcp.Transport {
	return &mcp.IOTransport{Reader: p.out, Writer: p.stdin, MaxLineLength: maxFrame}
}

// frames passes on the lines of a server's output that are messages.
type frames struct {
	from  io.Closer
	r     *bufio.Reader
	left  []byte // of a line that is being read
	noise func(text string)
}

// errFrame ends a server that would fill the memory.
var errFrame = fmt.Errorf("server sent a line of more than %d bytes", maxFrame)

// Read implements [io.Reader].
func (f *frames) Read(b []byte) (int, error) {
	for len(f.left) == 0 {
		line, err := f.line()
		if err != nil {
			return 0, err
		}
		switch text := bytes.TrimSpace(line); {
		case len(text) == 0:
		case text[0] == '{' || text[0] == '[':
			f.left = line
		default:
			f.noise(words(string(text[:min(len(text), maxLine)]), maxLine))
		}
	}
	n := copy(b, f.left)
	f.left = f.left[n:]
	return n, nil
}

func (f *frames) line() ([]byte, error) {
	var line []byte
	for {
		part, err := f.r.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case len(line) > maxFrame:
			return nil, errFrame
		case err == nil:
			return line, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err //nolint:wrapcheck // the end of the stream is the end of the stream
		}
	}
}

// Close implements [io.Closer].
func (f *frames) Close() error { return f.from.Close() } //nolint:wrapcheck // it says what it closes

// lines hands over what is written to it line by line, each cut where it is too
// long. It belongs to one goroutine.
type lines struct {
	begun []byte
	say   func(text string)
}

// Write implements [io.Writer].
func (l *lines) Write(b []byte) (int, error) {
	for rest := b; len(rest) > 0; {
		line, after, whole := bytes.Cut(rest, []byte("\n"))
		if room := maxLine - len(l.begun); room > 0 {
			l.begun = append(l.begun, line[:min(len(line), room)]...)
		}
		if whole {
			if text := strings.TrimSpace(words(string(l.begun), maxLine)); text != "" {
				l.say(text)
			}
			l.begun = l.begun[:0]
		}
		rest = after
	}
	return len(b), nil
}
