package limit

import (
	"hash/maphash"
	"maps"
	"sync"
	"time"
)

// Bounds of what a Window remembers.
const (
	// maxKeys is how many keys have a count of their own. A key that comes when
	// all of them are busy shares one with strangers, so that a flood of keys
	// gets neither memory nor a way around the limit.
	maxKeys = 50_000
	shared  = 1024
	// sweepEvery is how many events pass between two looks for idle keys, at
	// least; as many as there are keys, or a look would cost more than the events.
	sweepEvery = 4096
)

// Window lets each key have a number of events in any stretch of time as long
// as its span: a sliding log, which remembers when each event was, and not a
// bucket or a fixed minute, which let twice as many through at a border. Safe
// for concurrent use.
type Window struct {
	span time.Duration
	now  func() time.Time

	mu       sync.Mutex
	limit    int
	keys     map[string]*events
	shared   [shared]events
	seed     maphash.Seed
	untilSee int       // events until the next look for idle keys
	seeAt    time.Time // when it comes all the same
}

// events are the times of a key's last events, as a ring, oldest at first.
type events struct {
	times []time.Time
	first int
}

// NewWindow makes a window of limit events a span; a limit of 0 is none.
func NewWindow(limit int, span time.Duration, now func() time.Time) *Window {
	return &Window{span: span, now: now, limit: limit, keys: map[string]*events{}, seed: maphash.MakeSeed()}
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
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.limit <= 0 {
		return 0
	}
	now := w.now()
	w.sweep(now)
	e := w.of(key)
	e.forget(now.Add(-w.span), w.limit)
	if n := e.count(); n >= w.limit {
		// After it there is room: as many as the limit remain, the oldest goes.
		return e.times[e.first+n-w.limit].Add(w.span).Sub(now)
	}
	e.times = append(e.times, now)
	return 0
}

func (w *Window) of(key string) *events {
	e := w.keys[key]
	switch {
	case e != nil:
	case len(w.keys) < maxKeys:
		e = &events{}
		w.keys[key] = e
	default:
		e = &w.shared[maphash.String(w.seed, key)%shared]
	}
	return e
}

// sweep forgets idle keys, now and then, and gives their memory back.
func (w *Window) sweep(now time.Time) {
	if w.untilSee--; w.untilSee > 0 && now.Before(w.seeAt) {
		return
	}
	w.untilSee, w.seeAt = max(sweepEvery, len(w.keys)), now.Add(w.span)
	before := len(w.keys)
	for key, e := range w.keys {
		if n := len(e.times); n == 0 || !e.times[n-1].After(now.Add(-w.span)) {
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
func (e *events) forget(before time.Time, limit int) {
	for e.first < len(e.times) && !e.times[e.first].After(before) {
		e.first++
	}
	if e.first > 0 && (e.first == len(e.times) || len(e.times) >= limit) {
		e.times = append(e.times[:0], e.times[e.first:]...)
		e.first = 0
	}
}
