package limit

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"sync"
	"testing"
	"time"
)

// clock stands until it is moved.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

// S05: the 31st in any minute waits, and exactly until there is room.
func TestOneTooManyWaitsExactlyUntilThereIsRoom(t *testing.T) { // fault-Q3
	c := &clock{time.Unix(1000, 0)}
	w := NewWindow(30, time.Minute, c.now)
	for i := range 30 {
		if wait := w.Take("ada"); wait != 0 {
			t.Fatalf("event %d waits %v", i+1, wait)
		}
		c.at = c.at.Add(time.Second)
	}
	if wait := w.Take("ada"); wait != 30*time.Second {
		t.Errorf("the 31st waits %v, want 30s", wait)
	}
	if wait := w.Take("ben"); wait != 0 {
		t.Errorf("another key waits %v", wait)
	}
	c.at = c.at.Add(30*time.Second - 1)
	if wait := w.Take("ada"); wait != 1 {
		t.Errorf("a moment before, the wait is %v", wait)
	}
	c.at = c.at.Add(1)
	if wait := w.Take("ada"); wait != 0 {
		t.Errorf("after the wait it waits %v", wait)
	}
	if wait := w.Take("ada"); wait != time.Second {
		t.Errorf("the next waits %v, want 1s", wait)
	}
}

func TestNoStretchOfTimeHasMoreThanTheLimit(t *testing.T) { // fault-Q1
	const limit, span = 7, time.Minute
	r := rand.New(rand.NewPCG(1, 2))
	c := &clock{time.Unix(1000, 0)}
	w := NewWindow(limit, span, c.now)
	var passed []time.Time
	for range 20_000 {
		c.at = c.at.Add(time.Duration(r.IntN(int(span / 10))))
		if wait := w.Take("k"); wait == 0 {
			passed = append(passed, c.at)
		} else if oldest := passed[len(passed)-limit]; oldest.Add(span).Sub(c.at) != wait {
			t.Fatalf("waits %v, there is room in %v", wait, oldest.Add(span).Sub(c.at))
		}
	}
	for i := limit; i < len(passed); i++ {
		if passed[i].Sub(passed[i-limit]) < span {
			t.Fatalf("%d events within %v", limit+1, passed[i].Sub(passed[i-limit]))
		}
	}
	if len(passed) < 1000 {
		t.Fatalf("only %d events passed: nothing was tried", len(passed))
	}
}

func TestTheLimitChangesWhileItRuns(t *testing.T) {
	c := &clock{time.Unix(1000, 0)}
	w := NewWindow(3, time.Minute, c.now)
	for range 3 {
		w.Take("k")
		c.at = c.at.Add(time.Second)
	}
	w.SetLimit(2)
	if wait := w.Take("k"); wait != 58*time.Second {
		t.Errorf("under the lower limit it waits %v, want 58s", wait)
	}
	w.SetLimit(4)
	if wait := w.Take("k"); wait != 0 {
		t.Errorf("under the higher limit it waits %v", wait)
	}
	w.SetLimit(0)
	for range 100 {
		if wait := w.Take("k"); wait != 0 {
			t.Fatalf("without a limit it waits %v", wait)
		}
	}
}

func TestAFloodOfKeysTakesNeitherMemoryNorTheLimitAway(t *testing.T) { // S05
	c := &clock{time.Unix(1000, 0)}
	w := NewWindow(10, time.Minute, c.now)
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	for i := range 200_000 {
		w.Take(fmt.Sprint(i))
	}
	if grown := int64(heap()) - int64(before); grown > 20<<20 {
		t.Errorf("200,000 keys take %d MiB", grown>>20)
	}
	if len(w.keys) > maxKeys {
		t.Errorf("%d keys are kept", len(w.keys))
	}
	passed := 0
	for range 100 {
		if w.Take("one of the flood") == 0 {
			passed++
		}
	}
	if passed > 10 {
		t.Errorf("a key without a count of its own had %d events", passed)
	}
	c.at = c.at.Add(2 * time.Minute)
	for range sweepEvery + 1 {
		w.Take("k")
	}
	if len(w.keys) != 1 {
		t.Errorf("%d keys are kept though idle", len(w.keys))
	}
}

func TestConcurrentEventsAreCountedOnce(t *testing.T) {
	w := NewWindow(100, time.Hour, time.Now)
	var passed sync.Map
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			for j := range 50 {
				if w.Take("k") == 0 {
					passed.Store([2]int{i, j}, true)
				}
			}
		})
	}
	all.Wait()
	n := 0
	passed.Range(func(any, any) bool { n++; return true })
	if n != 100 {
		t.Errorf("%d events passed, want 100", n)
	}
}

// S05: an address is one IPv4 address, or an IPv6 subscriber's whole network.
func TestAddressesOfOneNetworkCountAsOne(t *testing.T) { // fault-Q5, fault-Q6
	for _, tc := range []struct {
		a, b string
		same bool
	}{
		{"192.0.2.1", "192.0.2.1", true},
		{"192.0.2.1", "192.0.2.2", false},
		{"192.0.2.1", "::ffff:192.0.2.1", true},
		{"2001:db8::1", "2001:db8::ffff:1", true},
		{"2001:db8::1", "2001:db8:0:1::1", false},
		{"fe80::1%eth0", "fe80::1%eth1", true},
	} {
		c := &clock{time.Unix(0, 0)}
		e := NewEdge(0, 1, c.now)
		e.Connect(netip.MustParseAddr(tc.a))
		if got := e.Connect(netip.MustParseAddr(tc.b)) > 0; got != tc.same {
			t.Errorf("%s and %s count as one: %v, want %v", tc.a, tc.b, got, tc.same)
		}
	}
}

func BenchmarkTake(b *testing.B) {
	w := NewWindow(30, time.Minute, time.Now)
	keys := make([]string, 1000)
	for i := range keys {
		keys[i] = fmt.Sprint("user", i)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		w.Take(keys[i%len(keys)])
	}
}
