package plugintest

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/intent"
	"github.com/jarvis-host/jarvis/sdk/launch"
	"github.com/jarvis-host/jarvis/sdk/serve"
	"github.com/jarvis-host/jarvis/sdk/wire"
)

// startPatience is how long a program may take to start, on a busy machine.
const startPatience = 30 * time.Second

// Binary is [New] for a plugin's program, in any language, run as a host runs
// it: the same test then says what it says of the function plugin() of the
// program that people install. The options mean the same; the program has the
// test's clock and the test's network as long as it is written with this
// project's SDKs.
func Binary(t testing.TB, path string, opts ...Option) *Host {
	t.Helper()
	h := newHost(t, opts)
	h.program = openProgram(t, h)
	h.program.start(t, path)
	h.introduce()
	return h
}

// Build builds the package in a folder, such as ".", as a plugin's program for
// Binary, and returns its path.
func Build(t testing.TB, dir string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "jarvis-plugin-test")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-o", path, ".")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build plugin: %v\n%s", err, out)
	}
	return path
}

// program is a plugin's process, and the world around it.
type program struct {
	host  *Host
	path  string
	world string
	proc  *launch.Process

	mu      sync.Mutex
	changes []sdk.Change
	news    chan struct{} // holds a token when there are changes
}

// openProgram makes the world: a clock, and a network if the test has one.
func openProgram(t testing.TB, h *Host) *program {
	t.Helper()
	dir, err := os.MkdirTemp("", "jv-world-") //nolint:usetesting // short, for a socket's sake
	if err != nil {
		t.Fatalf("make the program's world: %v", err)
	}
	p := &program{host: h, world: dir, news: make(chan struct{}, 1)}
	p.setClock(t)
	stop := func() {}
	if h.setup.handler != nil {
		stop = p.serveNetwork(t, h.setup.handler)
	}
	t.Cleanup(func() {
		if p.proc != nil {
			p.proc.Kill()
		}
		stop()
		_ = os.RemoveAll(dir)
	})
	return p
}

func (p *program) serveNetwork(t testing.TB, handler http.Handler) (stop func()) {
	t.Helper()
	lis, err := net.Listen("unix", filepath.Join(p.world, serve.WorldNetwork))
	if err != nil {
		t.Fatalf("serve the program's network: %v", err)
	}
	srv := &http.Server{Handler: handler, ReadHeaderTimeout: patience}
	var served sync.WaitGroup
	served.Go(func() { _ = srv.Serve(lis) }) // ends with Close
	return func() {
		_ = srv.Close()
		served.Wait()
	}
}

// setClock tells the program the time: the test's own, or how far it is ahead
// of the real one. A file is there whole or not at all.
func (p *program) setClock(t testing.TB) {
	t.Helper()
	says := time.Duration(p.host.ahead.Load()).String()
	if p.host.setup.own {
		says = p.host.Now().Format(time.RFC3339Nano)
	}
	file := filepath.Join(p.world, serve.WorldClock)
	err := os.WriteFile(file+".new", []byte(says), 0o600)
	if err == nil {
		err = os.Rename(file+".new", file)
	}
	if err != nil {
		t.Fatalf("set the program's clock: %v", err)
	}
}

func (p *program) start(t testing.TB, path string) {
	t.Helper()
	proc, err := launch.Start(t.Context(), launch.Spec{
		Path: path, Env: []string{serve.WorldVariable + "=" + p.world}, StartTimeout: startPatience,
		Line: p.line, Changed: p.changed,
	})
	if err != nil {
		t.Fatalf("%v\n%s", err, p.host.Log())
	}
	client, ok := proc.Handler().(*wire.Client)
	if !ok {
		proc.Kill()
		t.Fatalf("start plugin: unexpected client %T", proc.Handler())
	}
	p.path, p.proc, p.host.client = path, proc, client
}

func (p *program) line(l launch.Line) {
	if l.Message == textMissing {
		p.host.missing.add(l.Fields["key"], l.Fields["lang"])
	}
	text := fmt.Sprintf("%s %s", l.Level, l.Message)
	for name, v := range l.Fields {
		text += fmt.Sprintf(" %s=%v", name, v)
	}
	_, _ = fmt.Fprintln(&p.host.log, text) // it is kept in memory
}

// changed keeps what the program says of its offer for the test's goroutine.
func (p *program) changed(c sdk.Change, err error) {
	if err != nil {
		p.line(launch.Line{Message: "change of the offer is refused: " + err.Error()})
		return
	}
	p.mu.Lock()
	p.changes = append(p.changes, c)
	p.mu.Unlock()
	select {
	case p.news <- struct{}{}:
	default:
	}
}

// told hands over what the program has said since.
func (p *program) told(take func(sdk.Change)) {
	p.mu.Lock()
	changes := p.changes
	p.changes = nil
	p.mu.Unlock()
	for _, c := range changes {
		take(c)
	}
}

// settle is how long a program has to say that its offer has changed, when a
// sentence is none of it.
const settle = time.Second

// match finds what a sentence means. What a program offers changes a moment
// after the call that changed it, so one that nothing matches waits for that.
func (h *Host) match(lang, text string) []intent.Match {
	found := h.now.Load().matcher.Match(lang, text)
	if len(found) > 0 || h.program == nil {
		return found
	}
	ctx, cancel := context.WithTimeout(context.Background(), settle)
	defer cancel()
	for len(found) == 0 {
		select {
		case <-h.program.news:
			h.refresh()
			found = h.now.Load().matcher.Match(lang, text)
		case <-ctx.Done():
			return found
		}
	}
	return found
}
