package retry_test

import (
	"testing"
	"time"

	"github.com/jarvis-host/jarvis/sdk/retry"
)

// clock is moved by hand.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func opened(c *clock) *retry.Breaker {
	b := retry.NewBreaker(retry.BreakerOptions{Now: c.now})
	for range 5 {
		if trial, ok, _ := b.Enter(); ok {
			b.Failed(trial, 0)
		}
	}
	return b
}

func newClock() *clock { return &clock{time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)} }

func TestFiveFailuresInARowOpenItAndTwoGoodTrialsCloseIt(t *testing.T) { // S09
	c := newClock()
	b := opened(c)
	if _, ok, left := b.Enter(); ok || left != 2*time.Second {
		t.Fatalf("after five failures: passes %t, left %s", ok, left)
	}
	for n := range 2 {
		c.at = c.at.Add(2 * time.Second)
		trial, ok, _ := b.Enter()
		if !ok || !trial {
			t.Fatalf("trial %d does not pass", n+1)
		}
		if _, ok, _ := b.Enter(); ok {
			t.Error("a second request passes beside the trial")
		}
		if b.Closed() {
			t.Errorf("closed before trial %d went well", n+1)
		}
		b.Well(trial)
	}
	if trial, ok, _ := b.Enter(); !ok || trial || !b.Closed() {
		t.Error("two good trials did not close it")
	}
}

func TestARestDoublesWithEachTrialThatFailsAndWithNothingElse(t *testing.T) {
	c := newClock()
	b := retry.NewBreaker(retry.BreakerOptions{Now: c.now})
	for range 50 { // all under way at once
		b.Enter()
	}
	for range 50 {
		b.Failed(false, 0)
	}
	if _, _, left := b.Enter(); left != 2*time.Second {
		t.Errorf("fifty failures at once make a rest of %s, want 2s", left)
	}
	for _, seconds := range []int{4, 8, 16, 30, 30} {
		until, _ := b.Open()
		c.at = until
		trial, ok, _ := b.Enter()
		if !ok {
			t.Fatal("no trial")
		}
		b.Failed(trial, 0)
		if _, _, left := b.Enter(); left != time.Duration(seconds)*time.Second {
			t.Errorf("rest is %s, want %ds", left, seconds)
		}
	}
}

func TestARequestThatSaysNothingOpensAndClosesNothing(t *testing.T) {
	c := newClock()
	b := opened(c)
	c.at = c.at.Add(2 * time.Second)
	trial, _, _ := b.Enter()
	b.Void(trial)
	if trial, ok, _ := b.Enter(); !ok || !trial || b.Closed() {
		t.Error("after a trial that was given up there must be another one")
	}
}

func TestAServiceIsLeftAloneForAsLongAsItAsks(t *testing.T) {
	c := newClock()
	b := retry.NewBreaker(retry.BreakerOptions{Now: c.now})
	trial, _, _ := b.Enter()
	b.Failed(trial, time.Minute)
	if _, ok, left := b.Enter(); ok || left != time.Minute {
		t.Errorf("passes %t, left %s", ok, left)
	}
	c.at = c.at.Add(time.Minute)
	if trial, ok, _ := b.Enter(); !ok || trial {
		t.Error("one failure must not open it for longer")
	}
	b.Found()
	if _, open := b.Open(); open {
		t.Error("open although it was found")
	}
}

// A clock that jumps by an hour, either way, never leaves a service alone for it.
func TestAClockThatJumpsDoesNotProlongARest(t *testing.T) { // S12
	for _, jump := range []time.Duration{-time.Hour, time.Hour} {
		c := newClock()
		b := opened(c)
		c.at = c.at.Add(jump)
		if _, ok, left := b.Enter(); !ok {
			t.Errorf("after a jump of %s it rests for another %s", jump, left)
		}
	}
}
