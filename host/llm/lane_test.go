package llm_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/llm/llmtest"
)

// slow answers after a time.
func slow(d time.Duration) *llmtest.Provider {
	return &llmtest.Provider{ID: "slow", Answer: func(ctx context.Context, _ llm.Request, yield func(llm.Event) bool) error {
		if err := after(ctx, d); err != nil {
			return err
		}
		yield(llm.Delta{Text: "done"})
		yield(llm.Finish{Reason: llm.ReasonStop})
		return nil
	}}
}

func waits(events []llm.Event) (out []llm.Waiting) {
	for _, ev := range events {
		if w, ok := ev.(llm.Waiting); ok {
			out = append(out, w)
		}
	}
	return out
}

func TestThoseWhoWaitAreToldTheirPlaceAndTime(t *testing.T) { // fault-L26
	synctest.Test(t, func(t *testing.T) {
		lane := llm.NewLane(slow(time.Second), llm.LaneOptions{Concurrency: 1, Queue: 3})
		got := make([][]llm.Event, 4)
		var wg sync.WaitGroup
		for i := range got {
			wg.Go(func() {
				var err error
				if got[i], err = collect(lane.Stream(t.Context(), said("hi"))); err != nil {
					t.Error(i, err)
				}
			})
			synctest.Wait()
		}
		_, err := collect(lane.Stream(t.Context(), said("one too many")))
		if e := wantClass(t, err, llm.Overloaded); e.Provider != "slow" {
			t.Errorf("got %v", err)
		}
		if active, waiting := lane.Load(); active != 1 || waiting != 3 {
			t.Errorf("%d active, %d waiting", active, waiting)
		}
		wg.Wait()
		want := [][]llm.Waiting{
			nil,
			{{Position: 1}},
			{{Position: 2}, {Position: 1, ETA: time.Second}},
			{{Position: 3}, {Position: 2, ETA: 2 * time.Second}, {Position: 1, ETA: time.Second}},
		}
		for i := range got {
			if diff := cmp.Diff(want[i], waits(got[i])); diff != "" {
				t.Errorf("%d: %s", i, diff)
			}
		}
		if active, waiting := lane.Load(); active != 0 || waiting != 0 {
			t.Errorf("afterwards %d active, %d waiting", active, waiting)
		}
	})
}

func TestAPlaceIsFreeAgainHoweverItWasLeft(t *testing.T) { // fault-L6, fault-L25, fault-L26
	synctest.Test(t, func(t *testing.T) {
		lane := llm.NewLane(slow(time.Minute), llm.LaneOptions{Concurrency: 1, Queue: 4, Patience: 10 * time.Second})
		first, leaveFirst := context.WithCancel(t.Context())
		second, leaveSecond := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		ask := func(ctx context.Context, check func(error)) {
			wg.Go(func() { _, err := collect(lane.Stream(ctx, said("hi"))); check(err) })
			synctest.Wait()
		}
		is := func(target error) func(error) {
			return func(err error) {
				if !errors.Is(err, target) {
					t.Errorf("got %v, want %v", err, target)
				}
			}
		}
		ask(first, is(context.Canceled))                                        // has the place
		ask(second, is(context.Canceled))                                       // waits, and is cancelled
		ask(t.Context(), func(err error) { wantClass(t, err, llm.Overloaded) }) // waits too long
		wg.Go(func() {
			for range lane.Stream(t.Context(), said("leaves at the first news")) {
				return
			}
		})
		synctest.Wait()
		if _, waiting := lane.Load(); waiting != 2 {
			t.Errorf("%d wait, want 2", waiting)
		}
		leaveSecond()
		time.Sleep(11 * time.Second)
		leaveFirst()
		wg.Wait()
		if active, waiting := lane.Load(); active != 0 || waiting != 0 {
			t.Errorf("%d active, %d waiting", active, waiting)
		}
	})
}

func TestAPlaceGivenWhileItsWaiterLeavesGoesOn(t *testing.T) {
	for range 200 {
		lane := llm.NewLane(&llmtest.Provider{}, llm.LaneOptions{Concurrency: 1, Queue: 8})
		var wg sync.WaitGroup
		for range 6 {
			wg.Go(func() {
				for range lane.Stream(t.Context(), said("a b c")) {
					return
				}
			})
		}
		wg.Wait()
		if active, waiting := lane.Load(); active != 0 || waiting != 0 {
			t.Fatalf("%d active, %d waiting", active, waiting)
		}
	}
}

func TestAFailingProviderIsLeftAlone(t *testing.T) { // fault-L1, fault-L27, S09
	synctest.Test(t, func(t *testing.T) {
		sick := true
		p := &llmtest.Provider{ID: "a", Answer: func(_ context.Context, _ llm.Request, yield func(llm.Event) bool) error {
			if sick {
				return class(llm.Internal)
			}
			yield(llm.Delta{Text: "ok"})
			yield(llm.Finish{})
			return nil
		}}
		lane := llm.NewLane(p, llm.LaneOptions{Breaker: llm.BreakerOptions{Failures: 3, Rest: time.Second, RestMax: 3 * time.Second}})
		ask := func(want llm.Class) {
			t.Helper()
			_, err := collect(lane.Stream(t.Context(), said("hi")))
			if want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantClass(t, err, want)
		}
		for range 3 {
			ask(llm.Internal)
		}
		ask(llm.Resting)
		if n := len(p.Requests()); n != 3 {
			t.Errorf("asked %d times, want 3", n)
		}
		time.Sleep(time.Second)
		ask(llm.Internal) // the trial; the rest doubles
		time.Sleep(time.Second)
		ask(llm.Resting)
		time.Sleep(time.Second)
		ask(llm.Internal)
		time.Sleep(3 * time.Second) // the most
		sick = false
		if _, resting := lane.Resting(); resting {
			t.Error("it rests longer than the most")
		}
		ask("")
		sick = true
		ask(llm.Internal) // one good trial does not close it: no flapping
		time.Sleep(time.Second)
		ask(llm.Resting)
		time.Sleep(3 * time.Second)
		sick = false
		ask("")
		ask("")
		sick = true
		ask(llm.Internal) // closed: it takes several failures again
		ask(llm.Internal)
		sick = false
		ask("")
	})
}

func TestOneTrialAtATime(t *testing.T) { // fault-L27
	synctest.Test(t, func(t *testing.T) {
		fail := true
		p := &llmtest.Provider{ID: "a", Answer: func(ctx context.Context, _ llm.Request, yield func(llm.Event) bool) error {
			if fail {
				return class(llm.Timeout)
			}
			if err := after(ctx, time.Minute); err != nil {
				return err
			}
			yield(llm.Finish{})
			return nil
		}}
		lane := llm.NewLane(p, llm.LaneOptions{Breaker: llm.BreakerOptions{Failures: 1}})
		_, err := collect(lane.Stream(t.Context(), said("hi")))
		wantClass(t, err, llm.Timeout)
		time.Sleep(10 * time.Second)
		fail = false
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = collect(lane.Stream(ctx, said("the trial"))) })
		synctest.Wait()
		_, err = collect(lane.Stream(t.Context(), said("another")))
		wantClass(t, err, llm.Resting)
		cancel() // says nothing about the provider: the next one is a trial too
		wg.Wait()
		if _, err = collect(lane.Stream(t.Context(), said("next"))); err != nil {
			t.Error(err)
		}
	})
}

func TestWhatIsTheCallersFaultOpensNothing(t *testing.T) {
	for _, c := range []llm.Class{llm.Refused, llm.NotFound, llm.TooLarge, llm.Limit} {
		lane := llm.NewLane(flaky("a", class(c), class(c), class(c)), llm.LaneOptions{Breaker: llm.BreakerOptions{Failures: 2}})
		for range 3 {
			_, err := collect(lane.Stream(t.Context(), said("hi")))
			wantClass(t, err, c)
		}
	}
}

func TestAWishToBeLeftAloneIsHonoured(t *testing.T) { // fault-L5
	synctest.Test(t, func(t *testing.T) {
		p := flaky("a", &llm.Error{Class: llm.Overloaded, RetryAfter: 40 * time.Second})
		lane := llm.NewLane(p, llm.LaneOptions{})
		_, err := collect(lane.Stream(t.Context(), said("hi")))
		wantClass(t, err, llm.Overloaded)
		time.Sleep(39 * time.Second)
		_, err = collect(lane.Stream(t.Context(), said("hi")))
		if e := wantClass(t, err, llm.Resting); e.RetryAfter != time.Second {
			t.Errorf("left: %s", e.RetryAfter)
		}
		time.Sleep(time.Second)
		if _, err := collect(lane.Stream(t.Context(), said("hi"))); err != nil {
			t.Error(err)
		}
	})
}

func TestAProbeThatFindsAServerAgainEndsItsRest(t *testing.T) { // fault-L1
	down := class(llm.Unreachable)
	lane := llm.NewLane(flaky("a", down, down), llm.LaneOptions{Breaker: llm.BreakerOptions{Failures: 2, Rest: time.Hour, RestMax: time.Hour}})
	for range 2 {
		_, err := collect(lane.Stream(t.Context(), said("hi")))
		wantClass(t, err, llm.Unreachable)
	}
	if _, resting := lane.Resting(); !resting {
		t.Fatal("it does not rest")
	}
	if _, err := lane.Probe(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := collect(lane.Stream(t.Context(), said("hi"))); err != nil {
		t.Error(err)
	}
}

func TestARestingProvidersWorkGoesToTheNext(t *testing.T) { // fault-L27
	a := llm.NewLane(flaky("a", class(llm.Timeout)), llm.LaneOptions{Breaker: llm.BreakerOptions{Failures: 1}})
	b := flaky("b")
	r := llm.NewRouter([]llm.Route{{Name: "first", Provider: a, Model: "m"}, {Name: "second", Provider: b, Model: "m"}}, llm.RouterOptions{})
	for range 3 {
		got, err := collect(r.Stream(t.Context(), said("hi")))
		f, _ := got[len(got)-1].(llm.Finish)
		if err != nil || firstText(got) != "b" || f.Route != "second" || !f.Fallback || f.Usage.Provider != "b" {
			t.Errorf("got %v, %v", got, err)
		}
	}
	if h := r.Health(); !h[0].Resting || h[1].Resting {
		t.Errorf("health %+v", h)
	}
}

func TestThatAllAreLeftAloneIsTold(t *testing.T) { // fault-L1
	synctest.Test(t, func(t *testing.T) {
		lane := llm.NewLane(flaky("a", class(llm.Internal)), llm.LaneOptions{Breaker: llm.BreakerOptions{Failures: 1, Rest: time.Second}})
		r := llm.NewRouter([]llm.Route{{Provider: lane, Model: "toy:latest"}}, llm.RouterOptions{})
		r.Refresh(t.Context())
		_, err := collect(r.Stream(t.Context(), said("hi")))
		wantClass(t, err, llm.Internal)
		if ready, key, _ := r.Status(); ready || key != llm.KeyResting {
			t.Errorf("%v, %s", ready, key)
		}
		time.Sleep(time.Second)
		if ready, key, _ := r.Status(); !ready {
			t.Errorf("after its rest: %s", key)
		}
	})
}

func TestEveryAnswerIsCountedAndPriced(t *testing.T) {
	type entry struct {
		User string
		U    llm.Usage
	}
	run := func(answer func(yield func(llm.Event) bool) error) (out []entry) {
		p := &llmtest.Provider{ID: "p", Answer: func(_ context.Context, _ llm.Request, yield func(llm.Event) bool) error { return answer(yield) }}
		lane := llm.NewLane(p, llm.LaneOptions{
			Price: llm.Price{Prompt: 2, Answer: 10}, Spent: func(user string, u llm.Usage) { out = append(out, entry{user, u}) },
		})
		q := said("hi")
		q.User, q.Model = "alice", "m"
		_, _ = collect(lane.Stream(t.Context(), q))
		return out
	}
	prompt := said("hi").Tokens()
	guess := llm.Usage{PromptTokens: prompt, CompletionTokens: 2, Model: "m", Provider: "p", Estimated: true, Cost: (float64(prompt)*2 + 20) / 1e6}
	say := func(yield func(llm.Event) bool) { yield(llm.Delta{Text: "a"}); yield(llm.Delta{Text: "b"}) }
	for name, c := range map[string]struct {
		answer func(yield func(llm.Event) bool) error
		want   []entry
	}{
		"whole": {func(y func(llm.Event) bool) error {
			say(y)
			y(llm.Finish{Usage: llm.Usage{PromptTokens: 500_000, CompletionTokens: 100_000, Model: "m-2"}})
			return nil
		}, []entry{{"alice", llm.Usage{PromptTokens: 500_000, CompletionTokens: 100_000, Model: "m-2", Provider: "p", Cost: 2}}}},
		"the provider's own price": {func(y func(llm.Event) bool) error {
			y(llm.Finish{Usage: llm.Usage{PromptTokens: 1, CompletionTokens: 1, Cost: 7}})
			return nil
		}, []entry{{"alice", llm.Usage{PromptTokens: 1, CompletionTokens: 1, Model: "m", Provider: "p", Cost: 7}}}},
		"no figures":    {func(y func(llm.Event) bool) error { say(y); y(llm.Finish{}); return nil }, []entry{{"alice", guess}}},
		"broken off":    {func(y func(llm.Event) bool) error { say(y); return class(llm.Interrupted) }, []entry{{"alice", guess}}},
		"never answers": {func(func(llm.Event) bool) error { return class(llm.Unreachable) }, nil},
	} {
		if diff := cmp.Diff(c.want, run(c.answer)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
