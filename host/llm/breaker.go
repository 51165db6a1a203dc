package llm

import (
	"fmt"
	"sync"
	"time"
)

// BreakerOptions say when a provider is left alone. Zero values have sensible
// meanings.
type BreakerOptions struct {
	// Failures is how many requests in a row fail before the provider is left
	// alone; 5 when 0.
	Failures int
	// Rest is how long it is left alone at first, 2 s when 0. It doubles each
	// time that the provider fails its trial, to RestMax, 30 s when 0.
	Rest, RestMax time.Duration
	// Trials is how many requests in a row, one at a time, have to go well before
	// the provider counts as well again; 2 when 0.
	Trials int
}

func (o BreakerOptions) withDefaults() BreakerOptions {
	orElse(&o.Failures, 5)
	orElse(&o.Rest, 2*time.Second)
	orElse(&o.RestMax, 30*time.Second)
	orElse(&o.Trials, 2)
	return o
}

func orElse[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// breaker leaves a provider alone that keeps failing. Closed, it lets every
// request pass. After too many failures in a row it opens for a while; then it
// is half open: one request at a time is a trial, and only several good ones
// close it. Safe for concurrent use.
type breaker struct {
	name string
	o    BreakerOptions
	now  func() time.Time

	mu       sync.Mutex
	failures int           // in a row
	rest     time.Duration // 0 while closed
	until    time.Time     // when the rest ends
	last     Class         // of the latest failure
	trial    bool          // one is under way
	passed   int           // trials in a row
}

func newBreaker(name string, o BreakerOptions, now func() time.Time) *breaker {
	return &breaker{name: name, o: o.withDefaults(), now: now}
}

// enter lets a request pass, or says why it may not, and whether it is a trial.
// The caller reports how it went with leave.
func (b *breaker) enter() (trial bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch left := b.until.Sub(b.now()); {
	case left > 0:
		return false, b.resting(left)
	case b.rest == 0:
		return false, nil
	case b.trial:
		return false, b.resting(0)
	}
	b.trial = true
	return true, nil
}

func (b *breaker) resting(left time.Duration) error {
	return &Error{
		Class: Resting, Provider: b.name, RetryAfter: left,
		Message: fmt.Sprintf("left alone after failures (%s), next trial in %s", b.last, left.Round(time.Millisecond)),
	}
}

// leave takes in how a request went: nil is well. An error that says nothing
// about the provider, such as the caller's own end, counts for nothing.
func (b *breaker) leave(trial bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.trial = b.trial && !trial
	e, ok := asError(err)
	switch {
	case err == nil && b.rest == 0:
		b.failures = 0
	case err == nil && trial:
		b.well()
	case ok && sick(e.Class):
		b.failed(e)
	}
}

// sick reports whether a failure says that the next request may fail too.
func sick(c Class) bool {
	switch c {
	case Unreachable, Overloaded, Unauthorized, Interrupted, Timeout, Internal:
		return true
	default:
		return false
	}
}

// well counts a good trial; enough of them close the breaker.
func (b *breaker) well() {
	if b.passed++; b.passed >= b.o.Trials {
		b.rest, b.passed, b.failures, b.until = 0, 0, 0, time.Time{}
	}
}

func (b *breaker) failed(e *Error) {
	b.failures++
	b.passed, b.last = 0, e.Class
	switch {
	case b.rest > 0:
		b.rest = min(2*b.rest, b.o.RestMax)
	case b.failures >= b.o.Failures:
		b.rest = b.o.Rest
	}
	until := b.now().Add(max(b.rest, e.RetryAfter))
	if b.rest > 0 || e.RetryAfter > 0 {
		b.until = until
	}
}

// found takes in that a probe reached the provider: one that could not be
// reached before may be tried at once.
func (b *breaker) found() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.last == Unreachable {
		b.until = time.Time{}
	}
}

// open tells until when the provider is left alone, if it is.
func (b *breaker) open() (until time.Time, open bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.until, b.until.After(b.now())
}
