package supervisor

import (
	"context"
	"errors"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/launch"
)

func TestAPluginIsDescribedConfiguredAndReady(t *testing.T) {
	onBench(t, func(f *fakePlugin, c *Config) {
		f.manifest.Needs = []sdk.Need{{Kind: "net", Scope: "example.org:443"}}
		f.configured.Tools = []sdk.ToolSpec{{Name: "one"}}
		c.Grants = f.manifest.Needs
		c.Values = []byte(`{"units":"metric"}`)
	}, func(t *testing.T, b *bench) {
		want := Status{Name: "fake", Version: "1.2.3", State: StateReady, Since: time.Now(), PID: 1001}
		if d := cmp.Diff(want, b.status()); d != "" {
			t.Error(d)
		}
		ready := b.Ready()
		if len(ready) != 1 || len(ready[0].Tools) != 1 || ready[0].Tools[0].Name != "one" {
			t.Errorf("on offer: %+v", ready)
		}
		if d := cmp.Diff(sdk.Configuration{
			Values: []byte(`{"units":"metric"}`), Granted: b.manifest.Needs, HostVersion: "1.4.0",
		}, b.got); d != "" {
			t.Error(d)
		}
	})
}

// O05, fault-P22: what can't work is blocked with its reason, and not tried
// again by itself.
func TestAPluginThatMustNotRunIsBlockedWithItsReason(t *testing.T) {
	tests := []struct {
		name   string
		change func(*fakePlugin, *Config)
		want   string
	}{
		{"missing program", func(_ *fakePlugin, c *Config) { c.Path = "/nonexistent/x" }, "program: open program"},
		{"folder", func(_ *fakePlugin, c *Config) { c.Path = "/tmp" }, "expected a file, got a folder"},
		{"another hash", func(_ *fakePlugin, c *Config) { c.SHA256 = strings.Repeat("0", 64) }, "approved is 000"},
		{"another id", func(f *fakePlugin, _ *Config) { f.manifest.ID = "evil" }, `manifest: the program is plugin "evil", configured as "fake"`},
		{"too old a host", func(f *fakePlugin, _ *Config) { f.manifest.MinHost = "2.0.0" }, "needs host 2.0.0 or newer, this host is 1.4.0"},
		{"tool twice", func(f *fakePlugin, _ *Config) { f.manifest.Tools = []sdk.ToolSpec{{Name: "a"}, {Name: "a"}} }, `tool "a" is declared twice`},
		{"tool name", func(f *fakePlugin, _ *Config) { f.manifest.Tools = []sdk.ToolSpec{{Name: "rm -rf"}} }, `tool name "rm -rf"`},
		{
			"need that is not granted", func(f *fakePlugin, c *Config) {
				f.manifest.Needs = []sdk.Need{{Kind: "net", Scope: "a:1"}, {Kind: "exec", Scope: "sh", Reason: "fun"}}
				c.Grants = f.manifest.Needs[:1]
			}, `need: not granted: exec sh (fun); to grant it, add "exec sh" to plugins.fake.grants`,
		},
		{
			"configuration", func(f *fakePlugin, _ *Config) {
				f.configured.Diagnostics = []sdk.Diagnostic{{Path: "/a", Summary: "odd"}, {Fatal: true, Path: "/units", Summary: "expected metric or imperial"}}
			}, "configuration: /units expected metric or imperial",
		},
		// D08: what to do is said.
		{
			"newer protocol", func(f *fakePlugin, _ *Config) {
				f.startErr = &launch.StartError{Err: &launch.VersionError{Speaks: "2"}}
			},
			"version: plugin fake speaks version 2 of the plugin contract, this host (1.4.0) speaks version 1: upgrade the host, " +
				"or let plugins.fake.path name a build of the plugin for version 1, then run `jarvis plugin restart fake`",
		},
		{
			"older protocol", func(f *fakePlugin, _ *Config) { f.startErr = &launch.VersionError{Speaks: "0"} },
			"this host (1.4.0) speaks version 1: let plugins.fake.path name a newer build of the plugin, or build it again with a newer SDK",
		},
		{"not runnable", func(f *fakePlugin, _ *Config) { f.startErr = errors.Join(launch.ErrExec, syscall.ENOEXEC) }, "program: cannot run"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			onBench(t, tt.change, func(t *testing.T, b *bench) {
				tries := len(b.started())
				time.Sleep(time.Hour) //nolint:forbidigo // the clock is fake
				if st := b.status(); st.State != StateBlocked || !strings.Contains(st.Reason, tt.want) || st.PID != 0 {
					t.Errorf("got %+v, want blocked with %q", st, tt.want)
				}
				if n := len(b.started()); n != tries {
					t.Errorf("tried %d more times", n-tries)
				}
				_, err := b.answer(t.Context(), "read")
				if sdk.ErrorCode(err) != sdk.CodeUnavailable || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("a call got %v", err)
				}
			})
		})
	}
}

func TestAProgramThatTheSystemCanRunLaterIsTriedAgain(t *testing.T) {
	onBench(t, func(f *fakePlugin, _ *Config) { f.startErr = errors.Join(launch.ErrExec, syscall.EAGAIN) }, func(t *testing.T, b *bench) {
		if st := b.status(); st.State != StateBackoff {
			t.Errorf("got %+v", st)
		}
	})
}

func TestWhatThePluginNeedsIsGrantedToTheProjectsOwn(t *testing.T) {
	onBench(t, func(f *fakePlugin, c *Config) {
		f.manifest.Needs = []sdk.Need{{Kind: "net", Scope: "a:1"}}
		c.GrantAll = true
	}, func(t *testing.T, b *bench) {
		if st := b.status(); st.State != StateReady || len(b.got.Granted) != 1 {
			t.Errorf("got %+v, granted %v", st, b.got.Granted)
		}
	})
}

// fault-P6
func TestAPluginThatHangsDoesNotDelayTheHost(t *testing.T) {
	onBench(t, func(f *fakePlugin, _ *Config) { f.startHangs = true }, func(t *testing.T, b *bench) {
		if took := time.Since(b.started()[0]); took > 5*time.Second {
			t.Errorf("start returned after %v", took)
		}
	})
}

// O06: exponential backoff, quarantine, trials, and a manual way out.
func TestACrashLoopEndsInQuarantine(t *testing.T) {
	onBench(t, func(f *fakePlugin, _ *Config) { f.startErr = errors.New("no luck") }, func(t *testing.T, b *bench) {
		time.Sleep(29 * time.Minute) //nolint:forbidigo // the clock is fake
		if st := b.status(); st.State != StateQuarantined || !strings.Contains(st.Reason, "no luck") {
			t.Errorf("got %+v", st)
		}
		var waits []time.Duration
		starts := b.started()
		for i, at := range starts[1:] {
			waits = append(waits, at.Sub(starts[i]))
		}
		ms := time.Millisecond
		if d := cmp.Diff([]time.Duration{250 * ms, 500 * ms, 1000 * ms, 2000 * ms}, waits); d != "" {
			t.Error(d)
		}
		time.Sleep(2 * time.Hour) //nolint:forbidigo // the clock is fake
		if n := len(b.started()); n != 5+4 {
			t.Errorf("%d starts after two hours and a half, want 5 and a trial each half hour", n)
		}
		b.set(func() { b.startErr = nil })
		if err := b.Restart(t.Context(), "fake"); err != nil {
			t.Fatal(err)
		}
		if st := b.status(); st.State != StateReady || st.Restarts != 9 {
			t.Errorf("after a manual restart: %+v", st)
		}
		b.current().crash()
		synctest.Wait()
		if st := b.status(); st.State != StateBackoff {
			t.Errorf("old crashes count after a manual restart: %+v", st)
		}
	})
}

func TestATrialThatWorksLetsThePluginOut(t *testing.T) {
	onBench(t, func(f *fakePlugin, _ *Config) { f.startErr = errors.New("no luck") }, func(t *testing.T, b *bench) {
		time.Sleep(20 * time.Minute) //nolint:forbidigo // the clock is fake
		b.set(func() { b.startErr = nil })
		time.Sleep(15 * time.Minute) //nolint:forbidigo // the clock is fake
		if st := b.status(); st.State != StateReady {
			t.Fatalf("got %+v", st)
		}
		b.current().crash() // too soon to be trusted
		synctest.Wait()
		if st := b.status(); st.State != StateQuarantined {
			t.Errorf("got %+v", st)
		}
		if len(b.Ready()) != 0 {
			t.Error("a quarantined plugin has tools on offer")
		}
	})
}

func TestHealthyMinutesForgive(t *testing.T) {
	var h history
	now := time.Unix(0, 0)
	for range 4 {
		h.crashed(now, time.Minute)
	}
	if wait, quarantined := h.crashed(now, crashWindow); wait != backoffFirst || quarantined {
		t.Errorf("got %v, %v", wait, quarantined)
	}
	h = history{wait: 50 * time.Second}
	if wait, _ := h.crashed(now, 0); wait != backoffMost {
		t.Errorf("got %v", wait)
	}
}

func TestACrashIsToldAndItsToolsStayOnOffer(t *testing.T) {
	onBench(t, nil, func(t *testing.T, b *bench) {
		changes, offer := b.changes, b.Ready()[0]
		b.current().crash()
		synctest.Wait()
		st := b.status()
		if st.State != StateBackoff || st.PID != 0 || !strings.Contains(st.Reason, "exit status 3") || st.Stderr[0] != "last words" {
			t.Errorf("got %+v", st)
		}
		time.Sleep(time.Second) //nolint:forbidigo // the clock is fake
		st = b.status()
		if st.State != StateReady || st.Restarts != 1 || !b.passed(StateReady, StateCrashed, StateBackoff, StateStarting, StateReady) {
			t.Errorf("got %+v after %v", st, b.states)
		}
		if b.changes != changes || b.Ready()[0] != offer {
			t.Error("the catalogue flapped")
		}
	})
}

// fault-P30, fault-P10
func TestAPluginThatMissesThreeHealthCallsIsRestarted(t *testing.T) {
	onBench(t, nil, func(t *testing.T, b *bench) {
		synctest.Wait() // the first call, at once after the start, is answered
		b.set(func() {
			b.health = func(ctx context.Context) (sdk.Health, error) { <-ctx.Done(); return sdk.Health{}, ctx.Err() }
		})
		time.Sleep(10*time.Second + 2*time.Second + time.Millisecond) //nolint:forbidigo // the clock is fake
		if st := b.status(); st.State != StateDegraded || st.PID != 1001 {
			t.Errorf("after one miss: %+v", st)
		}
		time.Sleep(6 * time.Second) //nolint:forbidigo // the clock is fake
		if st := b.status(); !b.passed(StateDegraded, StateCrashed) || st.PID == 1001 {
			t.Errorf("after three: %+v", st)
		}
	})
}

func TestAPluginThatSaysItIsUnwellIsDegradedAndServes(t *testing.T) {
	onBench(t, func(f *fakePlugin, _ *Config) {
		f.health = func(context.Context) (sdk.Health, error) { return sdk.Health{Message: "no network"}, nil }
	}, func(t *testing.T, b *bench) {
		synctest.Wait()
		if st := b.status(); st.State != StateDegraded || st.Reason != "no network" {
			t.Errorf("got %+v", st)
		}
		if _, err := b.answer(t.Context(), "read"); err != nil {
			t.Error(err)
		}
		b.set(func() { b.health = func(context.Context) (sdk.Health, error) { return sdk.Health{OK: true}, nil } })
		time.Sleep(11 * time.Second) //nolint:forbidigo // the clock is fake
		if st := b.status(); st.State != StateReady {
			t.Errorf("got %+v", st)
		}
	})
}

func TestDisableDrainsAndEnableStartsAgain(t *testing.T) {
	onBench(t, nil, func(t *testing.T, b *bench) {
		p := b.current()
		if err := b.Disable(t.Context(), "fake"); err != nil {
			t.Fatal(err)
		}
		if st := b.status(); st.State != StateDisabled || st.PID != 0 || p.drained == 0 || len(b.Ready()) != 0 {
			t.Errorf("got %+v, drained for %v", st, p.drained)
		}
		if _, err := b.answer(t.Context(), "read"); sdk.ErrorCode(err) != sdk.CodeUnavailable {
			t.Errorf("a call got %v", err)
		}
		if err := b.Restart(t.Context(), "fake"); sdk.ErrorCode(err) != sdk.CodeConflict {
			t.Errorf("restart got %v", err)
		}
		for range 2 { // the second changes nothing
			if err := b.Enable(t.Context(), "fake"); err != nil {
				t.Fatal(err)
			}
		}
		if st := b.status(); st.State != StateReady || st.Restarts != 1 {
			t.Errorf("got %+v", st)
		}
		if err := b.Enable(t.Context(), "other"); sdk.ErrorCode(err) != sdk.CodeNotFound {
			t.Errorf("got %v", err)
		}
	})
}

func TestCommandsNeedNotWaitForAStartThatHangs(t *testing.T) {
	onBench(t, func(f *fakePlugin, _ *Config) { f.startHangs = true }, func(t *testing.T, b *bench) {
		time.Sleep(time.Second) //nolint:forbidigo // the clock is fake
		before := time.Now()
		if err := b.Disable(t.Context(), "fake"); err != nil {
			t.Fatal(err)
		}
		if st := b.status(); st.State != StateDisabled || time.Since(before) > time.Second {
			t.Errorf("got %+v after %v", st, time.Since(before))
		}
	})
}

func TestAPluginThatIsOffStaysOff(t *testing.T) {
	onBench(t, func(_ *fakePlugin, c *Config) { c.Enabled = false }, func(t *testing.T, b *bench) {
		if st := b.status(); st.State != StateDisabled || len(b.started()) != 0 {
			t.Errorf("got %+v", st)
		}
	})
}

func TestHostVersionsAreCompared(t *testing.T) {
	for _, tt := range []struct {
		host, least string
		want        bool
	}{
		{"1.4.0", "", false},
		{"1.4.0", "1.4.0", false},
		{"1.4.0", "1.10.0", true},
		{"v1.10.0", "1.4", false},
		{"2.0.0-rc.2", "2.0.0", true},
		{"2.0.0-rc.10", "2.0.0-rc.2", false},
		{"2.0.0-alpha", "2.0.0-rc.1", true},
		{"2.0.0-rc.1", "2.0.0-rc.1.1", true},
		{"dev", "9.0.0", false},
		{"(devel)", "9.0.0", false},
		{"1.0.0", "soon", false},
	} {
		if got := olderThan(tt.host, tt.least); got != tt.want {
			t.Errorf("host %q, least %q: %v", tt.host, tt.least, got)
		}
	}
}
