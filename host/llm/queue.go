package llm

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

// queue gives out places in the order in which they are asked for. Safe for
// concurrent use.
type queue struct {
	name string
	o    LaneOptions

	mu      sync.Mutex
	active  int
	waiting []*waiter
	took    time.Duration // an answer, a moving average
}

// waiter is one request that waits.
type waiter struct {
	ready chan struct{} // closed when it has a place
	moved chan struct{} // holds one token when its position changed
}

func newQueue(name string, o LaneOptions) *queue { return &queue{name: name, o: o} }

// join takes a free place and returns nil, or waits in the queue, unless that
// is full.
func (q *queue) join() (*waiter, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.o.Concurrency <= 0 || q.active < q.o.Concurrency && len(q.waiting) == 0 {
		q.active++
		return nil, nil
	}
	if len(q.waiting) >= q.o.Queue {
		return nil, &Error{
			Class: Overloaded, Provider: q.name, RetryAfter: q.eta(len(q.waiting) + 1),
			Message: fmt.Sprintf("all %d places are taken and %d requests wait already", q.o.Concurrency, len(q.waiting)),
		}
	}
	w := &waiter{ready: make(chan struct{}), moved: make(chan struct{}, 1)}
	w.moved <- struct{}{}
	q.waiting = append(q.waiting, w)
	q.tell()
	return w, nil
}

// position is a waiter's place in the queue and how long it may last; 0 when it
// does not wait any more.
func (q *queue) position(w *waiter) (int, time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	n := slices.Index(q.waiting, w) + 1
	return n, q.eta(n)
}

// eta guesses how long the nth in the queue waits; the caller holds the lock.
func (q *queue) eta(n int) time.Duration {
	if q.o.Concurrency <= 0 {
		return 0
	}
	return q.took * time.Duration(n) / time.Duration(q.o.Concurrency)
}

// quit leaves the queue, or gives back the place that came meanwhile.
func (q *queue) quit(w *waiter) {
	q.mu.Lock()
	defer q.mu.Unlock()
	at := slices.Index(q.waiting, w)
	if at < 0 {
		q.pass()
		return
	}
	q.waiting = slices.Delete(q.waiting, at, at+1)
	q.moved(at)
}

// leave gives a place back after an answer that took so long.
func (q *queue) leave(took time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.took == 0 {
		q.took = took
	}
	q.took += (took - q.took) / 4
	q.pass()
}

// pass hands a place to the next in the queue; the caller holds the lock.
func (q *queue) pass() {
	if len(q.waiting) == 0 {
		q.active--
		return
	}
	close(q.waiting[0].ready)
	q.waiting = slices.Delete(q.waiting, 0, 1)
	q.moved(0)
}

// moved tells all from a position on; the caller holds the lock.
func (q *queue) moved(from int) {
	for _, w := range q.waiting[from:] {
		select {
		case w.moved <- struct{}{}:
		default: // it has yet to look
		}
	}
	q.tell()
}

func (q *queue) tell() {
	if q.o.Waiting != nil {
		q.o.Waiting(len(q.waiting))
	}
}

func (q *queue) load() (active, waiting int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.active, len(q.waiting)
}
