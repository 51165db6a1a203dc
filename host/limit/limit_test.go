package limit

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"sync"
	"testing"
	"time"
	"unsafe"
)

// clock stands until it is moved.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

// S05: the 31st in any minute waits, and exactly until there is room.
func TestOneTooManyWaitsExactlyUntilThereIsRoom(t *testing.T) {
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

// S05: an address is one IPv4 address, the machine itself, or an IPv6 subscriber's whole network.
func TestAddressesOfOneNetworkCountAsOne(t *testing.T) { // fault-Q6
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
		{"127.0.0.1", "::1", true},
		{"127.0.0.1", "127.8.9.1", true},
		{"::ffff:127.0.0.1", "::1", true},
	} {
		c := &clock{time.Unix(0, 0)}
		e := NewEdge(Limits{Connects: 1}, c.now)
		e.Connect(netip.MustParseAddr(tc.a))
		if got := waits(e.Connect(netip.MustParseAddr(tc.b))) > 0; got != tc.same {
			t.Errorf("%s and %s count as one: %v, want %v", tc.a, tc.b, got, tc.same)
		}
	}
}

func waits(wait time.Duration, _ int) time.Duration { return wait }

// Whoever changes from one network of 64 bits to the next gets the larger budgets
// of the wider ones and no more, whichever way they change.
func TestRotatingThroughAWiderNetworkIsNoWayAround(t *testing.T) { // fault-Q5
	const limit = 10
	for _, tc := range []struct {
		name string
		at   func(i int) string
		want int
	}{
		{"within one /64", func(i int) string { return fmt.Sprintf("2001:db8:1:1::%x", i) }, limit},
		{"/64s within one /56", func(i int) string { return fmt.Sprintf("2001:db8:1:1%02x::1", i%256) }, 4 * limit},
		{"/64s within one /48", func(i int) string { return fmt.Sprintf("2001:db8:1:%x::1", i%65536) }, 16 * limit},
		{"/56s within one /48", func(i int) string { return fmt.Sprintf("2001:db8:1:%x00::1", i%256) }, 16 * limit},
		{"/48s within one /32", func(i int) string { return fmt.Sprintf("2001:db8:%x::1", i%65536) }, 256 * limit},
		{"/32s", func(i int) string { return fmt.Sprintf("2001:%x::1", i%65536) }, 3000},
		{"IPv4", func(i int) string { return fmt.Sprintf("198.51.%d.%d", i/256%256, i%256) }, 3000},
	} {
		c := &clock{time.Unix(0, 0)}
		e := NewEdge(Limits{Connects: limit, Failures: limit}, c.now)
		for what, once := range map[string]func(netip.Addr) (time.Duration, int){"connect": e.Connect, "failed": e.Failed} {
			c.at = time.Unix(0, 0)
			passed, first := 0, time.Duration(0)
			for i := range 3000 {
				if wait, _ := once(netip.MustParseAddr(tc.at(i))); wait == 0 {
					passed++
				} else if first == 0 {
					first = wait
				}
				c.at = c.at.Add(time.Millisecond)
			}
			if passed != tc.want {
				t.Errorf("%s: %s passed %d times in 3 seconds, want %d", tc.name, what, passed, tc.want)
			}
			if tc.want < 3000 && (first <= 57*time.Second || first > time.Minute) {
				t.Errorf("%s: %s waits %v at first", tc.name, what, first)
			}
			// A stranger elsewhere is not among them.
			if wait, _ := once(netip.MustParseAddr("2a00:1::1")); wait != 0 {
				t.Errorf("%s: %s of a stranger waits %v", tc.name, what, wait)
			}
		}
	}
}

// One network's flood takes no memory without end, in any of its widths.
func TestAFloodOfNetworksTakesNoMemoryWithoutEnd(t *testing.T) { // fault-Q5, fault-Q11
	c := &clock{time.Unix(0, 0)}
	e := NewEdge(Limits{Failures: 10}, c.now)
	r := rand.New(rand.NewPCG(3, 4))
	for range 300_000 {
		var raw [16]byte
		for i := range raw {
			raw[i] = byte(r.Uint32())
		}
		raw[0] = 0x20
		e.Failed(netip.AddrFrom16(raw))
	}
	for i, n := range networks {
		kept := 0
		for _, e := range e.fail[i].keys {
			kept += len(e.times)
		}
		if len(e.fail[i].keys) > n.keys || kept > n.keys*n.budget*10 {
			t.Errorf("/%d: %d networks with %d events are kept", n.bits, len(e.fail[i].keys), kept)
		}
	}
}

// Both limits count, and one that refuses takes nothing of the other.
func TestAMessageCountsForItsUserAndItsAddress(t *testing.T) {
	c := &clock{time.Unix(0, 0)}
	e := NewEdge(Limits{Chat: 5, Users: 2}, c.now)
	home, away := netip.MustParseAddr("203.0.113.7"), netip.MustParseAddr("203.0.113.8")
	for i := range 5 {
		if wait, _, _ := e.Chat("ada", home); wait != 0 {
			t.Fatalf("message %d waits %v", i, wait)
		}
		c.at = c.at.Add(time.Second)
	}
	if wait, limit, own := e.Chat("ada", away); wait != 55*time.Second || limit != 5 || !own {
		t.Errorf("another address does not help: waits %v for %d, own %v; want 55s for 5", wait, limit, own)
	}
	for range 5 {
		if wait, _, _ := e.Chat("ben", home); wait != 0 {
			t.Fatalf("who shares the address waits %v", wait)
		}
	}
	wait, limit, own := e.Chat("cleo", home)
	if wait != 55*time.Second || limit != 10 || own {
		t.Errorf("a full address: waits %v for %d, own %v; want 55s for 10", wait, limit, own)
	}
	if wait, _, _ := e.Chat("cleo", away); wait != 0 {
		t.Errorf("what was refused was counted all the same: %v", wait)
	}
	if wait, _, _ := e.Chat("dan", netip.Addr{}); wait != 0 {
		t.Errorf("without an address: %v", wait)
	}
	c.at = c.at.Add(wait)
	if again, _, _ := e.Chat("cleo", home); again != 0 {
		t.Errorf("after the wait it waits %v", again)
	}
	e.Set(Limits{Chat: 5})
	for i := range 100 {
		if wait, _, _ := e.Chat(fmt.Sprint("u", i), home); wait != 0 {
			t.Fatalf("without a limit for addresses user %d waits %v", i, wait)
		}
	}
}

// Whoever waits as long as told gets through, at that nanosecond and not before,
// whichever of the limits it was.
func TestAfterExactlyTheWaitThereIsRoom(t *testing.T) { // fault-Q3
	r := rand.New(rand.NewPCG(5, 6))
	refused := 0
	for range 50 {
		c := &clock{time.Unix(0, 0)}
		e := NewEdge(Limits{Chat: 1 + r.IntN(5), Users: 1 + r.IntN(2), Connects: 1 + r.IntN(5), Failures: 1 + r.IntN(5)}, c.now)
		for range 300 {
			c.at = c.at.Add(time.Duration(r.IntN(int(20 * time.Second))))
			a := netip.MustParseAddr(fmt.Sprintf("2001:db8::%x:0:0:0:1", r.IntN(3)))
			user := fmt.Sprint(r.IntN(3))
			once := []func() time.Duration{
				func() time.Duration { wait, _, _ := e.Chat(user, a); return wait },
				func() time.Duration { return waits(e.Connect(a)) },
				func() time.Duration { return waits(e.Failed(a)) },
			}[r.IntN(3)]
			wait := once()
			if wait == 0 {
				continue
			}
			refused++
			c.at = c.at.Add(wait - 1)
			if left := once(); left != 1 {
				t.Fatalf("a nanosecond before the end of %v it waits %v", wait, left)
			}
			c.at = c.at.Add(1)
			if left := once(); left != 0 {
				t.Fatalf("at the end of %v it waits %v", wait, left)
			}
		}
	}
	if refused < 1000 {
		t.Fatalf("only %d were refused: little was tried", refused)
	}
}

// setWall sets the clock on the wall as an operator or a time server does: the
// monotonic reading that time.Now took too goes on.
func setWall(t time.Time, by time.Duration) time.Time {
	inside := (*struct{ wall uint64 })(unsafe.Pointer(&t))
	const nanoseconds = 30 // bits below the seconds
	inside.wall += uint64(by/time.Second) << nanoseconds
	return t
}

// fault-Q7: the clock on the wall is set by an hour, either way, or the machine
// sleeps: nobody is locked out longer than the window, and nobody gets a burst.
func TestTheClockOnTheWallChangesNothing(t *testing.T) {
	for _, jump := range []time.Duration{time.Hour, -time.Hour, 24 * time.Hour} {
		t.Run(jump.String(), func(t *testing.T) {
			var by, passed time.Duration
			began := time.Now()
			now := func() time.Time { return setWall(began.Add(passed), by) }
			before := now()
			w := NewWindow(3, time.Minute, now)
			for range 3 {
				w.Take("k")
			}
			passed += 10 * time.Second
			by = jump
			if moved := now().Round(0).Sub(before.Round(0)); moved != 10*time.Second+jump {
				t.Fatalf("the clock moved by %v", moved)
			}
			if wait := w.Take("k"); wait != 50*time.Second {
				t.Errorf("set by %v it waits %v, want 50s", jump, wait)
			}
			passed += 50 * time.Second
			for i := range 3 {
				if wait := w.Take("k"); wait != 0 {
					t.Errorf("set by %v event %d waits %v", jump, i, wait)
				}
			}
			by = 0
			if wait := w.Take("k"); wait != time.Minute {
				t.Errorf("set back from %v it waits %v, want 1m", jump, wait)
			}
		})
	}
}

// There is a place for so many at once, of a user and of an address, and each that
// is left is free at once.
func TestSoManyAreOpenAtOnce(t *testing.T) {
	e := NewEdge(Limits{Connects: 1}, time.Now)
	a, b := netip.MustParseAddr("203.0.113.7"), netip.MustParseAddr("203.0.113.8")
	var leaves []func()
	for i := range openMinutes {
		leave, limit := e.Open("ada", a)
		if leave == nil {
			t.Fatalf("connection %d finds no place of %d", i, limit)
		}
		leaves = append(leaves, leave)
	}
	if leave, limit := e.Open("ada", b); leave != nil || limit != openMinutes {
		t.Errorf("from elsewhere there is one more, limit %d", limit)
	}
	if leave, limit := e.Open("ben", a); leave != nil || limit != openMinutes {
		t.Errorf("from the same address there is one more, limit %d", limit)
	}
	if leave, _ := e.Open("ben", b); leave == nil {
		t.Error("elsewhere another user finds no place")
	}
	leaves[0]()
	if leave, _ := e.Open("ben", a); leave == nil {
		t.Error("a place that was left is not free")
	}
	for _, leave := range leaves[1:] {
		leave()
	}
	if n := len(e.openUser.there); n != 1 {
		t.Errorf("%d users are remembered, want ben alone", n)
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
