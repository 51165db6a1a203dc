package retry_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/sdk/retry"
)

func TestPausesAreAnyTimeUpToABoundThatDoubles(t *testing.T) { // S09
	var limits []time.Duration
	b := retry.Backoff{Tries: 5, First: time.Second, Most: 3 * time.Second, Pick: func(limit time.Duration) time.Duration {
		limits = append(limits, limit)
		return limit / 2
	}}
	for n := 1; n < 5; n++ {
		if pause, more := b.Pause(n); !more || pause != limits[n-1]/2 {
			t.Errorf("after try %d: pause %s, more %t", n, pause, more)
		}
	}
	if _, more := b.Pause(5); more {
		t.Error("there is a sixth try")
	}
	if diff := cmp.Diff([]time.Duration{time.Second, 2 * time.Second, 3 * time.Second, 3 * time.Second}, limits); diff != "" {
		t.Error(diff)
	}
	var least, most time.Duration = time.Hour, 0
	for range 1000 {
		d := retry.Random(time.Second)
		least, most = min(least, d), max(most, d)
	}
	if least < 0 || least > 100*time.Millisecond || most < 900*time.Millisecond || most > time.Second {
		t.Errorf("a thousand pauses lie between %s and %s, want them all over 0 to 1s", least, most)
	}
}

func TestAWaitEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gone := errors.New("the end user left")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(gone) })
		began := time.Now()
		if err := retry.Wait(ctx, time.Minute); !errors.Is(err, gone) || time.Since(began) != time.Second {
			t.Errorf("ended after %s with %v", time.Since(began), err)
		}
	})
}

func TestRepetitionsNeverExceedTheirShare(t *testing.T) { // S09
	synctest.Test(t, func(t *testing.T) {
		b := retry.NewBudget(retry.BudgetOptions{})
		again := 0
		for range 1000 {
			b.Asked()
			for range 2 { // every request would be made three times
				if b.Take() {
					again++
				}
			}
		}
		if again > 10+200 || again < 200 {
			t.Errorf("1000 requests were repeated %d times, want a fifth and the reserve of 10", again)
		}
		time.Sleep(30 * time.Second)
		again = 0
		for range 10 {
			if b.Take() {
				again++
			}
		}
		if again != 3 {
			t.Errorf("half a minute brought %d repetitions, want 3", again)
		}
	})
}

func TestABudgetIsNotMovedByAClockThatIsSet(t *testing.T) { // S12
	now := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
	b := retry.NewBudget(retry.BudgetOptions{Reserve: 1, Now: func() time.Time { return now }})
	b.Take()
	now = now.Add(-time.Hour)
	if b.Take() {
		t.Error("an hour back brought a repetition")
	}
	now = now.Add(10 * time.Second)
	if !b.Take() {
		t.Error("ten seconds later there is still none")
	}
}

func TestANilBudgetAllowsAll(t *testing.T) {
	var b *retry.Budget
	b.Asked()
	if !b.Take() {
		t.Error("it refuses")
	}
}

func TestManyAtOnceDoNotTakeMoreThanThereIs(t *testing.T) {
	b := retry.NewBudget(retry.BudgetOptions{Every: time.Hour})
	var wg sync.WaitGroup
	var mu sync.Mutex
	taken := 0
	for range 100 {
		wg.Go(func() {
			if b.Take() {
				mu.Lock()
				taken++
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if taken != 10 {
		t.Errorf("%d repetitions, want the reserve of 10", taken)
	}
}
