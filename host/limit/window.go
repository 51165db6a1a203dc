package limit

import (
	"hash/maphash"
	"maps"
	"sync"
	"time"
)

// Bounds of what a Window remembers.
const (
	// maxKeys, unless it was made with fewer, is how many keys have a count of
	// their own. A key that comes when all of them are busy shares one with
	// strangers, so that a flood of keys gets neither memory nor a way around the
	// limit.
	maxKeys = 50_000
	shared  = 1024
	// sweepEvery is how many events pass between two looks for idle keys, at
	// least; as many as there are keys, or a look would cost more than the events.
	sweepEvery = 4096
)

// Window lets each key have a number of events in any stretch of time as long
// as its span: a sliding log, which remembers when each event was, and not a
// bucket or a fixed minute, which let twice as many through at a border. It goes
// by the monotonic clock where now has one, and so neither locks out nor lets a
// burst through when the clock on the wall is set, or the machine sleeps. Safe for
// concurrent use.
type Window struct {
	span time.Duration
	most int // keys
	now  func() time.Time
	made time.Time

	mu       sync.Mutex
	limit    int
	keys     map[string]*events
	shared   [shared]events
	seed     maphash.Seed
	untilSee int           // events until the next look for idle keys
	seeAt    time.Duration // when it comes all the same
}

// events are the times of a key's last events, since the window was made, the
// oldest at first.
type events struct {
	times []time.Duration
	first int
}

// NewWindow makes a window of limit events a span; a limit of 0 is none.
func NewWindow(limit int, span time.Duration, now func() time.Time) *Window {
	return newWindow(limit, maxKeys, span, now)
}

func newWindow(limit, most int, span time.Duration, now func() time.Time) *Window {
	return &Window{span: span, most: most, now: now, made: now(), limit: limit, keys: map[string]*events{}, seed: maphash.MakeSeed()}
}

// SetLimit changes the limit, from the next event on. What was counted stays
// counted.
func (w *Window) SetLimit(limit int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.limit = limit
}

// Take counts an event of a key and returns 0, or, when it is one too many, how
// long to wait until it is not; one too many does not count.
func (w *Window) Take(key string) (wait time.Duration) {
	wait, _, _ = take([]claim{{w, key}})
	return wait
}

// claim is a key that an event has to have room for in a window.
type claim struct {
	w   *Window
	key string
}

// take counts an event of several keys, all or none: one too many for any counts
// for none. It returns the longest wait, the limit that asks for it, and which
// claim that is. Whoever takes of the same windows names them in the same order,
// each once.
func take(claims []claim) (wait time.Duration, limit, at int) { return claimed(claims, true) }

// look is take that counts nothing.
func look(claims []claim) (wait time.Duration, limit, at int) { return claimed(claims, false) }

func claimed(claims []claim, count bool) (wait time.Duration, limit, at int) {
	for _, c := range claims {
		c.w.mu.Lock()
		defer c.w.mu.Unlock()
	}
	// The times are read when all is locked, so that each log stays in order.
	for i, c := range claims {
		if pause := c.w.wait(c.key, c.w.clock()); pause > wait {
			wait, limit, at = pause, c.w.limit, i
		}
	}
	if wait > 0 || !count {
		return wait, limit, at
	}
	for _, c := range claims {
		if c.w.limit > 0 {
			e := c.w.of(c.key)
			e.times = append(e.times, c.w.clock())
		}
	}
	return 0, 0, 0
}

// clock is how long ago the window was made.
func (w *Window) clock() time.Duration { return w.now().Sub(w.made) }

// wait is how long a key has to wait for its next event. It needs w.mu.
func (w *Window) wait(key string, now time.Duration) time.Duration {
	if w.limit <= 0 {
		return 0
	}
	w.sweep(now)
	e := w.of(key)
	e.forget(now-w.span, w.limit)
	if n := e.count(); n >= w.limit {
		// After it there is room: as many as the limit remain, the oldest goes.
		return e.times[e.first+n-w.limit] + w.span - now
	}
	return 0
}

func (w *Window) of(key string) *events {
	e := w.keys[key]
	switch {
	case e != nil:
	case len(w.keys) < w.most:
		e = &events{}
		w.keys[key] = e
	default:
		e = &w.shared[maphash.String(w.seed, key)%shared]
	}
	return e
}

// sweep forgets idle keys, now and then, and gives their memory back.
func (w *Window) sweep(now time.Duration) {
	if w.untilSee--; w.untilSee > 0 && now < w.seeAt {
		return
	}
	w.untilSee, w.seeAt = max(sweepEvery, len(w.keys)), now+w.span
	before := len(w.keys)
	for key, e := range w.keys {
		if n := len(e.times); n == 0 || e.times[n-1] <= now-w.span {
			delete(w.keys, key)
		}
	}
	if len(w.keys) < before/2 { // a map never shrinks
		busy := make(map[string]*events, len(w.keys))
		maps.Copy(busy, w.keys)
		w.keys = busy
	}
}

func (e *events) count() int { return len(e.times) - e.first }

// forget drops what happened at or before a time, and moves the rest to the
// front before the slice would grow beyond what is needed.
func (e *events) forget(before time.Duration, limit int) {
	for e.first < len(e.times) && e.times[e.first] <= before {
		e.first++
	}
	if e.first > 0 && (e.first == len(e.times) || len(e.times) >= limit) {
		e.times = append(e.times[:0], e.times[e.first:]...)
		e.first = 0
	}
}
