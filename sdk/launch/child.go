package launch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin/runner"
)

const (
	// pipeGrace is how long the pipes may stay open after the process ended:
	// long enough to read a panic's stack, too short for a process that left
	// the group and holds the other end.
	pipeGrace = 250 * time.Millisecond
	// shimGrace is how long a shim may take to end its plugin's processes
	// before the host ends what it can see itself.
	shimGrace = 3 * time.Second
)

// child is one process with its pipes; it implements go-plugin's runner. Its
// goroutine owns the operating system thread that started the process until
// the process ends: Linux sends the parent-death signal when that thread ends.
type child struct {
	spec Spec
	home string // the private folder
	logs *logSink
	said *announcement

	sockets string   // go-plugin's folder inside home
	env     []string // complete
	out     *pipe
	errs    *pipe
	control *control      // of the shim, or nil
	ended   chan struct{} // process gone, pipes read and closed

	mu     sync.Mutex
	proc   *os.Process
	plugin identity // the plugin process itself
	begun  bool     // Start was called: ended will be closed
	killed bool
	reaped bool
	own    bool // it ended before it was killed
	exit   Exit
}

var _ runner.Runner = (*child)(nil)

func newChild(spec Spec, home string) *child {
	c := &child{spec: spec, home: home, ended: make(chan struct{})}
	c.logs = newLogSink(spec.Line, spec.Now)
	return c
}

// adopt takes what go-plugin wants the process to have; it is the client's
// RunnerFunc.
func (c *child) adopt(_ hclog.Logger, cmd *exec.Cmd, sockets string) (runner.Runner, error) {
	c.sockets = sockets
	c.env = environment(c.spec.Env, cmd.Env, c.home)
	return c, nil
}

// Start implements runner.Runner.
func (c *child) Start(ctx context.Context) error {
	c.mu.Lock()
	c.begun = true
	c.mu.Unlock()
	files, err := c.open()
	defer closeAll(files)
	if err != nil {
		close(c.ended)
		return err
	}
	started := make(chan error, 1)
	go c.live(files, started)
	if err := <-started; err != nil {
		c.out.Close()
		c.errs.Close()
		c.control.close()
		close(c.ended)
		return err
	}
	closeAll(files) // or the pipes would never end
	if err := c.meet(ctx); err != nil {
		c.out.Close() // go-plugin will not read them
		c.errs.Close()
		return err
	}
	return nil
}

// open makes the pipes and returns the process's ends of them, in the order of
// its descriptors.
func (c *child) open() ([]*os.File, error) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		return nil, fmt.Errorf("open standard input: %w", err)
	}
	files := []*os.File{null}
	var w *os.File
	if c.out, w, err = newPipe(); err != nil {
		return files, err
	}
	files = append(files, w)
	if c.errs, w, err = newPipe(); err != nil {
		c.out.Close()
		return files, err
	}
	files = append(files, w)
	c.said = &announcement{from: c.out, rest: c.logs.stream(true), check: func(line string) error {
		return checkHandshake(line, c.sockets, !c.spec.NoTLS)
	}}
	if len(c.spec.Shim) == 0 {
		return files, nil
	}
	ctl, theirs, err := newControl()
	if err != nil {
		c.out.Close()
		c.errs.Close()
		return files, err
	}
	c.control = ctl
	return append(files, theirs...), nil
}

func (c *child) argv() []string {
	own := append([]string{c.spec.Path}, c.spec.Args...)
	if len(c.spec.Shim) == 0 {
		return own
	}
	argv := append([]string(nil), c.spec.Shim...)
	argv = append(argv, "-memory", strconv.FormatInt(c.spec.Memory, 10))
	if c.spec.NoTCP {
		argv = append(argv, "-no-tcp")
	}
	return append(append(argv, "--"), own...)
}

// live starts the process and stays with it until it is gone.
func (c *child) live(files []*os.File, started chan<- error) {
	runtime.LockOSThread() // never unlocked: the thread ends with the process
	argv := c.argv()
	path, err := program(argv[0])
	if err != nil {
		started <- fmt.Errorf("%w: %w", ErrExec, err)
		return
	}
	proc, err := os.StartProcess(path, argv, &os.ProcAttr{
		Dir: c.home, Env: c.env, Files: files, Sys: childAttr(c.control != nil),
	})
	if err != nil {
		started <- fmt.Errorf("%w: %w", ErrExec, err)
		return
	}
	c.born(proc)
	started <- nil
	awaitExit(proc.Pid)
	c.bury(proc)
	c.drainPipes()
	close(c.ended)
}

// program is the file to run for a name. For that of this very process it is the
// file that the process was started from, also when an upgrade has put another one
// in its place since: the two would have to agree about the shim.
func program(name string) (string, error) {
	if own, err := os.Executable(); err == nil && own == name {
		if _, err := os.Stat(ownProgram); err == nil {
			return ownProgram, nil
		}
	}
	return exec.LookPath(name)
}

func (c *child) born(proc *os.Process) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.proc = proc
	if c.control == nil {
		c.plugin = identify(proc.Pid)
	}
	if c.killed {
		_ = syscall.Kill(-proc.Pid, syscall.SIGKILL)
	}
}

// bury ends what the process left in its group and takes its exit status. While
// it is not reaped its number can't belong to another group.
func (c *child) bury(proc *os.Process) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_ = syscall.Kill(-proc.Pid, syscall.SIGKILL)
	state, err := proc.Wait()
	c.reaped, c.own = true, !c.killed
	if err == nil {
		if ws, ok := state.Sys().(syscall.WaitStatus); ok {
			c.exit = exitOf(ws)
		}
	}
	if c.control == nil {
		return
	}
	// A shim that told how the plugin ended has cleaned up behind it.
	if exit, ok := c.control.exit(); ok {
		c.exit = exit
		return
	}
	c.footprintLocked().killRest()
}

func (c *child) drainPipes() {
	late := time.AfterFunc(pipeGrace, func() {
		c.out.Close()
		c.errs.Close()
	})
	<-c.out.eof
	<-c.errs.eof
	late.Stop()
	c.out.Close()
	c.errs.Close()
	c.control.close()
}

// meet waits until the shim has started the plugin.
func (c *child) meet(ctx context.Context) error {
	if c.control == nil {
		return nil
	}
	pid, err := c.control.meet(ctx)
	if err != nil {
		_ = c.Kill(ctx)
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.plugin = identify(pid)
	return nil
}

// Kill implements runner.Runner; it returns at once. With a shim the shim ends
// the plugin and all its descendants, and the group is killed from here only
// if that takes too long.
func (c *child) Kill(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	again := c.killed
	c.killed = true
	switch {
	case c.proc == nil || c.reaped || again:
	case c.control != nil:
		c.control.hangUp()
		time.AfterFunc(shimGrace, c.killByForce)
	default:
		_ = syscall.Kill(-c.proc.Pid, syscall.SIGKILL)
	}
	return nil
}

func (c *child) killByForce() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.reaped {
		_ = syscall.Kill(-c.proc.Pid, syscall.SIGKILL)
	}
}

// Wait implements runner.Runner.
func (c *child) Wait(context.Context) error {
	<-c.ended
	if exit := c.result(); exit.Code != 0 {
		return errors.New(exit.String())
	}
	return nil
}

func (c *child) result() Exit {
	c.mu.Lock()
	defer c.mu.Unlock()
	exit := c.exit
	exit.Stderr = c.logs.last()
	return exit
}

// giveUp kills the process, and settles a child that never became one.
func (c *child) giveUp() {
	_ = c.Kill(context.Background())
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.begun {
		c.begun = true
		close(c.ended)
	}
}

// endedItself returns how the process ended and whether that was its own doing.
func (c *child) endedItself() (Exit, bool) {
	exit := c.result()
	c.mu.Lock()
	defer c.mu.Unlock()
	return exit, c.reaped && (c.own || exit.Signal != syscall.SIGKILL)
}

// pid is the plugin's own process, whoever its parent is.
func (c *child) pid() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.plugin.PID
}

func (c *child) footprint() Footprint {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.footprintLocked()
}

func (c *child) footprintLocked() Footprint {
	return Footprint{Plugin: c.plugin, Host: identify(os.Getpid()), Folder: c.home}
}

// ID implements runner.Runner; go-plugin kills nothing without one.
func (c *child) ID() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.proc == nil {
		return ""
	}
	return strconv.Itoa(c.proc.Pid)
}

// Stdout implements runner.Runner.
func (c *child) Stdout() io.ReadCloser { return c.said }

// Stderr implements runner.Runner.
func (c *child) Stderr() io.ReadCloser { return c.errs }

// Name implements runner.Runner.
func (c *child) Name() string { return c.spec.Path }

// Diagnose implements runner.Runner.
func (c *child) Diagnose(context.Context) string { return "" }

// PluginToHost implements runner.Runner; the handshake was checked before.
func (c *child) PluginToHost(network, address string) (string, string, error) {
	return network, address, nil
}

// HostToPlugin implements runner.Runner.
func (c *child) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}
