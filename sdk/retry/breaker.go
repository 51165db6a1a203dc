package retry

import (
	"sync"
	"time"
)

// BreakerOptions say when a service is left alone. Zero values have sensible
// meanings.
type BreakerOptions struct {
	// Failures is how many requests in a row fail before the service is left alone;
	// 5 when 0.
	Failures int
	// Rest is how long it is left alone at first, 2 s when 0. It doubles each time
	// that the service fails its trial, to RestMax, 30 s when 0.
	Rest, RestMax time.Duration
	// Trials is how many requests in a row, one at a time, have to go well before
	// the service counts as well again; 2 when 0.
	Trials int
	// Now is the clock, time.Now when nil.
	Now func() time.Time
}

// Breaker leaves a service alone that keeps failing. Closed, it lets every request
// pass. After too many failures in a row it opens for a while; then it is half
// open: one request at a time is a trial, and only good ones close it. Safe for
// concurrent use.
type Breaker struct {
	o BreakerOptions

	mu       sync.Mutex
	failures int           // in a row
	rest     time.Duration // 0 while closed
	from     time.Time     // when the rest began
	until    time.Time     // when it ends; zero is none
	trial    bool          // one is under way
	passed   int           // trials in a row
}

// NewBreaker returns a closed breaker.
func NewBreaker(o BreakerOptions) *Breaker {
	orElse(&o.Failures, 5)
	orElse(&o.Rest, 2*time.Second)
	orElse(&o.RestMax, 30*time.Second)
	orElse(&o.Trials, 2)
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Breaker{o: o}
}

// Enter lets a request pass, which Well, Failed or Void then ends, and says whether it
// is a trial; or it says how long none may, 0 when only a trial has to end first.
func (b *Breaker) Enter() (trial, ok bool, left time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch left := b.left(); {
	case left > 0:
		return false, false, left
	case b.rest == 0:
		return false, true, 0
	case b.trial:
		return false, false, 0
	}
	b.trial = true
	return true, true, 0
}

// left is how long the service rests yet. A clock that was set back to before the
// rest began ends it: nobody can tell how much of it is over.
func (b *Breaker) left() time.Duration {
	now := b.o.Now()
	if now.Before(b.from) {
		return 0
	}
	return b.until.Sub(now)
}

// Well ends a request that the service answered.
func (b *Breaker) Well(trial bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.trial = b.trial && !trial
	switch {
	case b.rest == 0:
		b.failures = 0
	case trial:
		if b.passed++; b.passed >= b.o.Trials {
			b.rest, b.passed, b.failures, b.until = 0, 0, 0, time.Time{}
		}
	}
}

// Failed ends a request that the service did not answer, so that the next one may
// fail too. A service that asks to be left alone for a while, is.
func (b *Breaker) Failed(trial bool, asked time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.trial = b.trial && !trial
	b.failures++
	b.passed = 0
	switch {
	case b.rest > 0 && trial:
		b.rest = min(2*b.rest, b.o.RestMax)
		b.begin(max(b.rest, asked))
	case b.rest == 0 && b.failures >= b.o.Failures:
		b.rest = b.o.Rest
		b.begin(max(b.rest, asked))
	case asked > b.left(): // requests that were under way when it opened add nothing else
		b.begin(asked)
	}
}

func (b *Breaker) begin(rest time.Duration) {
	b.from = b.o.Now()
	b.until = b.from.Add(rest)
}

// Void ends a request that says nothing about the service, such as one that was
// given up.
func (b *Breaker) Void(trial bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.trial = b.trial && !trial
}

// Found takes in that the service can be reached again: it may be tried at once.
func (b *Breaker) Found() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.until = time.Time{}
}

// Open tells until when the service is left alone, if it is.
func (b *Breaker) Open() (until time.Time, open bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.until, b.left() > 0
}

// Closed reports whether the service counts as well.
func (b *Breaker) Closed() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.rest == 0 && b.left() <= 0
}
