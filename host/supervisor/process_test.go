package supervisor

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/launch"
)

// run starts real plugins and stops them after the test.
func run(t *testing.T, change func(*Supervisor), plugins ...Config) *Supervisor {
	t.Helper()
	s := New(Options{
		Plugins: plugins, DataDir: t.TempDir(), Shim: shim(), AutoMTLS: true, HostVersion: "1.0.0",
		Log: func(plugin string, l launch.Line) { t.Log(plugin, l.Level, l.Message, l.Fields) },
	})
	s.timing.start = patience
	if change != nil {
		change(s)
	}
	if err := s.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		for _, st := range s.List() {
			if st.PID != 0 {
				t.Errorf("%s still has process %d", st.Name, st.PID)
			}
		}
		if left, _ := os.ReadDir(s.records.dir); len(left) > 0 {
			t.Errorf("records are left: %v", left)
		}
	})
	return s
}

func goodConfig(t *testing.T) Config {
	return Config{ID: "good", Path: program(t, "good"), Enabled: true}
}

func status(t *testing.T, s *Supervisor, id string) Status {
	t.Helper()
	for _, st := range s.List() {
		if st.Name == id {
			return st
		}
	}
	t.Fatalf("no plugin %q", id)
	return Status{}
}

func answer(t *testing.T, s *Supervisor, tool string) (string, error) {
	t.Helper()
	events, err := collect(s.Invoke(t.Context(), "good", &sdk.Invocation{Tool: tool, Args: []byte("{}")}))
	if err != nil {
		return "", err
	}
	r, ok := events[len(events)-1].(sdk.Result)
	if !ok {
		t.Fatalf("%s ended with %#v", tool, events[len(events)-1])
	}
	return r.Text, nil
}

// O05: what is broken says so, and everything else runs.
func TestBrokenPluginsLeaveTheOthersAlone(t *testing.T) {
	s := run(t, nil, goodConfig(t),
		Config{ID: "crash", Path: program(t, "crash"), Enabled: true},
		Config{ID: "noise", Path: program(t, "noise"), Enabled: true},
		Config{ID: "missing", Path: "/nonexistent/x", Enabled: true},
		Config{ID: "other", Path: program(t, "good"), Enabled: true},
		Config{ID: "wrong", Path: program(t, "good"), Enabled: true, Values: []byte(`{"units":"parsec"}`)},
	)
	if got, err := answer(t, s, "hello"); got != "hello" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	for id, want := range map[string]string{
		"crash": "no luck", "noise": `"hello"`, "missing": "no such file", "other": `is plugin "good"`,
	} {
		if st := status(t, s, id); !strings.Contains(st.Reason, want) || st.State == StateReady {
			t.Errorf("%s: got %+v, want %q", id, st, want)
		}
	}
	if len(s.Ready()) != 1 {
		t.Errorf("%d plugins are on offer", len(s.Ready()))
	}
}

// fault-P22
func TestAWrongConfigurationBlocksWithItsPath(t *testing.T) {
	c := goodConfig(t)
	c.Values = []byte(`{"units":"parsec"}`)
	s := run(t, nil, c)
	if st := status(t, s, "good"); st.State != StateBlocked || !strings.Contains(st.Reason, "/units") {
		t.Errorf("got %+v", st)
	}
}

// fault-P9
func TestACrashInACallIsAClearErrorAndThePluginComesBack(t *testing.T) {
	s := run(t, func(s *Supervisor) { s.timing.restart = patience }, goodConfig(t))
	pid := status(t, s, "good").PID
	if _, err := answer(t, s, "crash"); sdk.ErrorCode(err) != sdk.CodeUnavailable {
		t.Errorf("got %v", err)
	}
	if got, err := answer(t, s, "hello"); got != "hello" || err != nil {
		t.Errorf("the next call got %q, %v", got, err)
	}
	st := status(t, s, "good")
	if st.State != StateReady || st.PID == pid || st.Restarts != 1 || len(st.Stderr) == 0 || !strings.HasPrefix(st.Stderr[0], "panic: boom") {
		t.Errorf("got %+v", st)
	}
}

func TestAKilledPluginAnswersTheNextCall(t *testing.T) {
	s := run(t, func(s *Supervisor) { s.timing.restart = patience }, goodConfig(t))
	for range 3 {
		if err := syscall.Kill(status(t, s, "good").PID, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		if got, err := answer(t, s, "hello"); got != "hello" || err != nil {
			t.Errorf("got %q, %v", got, err)
		}
	}
}

// fault-P30
func TestAStoppedPluginIsFoundAndRestarted(t *testing.T) {
	s := run(t, func(s *Supervisor) {
		s.timing.health, s.timing.healthTimeout, s.timing.again = 50*time.Millisecond, 500*time.Millisecond, 10*time.Millisecond
	}, goodConfig(t))
	pid := status(t, s, "good").PID
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	eventually(t, "another process", func() bool {
		st := status(t, s, "good")
		return st.State == StateReady && st.PID != pid
	})
}

// fault-P10, P11
func TestACallThatHangsEndsAndItsPluginIsRestarted(t *testing.T) {
	s := run(t, func(s *Supervisor) { s.timing.linger = 100 * time.Millisecond }, goodConfig(t))
	pid := status(t, s, "good").PID
	if _, err := answer(t, s, "hang"); sdk.ErrorCode(err) != sdk.CodeTimeout {
		t.Errorf("got %v", err)
	}
	eventually(t, "another process", func() bool {
		st := status(t, s, "good")
		return st.State == StateReady && st.PID != pid
	})
}

func TestAHugeAnswerIsRefusedAndThePluginLives(t *testing.T) {
	s := run(t, nil, goodConfig(t))
	pid := status(t, s, "good").PID
	if _, err := answer(t, s, "big"); err == nil {
		t.Error("64 MiB were taken")
	}
	if got, err := answer(t, s, "hello"); got != "hello" || err != nil || status(t, s, "good").PID != pid {
		t.Errorf("got %q, %v", got, err)
	}
}

// A plugin that nobody calls ends, and stays on offer; whoever calls it, or tells it
// of something, wakes it, and nothing of that is a restart.
func TestAnIdlePluginEndsAndIsWokenByACall(t *testing.T) {
	c := goodConfig(t)
	c.IdleAfter = 50 * time.Millisecond
	// A start may take longer than a call waits for a plugin that crashed.
	s := run(t, func(s *Supervisor) { s.timing.restart = time.Millisecond }, c)
	for range 2 {
		eventually(t, "the plugin to idle", func() bool {
			st := status(t, s, "good")
			return st.State == StateIdle && st.PID == 0
		})
		if offers := s.Ready(); len(offers) != 1 || len(offers[0].Tools) == 0 {
			t.Errorf("an idle plugin offers %v", offers)
		}
		if got, err := answer(t, s, "hello"); got != "hello" || err != nil {
			t.Errorf("got %q, %v", got, err)
		}
	}
	if st := status(t, s, "good"); st.Restarts != 0 {
		t.Errorf("waking counts as %d restarts", st.Restarts)
	}
	eventually(t, "the plugin to idle again", func() bool { return status(t, s, "good").State == StateIdle })
	if err := s.Disable(t.Context(), "good"); err != nil || status(t, s, "good").State != StateDisabled {
		t.Errorf("disabled: %+v, %v", status(t, s, "good"), err)
	}
	if _, err := answer(t, s, "hello"); sdk.ErrorCode(err) != sdk.CodeUnavailable {
		t.Errorf("a disabled plugin was woken: %v", err)
	}
	if err := s.Enable(t.Context(), "good"); err != nil {
		t.Fatal(err)
	}
	if got, err := answer(t, s, "hello"); got != "hello" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

// fault-P15
func TestAPluginThatGrowsIsEndedAlone(t *testing.T) {
	if raceEnabled {
		t.Skip("the race detector's memory does not fit under a limit")
	}
	s := run(t, func(s *Supervisor) { s.opts.Memory = 512 << 20 }, goodConfig(t))
	if _, err := answer(t, s, "balloon"); sdk.ErrorCode(err) != sdk.CodeUnavailable {
		t.Errorf("got %v", err)
	}
	if got, err := answer(t, s, "hello"); got != "hello" || err != nil {
		t.Errorf("the next call got %q, %v", got, err)
	}
	// What can't be had first is memory for the heap or for another thread.
	said := strings.Join(status(t, s, "good").Stderr, "\n")
	if !strings.Contains(said, "out of memory") && !strings.Contains(said, "pthread_create failed") {
		t.Errorf("got %q", said)
	}
}

func running(pid int) bool {
	raw, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	return err == nil && !strings.Contains(string(raw), ") Z ")
}

// family lists the living processes whose environment names a folder.
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

// fault-P17: nothing runs on after a host that was killed, and the next one
// clears up what is left on disk.
func TestAKilledHostLeavesNoProcess(t *testing.T) {
	dir, path := t.TempDir(), program(t, "forks")
	cmd := exec.Command(os.Args[0], "__host", path, dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	var st Status
	if err := json.NewDecoder(out).Decode(&st); err != nil || st.State != StateReady {
		t.Fatalf("got %+v, %v", st, err)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "plugins", "run", "good.json"))
	if err != nil {
		t.Fatal(err)
	}
	var f launch.Footprint
	if err := json.Unmarshal(raw, &f); err != nil {
		t.Fatal(err)
	}
	if n := len(family(f.Folder)); n != 3 { // shim, plugin, sleep
		t.Fatalf("%d processes run", n)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	eventually(t, "the end of all processes", func() bool { return len(family(f.Folder)) == 0 })
	if err := (records{filepath.Join(dir, "plugins", "run")}).clear(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(f.Folder); !os.IsNotExist(err) {
		t.Errorf("the private folder is left: %v", err)
	}
}

// fault-P19, P21
func TestTwentyCyclesLeaveNothing(t *testing.T) {
	dir, c := t.TempDir(), goodConfig(t)
	// A folder for its own sockets, with a short name: others count in /tmp.
	own, err := os.MkdirTemp("/tmp", "jt")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(own) })
	t.Setenv("TMPDIR", own)
	cycle := func() {
		s := New(Options{Plugins: []Config{c}, DataDir: dir, Shim: shim()})
		s.timing.start = patience
		if err := s.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if st := status(t, s, "good"); st.State != StateReady {
			t.Fatalf("got %+v", st)
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		if err := s.Stop(ctx); err != nil {
			t.Fatal(err)
		}
	}
	cycle()
	before := resources(t)
	for range 20 {
		cycle()
	}
	eventually(t, "goroutines, descriptors and folders back where they were", func() bool { return resources(t) <= before })
}

// resources counts goroutines, open descriptors and private folders.
func resources(t *testing.T) int {
	t.Helper()
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	folders, _ := filepath.Glob(filepath.Join(os.TempDir(), "jv-*"))
	return runtime.NumGoroutine() + len(fds) + len(folders)
}

func TestWhenTheContextEndsStopKills(t *testing.T) {
	s := run(t, nil, goodConfig(t))
	pid := status(t, s, "good").PID
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Stop(ctx); err != nil {
		t.Error(err)
	}
	if running(pid) {
		t.Error("the plugin still runs")
	}
}
