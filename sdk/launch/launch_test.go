package launch_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/launch"
)

// log keeps the lines of a plugin.
type log struct {
	mu    sync.Mutex
	lines []launch.Line
}

func (l *log) add(line launch.Line) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, line)
}

func (l *log) find(ok func(launch.Line) bool) (launch.Line, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range l.lines {
		if ok(line) {
			return line, true
		}
	}
	return launch.Line{}, false
}

// ways runs a test with a shim and without.
func ways(t *testing.T, f func(t *testing.T, spec launch.Spec)) {
	for name, shim := range map[string][]string{"with a shim": {os.Args[0], "__exec"}, "without": nil} {
		t.Run(name, func(t *testing.T) {
			f(t, launch.Spec{
				Path: os.Args[0], Shim: shim, SocketDir: shortDir(t), StartTimeout: patience,
				Env: []string{"GORACE=atexit_sleep_ms=0"}, // or each exit takes a second under the race detector
			})
		})
	}
}

// shortDir is a folder whose path leaves room for a socket's; at the end of the
// test it must be empty.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "jt")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if left, _ := os.ReadDir(dir); len(left) > 0 {
			t.Errorf("left in the socket folder: %v", left)
		}
		_ = os.RemoveAll(dir)
	})
	return dir
}

func start(t *testing.T, spec launch.Spec, name string) *launch.Process {
	t.Helper()
	spec.Args = []string{"__plugin", name}
	p, err := launch.Start(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	return p
}

// call returns the text of a tool's answer.
func call(ctx context.Context, p *launch.Process, tool string) (string, error) {
	var text strings.Builder
	for ev, err := range p.Handler().Invoke(ctx, &sdk.Invocation{Tool: tool, Args: []byte("{}")}) {
		if err != nil {
			return "", err
		}
		switch e := ev.(type) {
		case sdk.Text:
			text.WriteString(e.Text)
		case sdk.Result:
			text.WriteString(e.Text)
		case sdk.Problem:
			return "", errors.New(e.Detail + e.Message)
		}
	}
	return text.String(), nil
}

func running(pid int) bool {
	raw, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	return err == nil && !strings.Contains(string(raw), ") Z ")
}

func TestAHealthyPluginAnswersAndLeavesNothing(t *testing.T) {
	ways(t, func(t *testing.T, spec launch.Spec) {
		p := start(t, spec, "healthy")
		m, err := p.Handler().Describe(t.Context())
		if err != nil || m.ID != "good" {
			t.Fatalf("got manifest %v, %v", m, err)
		}
		cmdline, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.PID()), "cmdline"))
		if err != nil || !strings.Contains(string(cmdline), "\x00__plugin\x00") || strings.Contains(string(cmdline), "__exec") {
			t.Errorf("process %d is not the plugin: %q, %v", p.PID(), cmdline, err)
		}
		unfinished, err := p.Stop(t.Context(), time.Second)
		if err != nil || unfinished != 0 {
			t.Errorf("stop: %d unfinished, %v", unfinished, err)
		}
		if exit := p.Exit(); exit.Code != 0 {
			t.Errorf("a plugin that was asked to exit did not by itself: %v", exit)
		}
		if running(p.PID()) {
			t.Error("the plugin still runs")
		}
	})
}

// fault-P1, P5, P6, P7: each start fails with its reason, and nothing is left.
func TestAStartThatFailsSaysWhy(t *testing.T) {
	tests := []struct {
		plugin string
		want   error
		text   string
	}{
		{"crash", launch.ErrEnded, "exit status 3; its last words: I have no key"},
		{"panic", launch.ErrEnded, "panic: boom"},
		{"silent", launch.ErrStartTimeout, "not ready in time"},
		{"noise", launch.ErrHandshake, `"Loading model..."`},
		{"noise", launch.ErrHandshake, `p.Log in Go`},
		{"logs", launch.ErrEnded, "exit status 3; its last words: plugin is declared wrongly: tool wash: odd"},
		{"endless", launch.ErrHandshake, `"xxxxxxxx`},
		{"tcp", launch.ErrHandshake, "tcp address"},
		{"elsewhere", launch.ErrHandshake, "/tmp/another.sock"},
		{"no-socket", launch.ErrHandshake, "not a socket"},
		{"cookie", launch.ErrEnded, "exit status 1"},
		{"version", launch.ErrVersion, `it speaks version 2 of the plugin contract, this host speaks 1`},
	}
	ways(t, func(t *testing.T, spec launch.Spec) {
		for _, tt := range tests {
			t.Run(tt.plugin, func(t *testing.T) {
				spec := spec
				spec.Args = []string{"__plugin", tt.plugin}
				if errors.Is(tt.want, launch.ErrStartTimeout) {
					spec.StartTimeout = 300 * time.Millisecond
				}
				_, err := launch.Start(t.Context(), spec)
				if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.text) {
					t.Errorf("got %v, want %v with %q", err, tt.want, tt.text)
				}
			})
		}
	})
}

// fault-P1
func TestAProgramThatCannotRunIsNamed(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string, mode os.FileMode) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	ways(t, func(t *testing.T, spec launch.Spec) {
		for name, path := range map[string]string{
			"missing":            filepath.Join(dir, "none"),
			"not executable":     file("plain", "hello", 0o644),
			"a folder":           dir,
			"wrong architecture": file("alien", "\x7fELF\x02\x01\x01 not for this machine", 0o755),
		} {
			t.Run(name, func(t *testing.T) {
				spec := spec
				spec.Path = path
				_, err := launch.Start(t.Context(), spec)
				if !errors.Is(err, launch.ErrExec) || !strings.Contains(err.Error(), path) {
					t.Errorf("got %v", err)
				}
				if name == "wrong architecture" && !errors.Is(err, syscall.ENOEXEC) {
					t.Errorf("got %v, want it to be %v", err, syscall.ENOEXEC)
				}
			})
		}
	})
}

// fault-P7: go-plugin's own dial is lazy and would succeed.
func TestASocketThatNobodyServesIsNoPlugin(t *testing.T) {
	ways(t, func(t *testing.T, spec launch.Spec) {
		spec.Args = []string{"__plugin", "no-service"}
		spec.NoTLS = true
		spec.StartTimeout = time.Second
		_, err := launch.Start(t.Context(), spec)
		if !errors.Is(err, launch.ErrStartTimeout) && !errors.Is(err, launch.ErrUnhealthy) {
			t.Errorf("got %v", err)
		}
		spec.NoTLS = false
		if _, err := launch.Start(t.Context(), spec); !errors.Is(err, launch.ErrHandshake) || !strings.Contains(err.Error(), "certificate") {
			t.Errorf("got %v", err)
		}
	})
}

func TestAStartThatIsCancelledLeavesNothing(t *testing.T) {
	ways(t, func(t *testing.T, spec launch.Spec) {
		spec.Args = []string{"__plugin", "silent"}
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if _, err := launch.Start(ctx, spec); err == nil {
			t.Fatal("it started")
		}
	})
}

// fault-P13
func TestAnEndlessLineOnDescriptorOneStallsNothing(t *testing.T) {
	ways(t, func(t *testing.T, spec launch.Spec) {
		var lines log
		spec.Line = lines.add
		p := start(t, spec, "raw")
		if got, err := call(t.Context(), p, "shout"); err != nil || got != "done" {
			t.Fatalf("got %q, %v", got, err)
		}
		p.Kill()
		_, ok := lines.find(func(l launch.Line) bool {
			cut, _ := l.Fields[launch.FieldCut].(int)
			return l.Fields[launch.FieldStream] == "stdout" && len(l.Message)+cut == 1<<20
		})
		if !ok {
			t.Error("the line is not in the log with what was cut")
		}
	})
}

func TestBadLogLinesAreLinesAndNoPanic(t *testing.T) {
	var lines log
	p := start(t, launch.Spec{Path: os.Args[0], SocketDir: shortDir(t), StartTimeout: patience, Line: lines.add}, "bad-log")
	p.Kill()
	for _, want := range []string{`{"@message":5}`, "x"} {
		if _, ok := lines.find(func(l launch.Line) bool { return l.Message == want }); !ok {
			t.Errorf("no line %q in %v", want, lines.lines)
		}
	}
}

// fault-P14
func TestAFloodOfLogLinesIsCounted(t *testing.T) {
	var lines log
	p := start(t, launch.Spec{Path: os.Args[0], SocketDir: shortDir(t), StartTimeout: patience, Line: lines.add}, "stderr-flood")
	eventually(t, "a line that counts", func() bool {
		_, ok := lines.find(func(l launch.Line) bool { n, _ := l.Fields[launch.FieldSuppressed].(int); return n > 0 })
		return ok
	})
	if _, err := p.Handler().Health(t.Context()); err != nil {
		t.Errorf("the plugin does not answer while it floods: %v", err)
	}
}

func TestAPanicsStackIsWhole(t *testing.T) {
	ways(t, func(t *testing.T, spec launch.Spec) {
		var lines log
		spec.Line = lines.add
		p := start(t, spec, "healthy")
		_, err := call(t.Context(), p, "panic")
		if sdk.ErrorCode(err) != sdk.CodeUnavailable {
			t.Errorf("got %v", err)
		}
		<-p.Done()
		exit := p.Exit()
		if exit.Code != 2 || len(exit.Stderr) == 0 || !strings.HasPrefix(exit.Stderr[0], "panic: boom") {
			t.Errorf("got %+v", exit)
		}
		if l, ok := lines.find(func(l launch.Line) bool { return strings.HasPrefix(l.Message, "created by ") }); !ok || l.Level != hclog.Error {
			t.Errorf("the stack's end is not an error in the log: %+v", l)
		}
	})
}

func TestAHugeReplyIsRefusedAndThePluginLives(t *testing.T) {
	p := start(t, launch.Spec{Path: os.Args[0], SocketDir: shortDir(t), StartTimeout: patience}, "healthy")
	if _, err := call(t.Context(), p, "big"); err == nil {
		t.Error("64 MiB were taken")
	}
	if _, err := p.Handler().Health(t.Context()); err != nil {
		t.Error(err)
	}
}

// fault-P26
func TestNothingOfTheHostsEnvironmentLeaks(t *testing.T) {
	t.Setenv("JARVIS_TEST_SECRET", "hunter2")
	ways(t, func(t *testing.T, spec launch.Spec) {
		spec.Env = append(spec.Env, "OWN=yes")
		p := start(t, spec, "healthy")
		env, err := call(t.Context(), p, "environment")
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(env, "hunter2") || !strings.Contains(env, "OWN=yes") {
			t.Errorf("environment is\n%s", env)
		}
	})
}

// group lists the processes that carry the folder in their environment.
func family(folder string) (pids []int) {
	paths, _ := filepath.Glob("/proc/[0-9]*/environ")
	for _, path := range paths {
		env, err := os.ReadFile(path)
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err == nil && strings.Contains(string(env), "="+folder) && running(pid) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// fault-P18
func TestAGrandchildThatHoldsTheOutputBlocksNothing(t *testing.T) {
	ways(t, func(t *testing.T, spec launch.Spec) {
		p := start(t, spec, "grandchild")
		folder := p.Footprint().Folder
		p.Kill()
		select {
		case <-p.Done():
		default:
			t.Error("Kill returned before the end")
		}
		eventually(t, "the grandchild's end", func() bool { return len(family(folder)) == 0 })
	})
}

func TestAShimEndsProcessesThatLeftTheGroup(t *testing.T) {
	p := start(t, launch.Spec{
		Path: os.Args[0], Shim: []string{os.Args[0], "__exec"}, SocketDir: shortDir(t), StartTimeout: patience,
	}, "runaway")
	folder := p.Footprint().Folder
	if n := len(family(folder)); n != 3 { // shim, plugin, runaway
		t.Fatalf("%d processes run", n)
	}
	if err := syscall.Kill(p.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-p.Done()
	if exit := p.Exit(); exit.Signal != syscall.SIGKILL {
		t.Errorf("got %v", exit)
	}
	if left := family(folder); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// fault-P30
func TestAStoppedPluginCanBeKilled(t *testing.T) {
	ways(t, func(t *testing.T, spec launch.Spec) {
		p := start(t, spec, "healthy")
		if err := syscall.Kill(p.PID(), syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, _ = p.Stop(ctx, time.Second)
		select {
		case <-p.Done():
		default:
			t.Error("it was not ended")
		}
	})
}

func TestTheLossIsNoticedWithoutACall(t *testing.T) {
	ways(t, func(t *testing.T, spec launch.Spec) {
		p := start(t, spec, "healthy")
		if err := syscall.Kill(p.PID(), syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		<-p.Lost()
		<-p.Done()
	})
}

// fault-P21
func TestTwentyCyclesLeaveNothing(t *testing.T) {
	ways(t, func(t *testing.T, spec launch.Spec) {
		cycle := func() {
			spec.Args = []string{"__plugin", "healthy"}
			p, err := launch.Start(t.Context(), spec)
			if err != nil {
				t.Fatal(err)
			}
			_, _ = p.Stop(t.Context(), time.Second)
		}
		cycle() // what is made once
		before := resources(t)
		for range 20 {
			cycle()
		}
		eventually(t, "goroutines and descriptors back where they were", func() bool { return resources(t) <= before })
	})
}
