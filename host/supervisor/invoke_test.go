package supervisor

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/sdk"
)

type yielder = func(sdk.Event, error) bool

func TestACallPassesItsEventsOn(t *testing.T) {
	want := []sdk.Event{sdk.Text{Text: "a"}, sdk.Progress{Fraction: .5}, sdk.Result{Text: "b"}}
	onBench(t, func(f *fakePlugin, _ *Config) {
		f.invoke = func(_ context.Context, _ *sdk.Invocation, yield yielder) {
			for _, ev := range want {
				yield(ev, nil)
			}
		}
	}, func(t *testing.T, b *bench) {
		got, err := b.answer(t.Context(), "read")
		if d := cmp.Diff(want, got); d != "" || err != nil {
			t.Error(d, err)
		}
		if d := cmp.Diff([]sdk.Code{""}, b.codes); d != "" {
			t.Error(d)
		}
	})
}

func TestUnknownPluginsAndToolsAreNotFound(t *testing.T) {
	onBench(t, nil, func(t *testing.T, b *bench) {
		if _, err := b.answer(t.Context(), "none"); sdk.ErrorCode(err) != sdk.CodeNotFound {
			t.Errorf("got %v", err)
		}
		if _, err := collect(b.Invoke(t.Context(), "none", &sdk.Invocation{})); sdk.ErrorCode(err) != sdk.CodeNotFound || !errors.As(err, &unsent{}) {
			t.Errorf("got %v", err)
		}
	})
}

// fault-P9: a lost call is made again only where nothing can happen twice.
func TestALostCallIsRetriedOnceWhereThatIsSafe(t *testing.T) {
	for _, tt := range []struct {
		tool     string
		streamed bool
		calls    int
	}{
		{"read", false, 2},
		{"put", false, 2},
		{"game", false, 2},
		{"write", false, 1},
		{"unsaid", false, 1},
		{"dialog", false, 1},
		{"read", true, 1},
	} {
		name := tt.tool
		if tt.streamed {
			name += " after a text"
		}
		t.Run(name, func(t *testing.T) {
			onBench(t, nil, func(t *testing.T, b *bench) {
				b.set(func() {
					b.invoke = func(_ context.Context, _ *sdk.Invocation, yield yielder) {
						if b.calls > 1 {
							yield(sdk.Result{Text: "at last"}, nil)
							return
						}
						if tt.streamed {
							yield(sdk.Text{Text: "well"}, nil)
						}
						b.current().crash()
						yield(nil, b.current().error())
					}
				})
				events, err := b.answer(t.Context(), tt.tool)
				if b.calls != tt.calls {
					t.Errorf("%d calls", b.calls)
				}
				if tt.calls == 2 && (err != nil || len(events) != 1) {
					t.Errorf("got %v, %v", events, err)
				}
				if tt.calls == 1 && (sdk.ErrorCode(err) != sdk.CodeUnavailable || errors.As(err, &unsent{})) {
					t.Errorf("got %v", err)
				}
			})
		})
	}
}

func TestACallThatIsLostTwiceIsUnavailable(t *testing.T) {
	onBench(t, nil, func(t *testing.T, b *bench) {
		b.set(func() {
			b.invoke = func(_ context.Context, _ *sdk.Invocation, yield yielder) {
				b.current().crash()
				yield(nil, b.current().error())
			}
		})
		if _, err := b.answer(t.Context(), "read"); sdk.ErrorCode(err) != sdk.CodeUnavailable || b.calls != 2 {
			t.Errorf("got %v after %d calls", err, b.calls)
		}
	})
}

func TestACallWaitsForAPluginThatRestarts(t *testing.T) {
	onBench(t, nil, func(t *testing.T, b *bench) {
		b.current().crash()
		if events, err := b.answer(t.Context(), "write"); err != nil || len(events) != 1 {
			t.Errorf("got %v, %v", events, err)
		}
		b.set(func() { b.startErr = errors.New("no luck") })
		b.current().crash()
		before := time.Now()
		_, err := b.answer(t.Context(), "read")
		if sdk.ErrorCode(err) != sdk.CodeUnavailable || time.Since(before) > 2*time.Second || !strings.Contains(err.Error(), "no luck") {
			t.Errorf("got %v after %v", err, time.Since(before))
		}
		time.Sleep(2 * time.Second) //nolint:forbidigo // the clock is fake
		before = time.Now()
		if _, err := b.answer(t.Context(), "read"); err == nil || time.Since(before) > 2*time.Second {
			t.Errorf("got %v after %v", err, time.Since(before))
		}
	})
}

func TestEveryCallHasADeadline(t *testing.T) {
	onBench(t, func(f *fakePlugin, _ *Config) {
		f.manifest.Tools = append(f.manifest.Tools, sdk.ToolSpec{Name: "slow", Timeout: time.Minute})
		f.invoke = func(ctx context.Context, _ *sdk.Invocation, yield yielder) {
			<-ctx.Done()
			yield(nil, ctx.Err())
		}
	}, func(t *testing.T, b *bench) {
		for tool, want := range map[string]time.Duration{"read": 10 * time.Second, "slow": time.Minute} {
			before := time.Now()
			_, err := b.answer(t.Context(), tool)
			if sdk.ErrorCode(err) != sdk.CodeTimeout || time.Since(before) != want {
				t.Errorf("%s: got %v after %v", tool, err, time.Since(before))
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if _, err := b.answer(ctx, "read"); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}

// fault-P11
func TestAPluginThatIgnoresCancellationIsRestarted(t *testing.T) {
	onBench(t, func(f *fakePlugin, _ *Config) {
		f.health = func(context.Context) (sdk.Health, error) { return sdk.Health{OK: true, InFlight: 1}, nil }
		f.invoke = func(ctx context.Context, _ *sdk.Invocation, yield yielder) {
			<-ctx.Done()
			yield(nil, ctx.Err())
		}
	}, func(t *testing.T, b *bench) {
		time.Sleep(time.Minute) //nolint:forbidigo // the clock is fake
		if st := b.status(); st.Restarts != 0 {
			t.Fatalf("got %+v", st)
		}
		if _, err := b.answer(t.Context(), "read"); sdk.ErrorCode(err) != sdk.CodeTimeout {
			t.Errorf("got %v", err)
		}
		time.Sleep(4*time.Second + time.Millisecond) //nolint:forbidigo // the clock is fake
		if st := b.status(); !b.passed(StateCrashed) || !strings.Contains(st.Reason, "run on after they were cancelled") {
			t.Errorf("got %+v", st)
		}
	})
}

// The deadline travels with the call, and the plugin's clock may be first.
func TestACallThatThePluginGivesUpIsLookedAfterToo(t *testing.T) {
	onBench(t, func(f *fakePlugin, _ *Config) {
		f.health = func(context.Context) (sdk.Health, error) { return sdk.Health{OK: true, InFlight: 1}, nil }
		f.invoke = func(_ context.Context, _ *sdk.Invocation, yield yielder) {
			yield(nil, failure(sdk.CodeTimeout, context.DeadlineExceeded))
		}
	}, func(t *testing.T, b *bench) {
		if _, err := b.answer(t.Context(), "read"); sdk.ErrorCode(err) != sdk.CodeTimeout {
			t.Errorf("got %v", err)
		}
		time.Sleep(5 * time.Second) //nolint:forbidigo // the clock is fake
		if !b.passed(StateCrashed) {
			t.Errorf("went through %v", b.states)
		}
	})
}

func TestCallsQueueAndThenThePluginIsBusy(t *testing.T) {
	onBench(t, nil, func(t *testing.T, b *bench) {
		release := make(chan struct{})
		most := 0
		b.set(func() {
			b.invoke = func(_ context.Context, _ *sdk.Invocation, yield yielder) {
				b.told.Lock()
				most = max(most, b.keepers["fake"].gate.running())
				b.told.Unlock()
				<-release
				yield(sdk.Result{}, nil)
			}
		})
		var wg sync.WaitGroup
		for range maxParallel + maxQueued {
			wg.Go(func() {
				if _, err := b.answer(t.Context(), "read"); err != nil {
					t.Error(err)
				}
			})
		}
		synctest.Wait()
		if _, err := b.answer(t.Context(), "read"); sdk.ErrorCode(err) != sdk.CodeBusy {
			t.Errorf("got %v", err)
		}
		close(release)
		wg.Wait()
		if most != maxParallel {
			t.Errorf("%d ran at a time", most)
		}
	})
}

func TestAToolsOwnLimitIsKept(t *testing.T) {
	onBench(t, nil, func(t *testing.T, b *bench) {
		now, most := 0, 0
		b.set(func() {
			b.invoke = func(_ context.Context, _ *sdk.Invocation, yield yielder) {
				b.told.Lock()
				now++
				most = max(most, now)
				b.told.Unlock()
				time.Sleep(time.Second) //nolint:forbidigo // the clock is fake
				b.told.Lock()
				now--
				b.told.Unlock()
				yield(sdk.Result{}, nil)
			}
		})
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() {
				if _, err := b.answer(t.Context(), "single"); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if most != 1 {
			t.Errorf("%d ran at a time", most)
		}
	})
}

func TestACallThatStillWaitsAtItsDeadlineIsBusy(t *testing.T) {
	onBench(t, nil, func(t *testing.T, b *bench) {
		b.set(func() {
			b.invoke = func(ctx context.Context, _ *sdk.Invocation, yield yielder) { <-ctx.Done(); yield(nil, ctx.Err()) }
		})
		go func() { _, _ = b.answer(t.Context(), "single") }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := b.answer(ctx, "single"); sdk.ErrorCode(err) != sdk.CodeBusy {
			t.Errorf("got %v", err)
		}
		time.Sleep(time.Minute) //nolint:forbidigo // the clock is fake
	})
}

func TestResultsOverTheirBoundsAreRefused(t *testing.T) {
	for name, ev := range map[string]sdk.Event{
		"text":     sdk.Result{Text: strings.Repeat("x", maxText+1)},
		"piece":    sdk.Text{Text: strings.Repeat("x", maxText+1)},
		"progress": sdk.Progress{Message: strings.Repeat("x", maxText+1)},
		"question": sdk.NeedInput{Options: []sdk.Option{{Label: strings.Repeat("x", maxText+1)}}},
		"problem":  sdk.Problem{Detail: strings.Repeat("x", maxText+1)},
		"fallback": sdk.NotMine{Fallback: strings.Repeat("x", maxText+1)},
		"state":    sdk.Result{State: json.RawMessage(strings.Repeat("1", sdk.MaxState+1))},
		"data":     sdk.Result{Data: json.RawMessage(strings.Repeat("1", maxData+1))},
	} {
		t.Run(name, func(t *testing.T) {
			onBench(t, func(f *fakePlugin, _ *Config) {
				f.invoke = func(_ context.Context, _ *sdk.Invocation, yield yielder) { yield(ev, nil) }
			}, func(t *testing.T, b *bench) {
				events, err := b.answer(t.Context(), "read")
				if sdk.ErrorCode(err) != sdk.CodeInternal || len(events) != 0 {
					t.Errorf("got %d events, %v", len(events), err)
				}
			})
		})
	}
}

func TestAnEndlessCallIsRefused(t *testing.T) {
	onBench(t, func(f *fakePlugin, _ *Config) {
		f.invoke = func(_ context.Context, _ *sdk.Invocation, yield yielder) {
			for yield(sdk.Progress{}, nil) {
			}
		}
	}, func(t *testing.T, b *bench) {
		if _, err := b.answer(t.Context(), "read"); sdk.ErrorCode(err) != sdk.CodeInternal {
			t.Errorf("got %v", err)
		}
	})
}

func TestACallWithoutAnEndIsTheFaultOfThePlugin(t *testing.T) {
	onBench(t, func(f *fakePlugin, _ *Config) {
		f.invoke = func(context.Context, *sdk.Invocation, yielder) {}
	}, func(t *testing.T, b *bench) {
		if _, err := b.answer(t.Context(), "read"); sdk.ErrorCode(err) != sdk.CodeInternal {
			t.Errorf("got %v", err)
		}
	})
}

func TestAProblemIsAnEndAndIsCountedByItsCode(t *testing.T) {
	onBench(t, func(f *fakePlugin, _ *Config) {
		f.invoke = func(_ context.Context, _ *sdk.Invocation, yield yielder) {
			yield(sdk.Problem{Code: sdk.CodeNotFound, Message: "no such city"}, nil)
		}
	}, func(t *testing.T, b *bench) {
		events, err := b.answer(t.Context(), "read")
		if err != nil || len(events) != 1 {
			t.Errorf("got %v, %v", events, err)
		}
		if d := cmp.Diff([]sdk.Code{sdk.CodeNotFound}, b.codes); d != "" {
			t.Error(d)
		}
	})
}

func TestLeavingTheLoopEndsTheCall(t *testing.T) {
	onBench(t, func(f *fakePlugin, _ *Config) {
		f.invoke = func(_ context.Context, _ *sdk.Invocation, yield yielder) {
			for yield(sdk.Text{Text: "x"}, nil) {
			}
		}
	}, func(t *testing.T, b *bench) {
		for range b.Invoke(t.Context(), "fake", &sdk.Invocation{Tool: "read"}) {
			break
		}
		if n := b.keepers["fake"].gate.running(); n != 0 {
			t.Errorf("%d calls run", n)
		}
	})
}
