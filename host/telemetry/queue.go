package telemetry

import (
	"errors"
	"fmt"
	"io"
	"sync"
)

// queueBytes is how much of a log waits for a writer that is slow.
const queueBytes = 4 << 20

// Queue is a writer that never makes its caller wait: what is written waits in
// memory, up to 4 MiB, until a goroutine has written it. What finds no room, or
// cannot be written, is lost and counted; the log then is the poorer, and the
// host goes on. Safe for concurrent use.
type Queue struct {
	w        io.Writer
	complain func(error)

	mu      sync.Mutex
	changed *sync.Cond
	waiting [][]byte
	bytes   int
	closed  bool
	lost    int
	tell    func(records int)
	done    chan struct{}
}

// NewQueue starts writing to w, one Write for each that comes. Complain is told
// the first failure after each success, from the writing goroutine.
func NewQueue(w io.Writer, complain func(error)) *Queue {
	q := &Queue{w: w, complain: complain, done: make(chan struct{}), tell: func(int) {}}
	q.changed = sync.NewCond(&q.mu)
	go q.run()
	return q
}

// Lost has every loss told from now on, and what was lost before.
func (q *Queue) Lost(tell func(records int)) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.tell = tell
	if q.lost > 0 {
		tell(q.lost)
	}
}

// Write implements [io.Writer]. It reports no error: who logs cannot help it.
func (q *Queue) Write(record []byte) (int, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed || q.bytes > 0 && q.bytes+len(record) > queueBytes {
		q.lose(1)
		return len(record), nil
	}
	q.waiting = append(q.waiting, append([]byte(nil), record...))
	q.bytes += len(record)
	q.changed.Broadcast()
	return len(record), nil
}

func (q *Queue) lose(records int) {
	q.lost += records
	q.tell(records)
}

func (q *Queue) run() {
	defer close(q.done)
	failed := false
	for {
		record, ok := q.next()
		if !ok {
			return
		}
		_, err := q.w.Write(record)
		if err != nil && !failed {
			q.complain(fmt.Errorf("log not written: %w", err))
		}
		failed = err != nil
		q.wrote(record, failed)
	}
}

// next waits for a record; false is the end.
func (q *Queue) next() ([]byte, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.waiting) == 0 && !q.closed {
		q.changed.Wait()
	}
	if len(q.waiting) == 0 {
		return nil, false
	}
	record := q.waiting[0]
	q.waiting = q.waiting[1:]
	return record, true
}

func (q *Queue) wrote(record []byte, failed bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.bytes -= len(record)
	if failed {
		q.lose(1)
	}
}

// errUnwritten tells that a log's end is missing.
var errUnwritten = errors.New("the last records of the log could not be written in time")

// Close writes what waits and ends the goroutine. It waits until then, or until
// enough is closed: a writer that is stuck is left behind.
func (q *Queue) Close(enough <-chan struct{}) error {
	q.mu.Lock()
	q.closed = true
	q.changed.Broadcast()
	q.mu.Unlock()
	select {
	case <-q.done:
		return nil
	case <-enough:
		return errUnwritten
	}
}
