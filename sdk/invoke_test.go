package sdk_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/sdk"
)

// D09.
func TestAPanicIsOneLocalisedSentenceForThePersonAndAStackForTheAuthor(t *testing.T) {
	for locale, want := range map[string]string{
		"fr": "Désolé, quelque chose s'est mal passé de mon côté (référence req-7).",
		"en": "Sorry, something went wrong on my side (reference req-7).",
	} {
		var log bytes.Buffer
		p := plain(func(context.Context, *sdk.Call) (string, error) {
			m := map[bool]map[string]int{}
			m[true]["boom"]++
			return "", nil
		}).Use(sdk.Environment{Log: slog.New(slog.NewTextHandler(&log, nil))})
		got := end[sdk.Problem](t, p, &sdk.Invocation{Tool: "run", Info: sdk.CallInfo{Locale: locale, RequestID: "req-7"}})
		if got.Message != want || got.Code != sdk.CodeInternal || !strings.Contains(got.Detail, "nil map (invoke_test.go:") {
			t.Errorf("problem is %+v, want the message %q", got, want)
		}
		for _, part := range []string{"request_id=req-7", "invoke_test.go", "nil map"} {
			if !strings.Contains(log.String(), part) {
				t.Errorf("log lacks %q:\n%s", part, log.String())
			}
		}
	}
}

func TestAToolThatLeavesItsGoroutineStillEndsItsCall(t *testing.T) {
	p := plain(func(context.Context, *sdk.Call) (string, error) {
		runtime.Goexit()
		return "", nil
	}).Use(sdk.Environment{Log: slog.New(slog.DiscardHandler)})
	if got := end[sdk.Problem](t, p, &sdk.Invocation{Tool: "run"}); got.Code != sdk.CodeInternal {
		t.Errorf("problem is %+v", got)
	}
}

func TestErrorsBecomeProblems(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want sdk.Problem
	}{
		"the author's words": {
			sdk.Fail(sdk.CodeNotFound, "No city %q.", "X"),
			sdk.Problem{Code: sdk.CodeNotFound, Message: `No city "X".`, Detail: `not_found: No city "X".`},
		},
		"the author's words, wrapped": {
			fmt.Errorf("look up: %w", &sdk.Error{Code: sdk.CodeBusy, Message: "Later.", Err: errors.New("queue")}),
			sdk.Problem{Code: sdk.CodeBusy, Message: "Later.", Detail: "look up: busy: Later.: queue", Retryable: true},
		},
		"any other error": {
			errors.New("row 7 is odd"),
			sdk.Problem{Code: sdk.CodeInternal, Message: "Sorry, something went wrong on my side (reference call-1).", Detail: "row 7 is odd"},
		},
		"a deadline below": {
			fmt.Errorf("fetch: %w", context.DeadlineExceeded),
			sdk.Problem{Code: sdk.CodeTimeout, Message: "Sorry, that took too long. Please try again in a moment.", Detail: "fetch: context deadline exceeded", Retryable: true},
		},
		"no words, unavailable": {
			&sdk.Error{Code: sdk.CodeUnavailable, Err: errors.New("down")},
			sdk.Problem{Code: sdk.CodeUnavailable, Message: "This service does not answer right now. Please try again later.", Detail: "unavailable: down", Retryable: true},
		},
		"a person who declined": {
			fmt.Errorf("ask: %w", sdk.ErrDeclined),
			sdk.Problem{Code: sdk.CodeForbidden, Message: "All right, I did nothing.", Detail: "ask: person declined to answer"},
		},
	} {
		p := plain(func(context.Context, *sdk.Call) (string, error) { return "ignored", c.err })
		got := end[sdk.Problem](t, p, &sdk.Invocation{Tool: "run", Info: sdk.CallInfo{Call: "call-1"}})
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// D07: the end of the context ends the call at once, even if the author's code
// does not look at it.
func TestACancelledCallEndsAtOnceWhateverTheToolWaitsFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		p := plain(func(context.Context, *sdk.Call) (string, error) {
			<-release
			return "late", nil
		})
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		began := time.Now()
		var last error
		for ev, err := range p.Invoke(ctx, &sdk.Invocation{Tool: "run"}) {
			if ev != nil {
				t.Errorf("event %#v", ev)
			}
			last = err
		}
		if took := time.Since(began); !errors.Is(last, context.Canceled) || took != time.Second {
			t.Errorf("call ended after %v with %v", took, last)
		}
		if h, _ := p.Health(t.Context()); h.InFlight != 1 {
			t.Errorf("in flight is %d while the tool still runs, want 1", h.InFlight)
		}
		close(release)
		synctest.Wait()
		if h, _ := p.Health(t.Context()); h.InFlight != 0 {
			t.Errorf("in flight is %d after the tool returned, want 0", h.InFlight)
		}
	})
}

// D07.
func TestTheToolSeesTheDeadlineAndTheCancellation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := make(chan error, 1)
		p := plain(func(ctx context.Context, _ *sdk.Call) (string, error) {
			<-ctx.Done()
			seen <- ctx.Err()
			return "", ctx.Err()
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		for _, err := range p.Invoke(ctx, &sdk.Invocation{Tool: "run"}) {
			if !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("call ended with %v", err)
			}
		}
		if err := <-seen; !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("tool saw %v", err)
		}
	})
}

func TestAToolsOwnTimeoutIsAProblemNotALostCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := plain(func(ctx context.Context, _ *sdk.Call) (string, error) {
			<-ctx.Done()
			return "", ctx.Err()
		}, sdk.Timeout(2*time.Second))
		began := time.Now()
		got := end[sdk.Problem](t, p, &sdk.Invocation{Tool: "run", Info: sdk.CallInfo{Locale: "fr"}})
		if got.Code != sdk.CodeTimeout || time.Since(began) != 2*time.Second || !got.Retryable {
			t.Errorf("problem after %v is %+v", time.Since(began), got)
		}
	})
}

func TestLeavingTheLoopCancelsTheTool(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cancelled := make(chan struct{})
		p := plain(func(ctx context.Context, c *sdk.Call) (string, error) {
			c.Text("first")
			<-ctx.Done()
			c.Text("never heard")
			close(cancelled)
			return "", nil
		})
		for range p.Invoke(t.Context(), &sdk.Invocation{Tool: "run"}) {
			break
		}
		<-cancelled
	})
}

func TestTextsAndProgressComeInOrderBeforeTheOneEnd(t *testing.T) {
	p := plain(func(_ context.Context, c *sdk.Call) (string, error) {
		c.Text("one ")
		c.Progress(0.5, "half")
		c.Text("two ")
		return "three", nil
	})
	got := invoke(t, p, &sdk.Invocation{Tool: "run"})
	want := []sdk.Event{sdk.Text{Text: "one "}, sdk.Progress{Fraction: 0.5, Message: "half"}, sdk.Text{Text: "two "}, sdk.Result{Text: "three"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

func TestDrainRefusesNewCallsAndWaitsForTheRunningOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := plain(func(context.Context, *sdk.Call) (string, error) {
			time.Sleep(3 * time.Second) // fake time: the work of a slow tool
			return "done", nil
		})
		var calls sync.WaitGroup
		calls.Go(func() { end[sdk.Result](t, p, &sdk.Invocation{Tool: "run"}) })
		synctest.Wait()

		if left, err := p.Drain(t.Context(), time.Second); left != 1 || err != nil {
			t.Errorf("short drain leaves %d, %v; want 1", left, err)
		}
		for ev, err := range p.Invoke(t.Context(), &sdk.Invocation{Tool: "run"}) {
			if sdk.ErrorCode(err) != sdk.CodeUnavailable {
				t.Errorf("a draining plugin answers %v, %v", ev, err)
			}
		}
		if h, _ := p.Health(t.Context()); h.OK || h.Message != "draining" {
			t.Errorf("health is %+v", h)
		}
		if left, err := p.Drain(t.Context(), time.Minute); left != 0 || err != nil {
			t.Errorf("long drain leaves %d, %v; want 0", left, err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if left, _ := p.Drain(ctx, time.Minute); left != 0 {
			t.Errorf("a second drain leaves %d", left)
		}
		calls.Wait()
	})
}

func TestHealthTellsWhatTheAuthorsCheckFinds(t *testing.T) {
	for want, check := range map[string]func(context.Context) error{
		"":                          func(context.Context) error { return nil },
		"no disk":                   func(context.Context) error { return errors.New("no disk") },
		"check health: panic: oops": func(context.Context) error { panic("oops") },
	} {
		p := plain(says("")).HealthCheck(check).Use(sdk.Environment{Log: slog.New(slog.DiscardHandler)})
		if h, err := p.Health(t.Context()); h.Message != want || h.OK != (want == "") || err != nil {
			t.Errorf("health is %+v, %v; want the message %q", h, err, want)
		}
	}
}

func TestManyCallsAtOnceKeepApart(t *testing.T) {
	p := sdk.New("echo", "1.0.0", "Echo")
	sdk.Tool(p, "echo", "Echoes", func(_ context.Context, c *sdk.Call, in struct {
		N int `json:"n"`
	},
	) (string, error) {
		c.Text(fmt.Sprint(in.N, " "))
		return c.Info().Call, nil
	})
	var wg sync.WaitGroup
	for n := range 64 {
		wg.Go(func() {
			id := fmt.Sprint("call-", n)
			got := invoke(t, p, &sdk.Invocation{Tool: "echo", Args: args(t, map[string]int{"n": n}), Info: sdk.CallInfo{Call: id}})
			want := []sdk.Event{sdk.Text{Text: fmt.Sprint(n, " ")}, sdk.Result{Text: id}}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("call %d (-want +got):\n%s", n, diff)
			}
		})
	}
	wg.Wait()
}
