package health

import (
	"context"
	"encoding/json"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// started runs c in a bubble until the test ends.
func started(t *testing.T, c *Checks) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { c.Run(ctx); close(ended) }()
	t.Cleanup(func() { cancel(); <-ended })
	synctest.Wait()
}

// pass lets time go by in a bubble, and everything that then happens end.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// S03, fault-C6
func TestReadyFollowsTheRequiredServicesOnly(t *testing.T) {
	c := New(Options{})
	c.Register("store", true, nil)
	c.Register("model", false, nil)
	if c.Ready().Ready {
		t.Error("ready while a required service is unknown")
	}
	c.Set("store", nil)
	c.Set("model", errors.New("connection refused"))
	r := c.Ready()
	if !r.Ready || !r.Degraded() {
		t.Errorf("ready %t, degraded %t; an optional service must only degrade", r.Ready, r.Degraded())
	}
	c.Set("store", errors.New("disk full"))
	if c.Ready().Ready {
		t.Error("ready while a required service is down")
	}
}

// S01, fault-C6
func TestDrainingIsNotReadyWhateverTheChecksSay(t *testing.T) {
	c := New(Options{})
	c.Register("store", true, nil)
	c.Set("store", nil)
	c.Drain()
	if r := c.Ready(); r.Ready || !r.Draining {
		t.Errorf("report = %+v, want not ready and draining", r)
	}
}

// S03
func TestReadyNeverRunsAProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		c := New(Options{Interval: time.Minute})
		c.Register("slow", true, func(context.Context) error { calls++; return nil })
		for range 100 {
			c.Ready()
		}
		if calls != 0 {
			t.Fatalf("%d probes ran before Run", calls)
		}
		started(t, c)
		for range 100 {
			c.Ready()
		}
		if calls != 1 {
			t.Errorf("%d probes ran, want the first round's one", calls)
		}
	})
}

// S03
func TestAHangingProbeIsDownAndHoldsUpNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		calls := 0
		c := New(Options{Interval: 5 * time.Second, Timeout: 2 * time.Second})
		c.Register("deaf", true, func(context.Context) error { calls++; <-release; return nil })
		c.Register("fine", true, func(context.Context) error { return nil })
		started(t, c)
		if got := c.Ready().Services["fine"].State; got != Up {
			t.Errorf("fine is %s while deaf hangs", got)
		}
		pass(3 * time.Second)
		s := c.Ready().Services["deaf"]
		if s.State != Down || s.Error != "did not answer within 2s" {
			t.Errorf("deaf = %+v, want down for its silence", s)
		}
		pass(time.Minute)
		if calls != 1 {
			t.Errorf("%d probes of deaf are under way, want one", calls)
		}
		close(release)
		pass(6 * time.Second)
		if got := c.Ready().Services["deaf"].State; got != Up {
			t.Errorf("deaf is %s after it came back", got)
		}
	})
}

func TestAProbeThatObeysItsContextIsQuotedItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Options{})
		c.Register("model", false, func(ctx context.Context) error {
			<-ctx.Done()
			return errors.New("dial 127.0.0.1:11434: deadline exceeded")
		})
		started(t, c)
		pass(3 * time.Second)
		if got := c.Ready().Services["model"].Error; got != "dial 127.0.0.1:11434: deadline exceeded" {
			t.Errorf("error = %q", got)
		}
	})
}

func TestSinceChangesWithTheStateOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fault atomic.Value
		c := New(Options{Interval: 5 * time.Second})
		c.Register("db", true, func(context.Context) error {
			err, _ := fault.Load().(error)
			return err
		})
		start := time.Now()
		started(t, c)
		pass(12 * time.Second)
		if got := c.Ready().Services["db"].Since; !got.Equal(start) {
			t.Errorf("up since %s, want %s", got, start)
		}
		fault.Store(errors.New("gone"))
		pass(12 * time.Second)
		fault.Store(errors.New("still gone"))
		pass(12 * time.Second)
		s := c.Ready().Services["db"]
		if want := start.Add(15 * time.Second); s.State != Down || !s.Since.Equal(want) || s.Error != "still gone" {
			t.Errorf("db = %+v, want down since %s with the latest error", s, want)
		}
	})
}

func TestAServiceRegisteredLateIsProbedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Options{Interval: time.Hour})
		started(t, c)
		c.Register("late", true, func(context.Context) error { return nil })
		synctest.Wait()
		if got := c.Ready().Services["late"].State; got != Up {
			t.Errorf("late is %s, want up", got)
		}
	})
}

func TestARemovedServiceDoesNotComeBackWithItsLastProbe(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		c := New(Options{})
		c.Register("plugin", true, func(context.Context) error { <-release; return nil })
		started(t, c)
		c.Remove("plugin")
		close(release)
		synctest.Wait()
		if r := c.Ready(); len(r.Services) != 0 || !r.Ready {
			t.Errorf("report = %+v, want no services and ready", r)
		}
	})
}

func TestAPanicInAProbeIsADownService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Options{})
		c.Register("odd", false, func(context.Context) error { panic("boom") })
		started(t, c)
		if s := c.Ready().Services["odd"]; s.State != Down || s.Error != "probe panicked: boom" {
			t.Errorf("odd = %+v", s)
		}
	})
}

func TestStoppingTheHostBlamesNoService(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Options{})
		c.Register("db", true, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { c.Run(ctx); close(ended) }()
		synctest.Wait()
		cancel()
		<-ended
		if got := c.Ready().Services["db"].State; got != Unknown {
			t.Errorf("db is %s, want unknown", got)
		}
	})
}

func TestEveryAnswerIsObservedAndCleaned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		type seen struct {
			Name string
			OK   bool
			Took time.Duration
		}
		var got []seen
		c := New(Options{
			Clean: func(string) string { return "cleaned" },
			Observe: func(name string, err error, took time.Duration) {
				got = append(got, seen{name, err == nil, took})
			},
		})
		c.Register("db", true, func(context.Context) error {
			time.Sleep(300 * time.Millisecond)
			return errors.New("postgres://u:p@db: no route")
		})
		started(t, c)
		pass(time.Second)
		c.Set("plugin", nil)
		want := []seen{{"db", false, 300 * time.Millisecond}, {"plugin", true, 0}}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
		if e := c.Ready().Services["db"].Error; e != "cleaned" {
			t.Errorf("error = %q", e)
		}
	})
}

func TestTheReportIsTheBodyOfReady(t *testing.T) {
	at := time.Date(2026, 11, 24, 9, 30, 0, 0, time.UTC)
	c := New(Options{Now: func() time.Time { return at }})
	c.Register("store", true, nil)
	c.Set("store", nil)
	c.Set("model", errors.New("refused"))
	raw, err := json.Marshal(c.Ready())
	if err != nil {
		t.Fatal(err)
	}
	want := `{"ready":true,"services":{` +
		`"model":{"state":"down","required":false,"since":"2026-11-24T09:30:00Z","error":"refused"},` +
		`"store":{"state":"up","required":true,"since":"2026-11-24T09:30:00Z"}}}`
	if string(raw) != want {
		t.Errorf("got  %s\nwant %s", raw, want)
	}
}
