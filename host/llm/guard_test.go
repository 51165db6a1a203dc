package llm_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/llm/llmtest"
)

// after waits on the bubble's clock.
func after(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// paced says tokens with a pause before each.
func paced(pauses ...time.Duration) *llmtest.Provider {
	return &llmtest.Provider{Answer: func(ctx context.Context, _ llm.Request, yield func(llm.Event) bool) error {
		for _, p := range pauses {
			if err := after(ctx, p); err != nil {
				return err
			}
			if !yield(llm.Delta{Text: "x"}) {
				return nil
			}
		}
		yield(llm.Finish{Reason: llm.ReasonStop})
		return nil
	}}
}

func TestDeadlinesEndAnAnswer(t *testing.T) { // fault-L6, fault-L7, fault-L11
	for name, c := range map[string]struct {
		pauses  []time.Duration
		tokens  int
		message string
		after   time.Duration
	}{
		"in time":       {pauses: []time.Duration{59 * time.Second, 14 * time.Second, 14 * time.Second}, tokens: 3},
		"first token":   {pauses: []time.Duration{61 * time.Second}, message: "no first token within 1m0s", after: time.Minute},
		"later token":   {pauses: []time.Duration{0, time.Second, 16 * time.Second}, tokens: 2, message: "no further token within 15s", after: 16 * time.Second},
		"whole answer":  {pauses: slowly(40, 11*time.Second), tokens: 27, message: "answer not complete within 5m0s", after: 5 * time.Minute},
		"nothing comes": {pauses: []time.Duration{time.Hour}, message: "no first token", after: time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				got, err := collect(llm.NewGuard(paced(c.pauses...), llm.DefaultLimits()).Stream(t.Context(), said("hi")))
				if c.message == "" {
					if err != nil || len(got) != c.tokens+1 {
						t.Fatalf("got %v, %v", got, err)
					}
					return
				}
				if e := wantClass(t, err, llm.Timeout); !strings.Contains(e.Message, c.message) || e.Provider != "llmtest" {
					t.Errorf("got %+v", e)
				}
				if len(got) != c.tokens || time.Since(began) != c.after {
					t.Errorf("got %d tokens after %s, want %d after %s", len(got), time.Since(began), c.tokens, c.after)
				}
			})
		})
	}
}

func slowly(n int, pause time.Duration) []time.Duration {
	all := make([]time.Duration, n)
	for i := range all {
		all[i] = pause
	}
	return all
}

func TestAConsumersOwnTimeIsNotTheModels(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limits := llm.Limits{FirstToken: time.Second, BetweenTokens: time.Second}
		n := 0
		for _, err := range llm.NewGuard(paced(0, 0, 0), limits).Stream(t.Context(), said("hi")) {
			if err != nil {
				t.Fatal(err)
			}
			n++
			_ = after(t.Context(), time.Hour)
		}
		if n != 4 {
			t.Errorf("got %d events, want 4", n)
		}
	})
}

func TestCapsEndAnAnswer(t *testing.T) { // fault-L11, fault-L18
	events := []llm.Event{
		llm.Thinking{Text: "12345"},
		llm.Delta{Text: "67890"},
		llm.ToolCall{ID: "i", Name: "n", Arguments: json.RawMessage(`{}`)},
		llm.Delta{Text: "x"},
	}
	p := &llmtest.Provider{Answer: func(ctx context.Context, _ llm.Request, yield func(llm.Event) bool) error {
		for _, ev := range events {
			if !yield(ev) {
				return nil
			}
		}
		yield(llm.Finish{})
		return nil
	}}
	for name, c := range map[string]struct {
		limits  llm.Limits
		passed  int
		message string
	}{
		"none":       {limits: llm.Limits{}, passed: 5},
		"just fits":  {limits: llm.Limits{Bytes: 15, Tokens: 4}, passed: 5},
		"bytes":      {limits: llm.Limits{Bytes: 14}, passed: 3, message: "cap of 14 bytes"},
		"tokens":     {limits: llm.Limits{Tokens: 3}, passed: 3, message: "cap of 3 tokens"},
		"first byte": {limits: llm.Limits{Bytes: 4}, passed: 0, message: "cap of 4 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := collect(llm.NewGuard(p, c.limits).Stream(t.Context(), said("hi")))
			if len(got) != c.passed {
				t.Errorf("got %d events, want %d", len(got), c.passed)
			}
			if c.message == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if e := wantClass(t, err, llm.Limit); !strings.Contains(e.Message, c.message) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAnEndlessAnswerIsCancelledAtTheCap(t *testing.T) {
	stopped := false
	p := &llmtest.Provider{Answer: func(ctx context.Context, _ llm.Request, yield func(llm.Event) bool) error {
		defer func() { stopped = true }()
		for yield(llm.Delta{Text: "tick"}) {
		}
		return nil
	}}
	_, err := collect(llm.NewGuard(p, llm.DefaultLimits()).Stream(t.Context(), said("hi")))
	wantClass(t, err, llm.Limit)
	if !stopped {
		t.Error("the provider goes on")
	}
}

func TestAGuardPassesFailuresAndCancellationOn(t *testing.T) {
	failure := &llm.Error{Class: llm.Overloaded}
	p := &llmtest.Provider{Answer: func(context.Context, llm.Request, func(llm.Event) bool) error { return failure }}
	if _, err := collect(llm.NewGuard(p, llm.DefaultLimits()).Stream(t.Context(), said("hi"))); !errors.Is(err, failure) {
		t.Errorf("got %v", err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("stopped by the end user")
	p = &llmtest.Provider{Answer: func(ctx context.Context, _ llm.Request, yield func(llm.Event) bool) error {
		cancel(stop)
		<-ctx.Done()
		return ctx.Err()
	}}
	if _, err := collect(llm.NewGuard(p, llm.DefaultLimits()).Stream(ctx, said("hi"))); !errors.Is(err, stop) {
		t.Errorf("got %v, want the cause", err)
	}
}

func TestWhatArrivesAfterTheCallerHasGoneIsNotPassedOn(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("gone")
	p := &llmtest.Provider{Answer: func(_ context.Context, _ llm.Request, yield func(llm.Event) bool) error {
		cancel(stop)
		yield(llm.Delta{Text: "too late"})
		return nil
	}}
	got, err := collect(llm.NewGuard(p, llm.DefaultLimits()).Stream(ctx, said("hi")))
	if len(got) != 0 || !errors.Is(err, stop) {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestAProviderThatJustEndsIsAnInterruption(t *testing.T) {
	p := &llmtest.Provider{Answer: func(_ context.Context, _ llm.Request, yield func(llm.Event) bool) error {
		yield(llm.Delta{Text: "half"})
		return nil
	}}
	got, err := collect(llm.NewGuard(p, llm.Limits{}).Stream(t.Context(), said("hi")))
	wantClass(t, err, llm.Interrupted)
	if diff := cmp.Diff([]llm.Event{llm.Delta{Text: "half"}}, got); diff != "" {
		t.Error(diff)
	}
}

func TestLeavingAGuardedLoopLeavesTheProvidersToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var gone <-chan struct{}
		p := &llmtest.Provider{Answer: func(ctx context.Context, _ llm.Request, yield func(llm.Event) bool) error {
			gone = ctx.Done()
			yield(llm.Delta{Text: "x"})
			return nil
		}}
		for range llm.NewGuard(p, llm.DefaultLimits()).Stream(t.Context(), said("hi")) {
			break
		}
		<-gone // a deadlock of the bubble, if the provider's context lived on
	})
}

func TestAGuardIsItsProvider(t *testing.T) {
	g := llm.NewGuard(&llmtest.Provider{ID: "kitchen"}, llm.DefaultLimits())
	info, err := g.Probe(t.Context())
	if _, ok := info.Find("toy:latest"); err != nil || !ok || g.Name() != "kitchen" {
		t.Errorf("got %q, %+v, %v", g.Name(), info, err)
	}
}
