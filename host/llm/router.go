package llm

import (
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"time"
)

// Route is one way to get an answer.
type Route struct {
	Provider Provider
	// Model is asked for when a request names none.
	Model string
}

// Retry says how often a failed request is sent again. That happens only while
// nothing has been said, and only after failures that pass by themselves.
type Retry struct {
	// Attempts is how often one provider is asked, the first time included.
	Attempts int
	// Base and Max bound the pauses: the nth is a random time up to Base doubled
	// n-1 times, at most Max, and at least what the provider asked for.
	Base, Max time.Duration
	// Patience is how long one provider may be tried: no retry starts later.
	Patience time.Duration
}

// DefaultRetry returns retries that someone who waits for an answer bears.
func DefaultRetry() Retry {
	return Retry{Attempts: 3, Base: 100 * time.Millisecond, Max: time.Second, Patience: 2 * time.Second}
}

// RouterOptions are a Router's settings; zero values have sensible meanings.
type RouterOptions struct {
	// Retry is [DefaultRetry] when its Attempts is 0.
	Retry Retry
	// Now is the clock, time.Now when nil.
	Now func() time.Time
	// Jitter picks a pause between 0 and limit; at random when nil.
	Jitter func(limit time.Duration) time.Duration
}

// Router asks the first of several providers that can answer. As soon as one
// has said something, its answer stands or falls alone. Safe for concurrent
// use; it owns no goroutine: whoever owns it calls Refresh now and then.
type Router struct {
	routes []*route
	retry  Retry
	now    func() time.Time
	jitter func(time.Duration) time.Duration
}

// NewRouter returns a Router over routes, the preferred one first.
func NewRouter(routes []Route, o RouterOptions) *Router {
	r := &Router{retry: o.Retry, now: o.Now, jitter: o.Jitter}
	if r.retry.Attempts == 0 {
		r.retry = DefaultRetry()
	}
	if r.now == nil {
		r.now = time.Now
	}
	if r.jitter == nil {
		r.jitter = func(limit time.Duration) time.Duration { return rand.N(limit + 1) }
	}
	for _, to := range routes {
		r.routes = append(r.routes, newRoute(to, r.now))
	}
	return r
}

// Stream answers a request as [Provider] says, with the first provider that
// says something. When all fail, the error holds each one's *Error, the
// preferred one's first. A request's tools and thinking are left out for a
// model that is known to have no use for them: it would refuse the request.
func (r *Router) Stream(ctx context.Context, q Request) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		var failed error
		for _, to := range r.order() {
			said, err := r.ask(ctx, to, q, yield)
			switch {
			case err == nil:
				return
			case said || ctx.Err() != nil:
				yield(nil, err)
				return
			case failed == nil:
				failed = err
			default:
				failed = fmt.Errorf("%w; %w", failed, err)
			}
		}
		if failed == nil {
			failed = &Error{Class: Unreachable, Message: "no provider is configured"}
		}
		yield(nil, failed)
	}
}

// order is the routes by preference, those that can't answer last: they may
// have come back.
func (r *Router) order() []*route {
	sorted := slices.Clone(r.routes)
	slices.SortStableFunc(sorted, func(a, b *route) int { return a.rank() - b.rank() })
	return sorted
}

// ask tries one route until it says something or the retries are used up.
func (r *Router) ask(ctx context.Context, to *route, q Request, yield func(Event, error) bool) (said bool, err error) {
	q = to.adapt(q)
	began := r.now()
	for n := 1; ; n++ {
		said, err = once(ctx, to, q, yield)
		if err == nil || said || ctx.Err() != nil {
			return said, err
		}
		pause, worth := r.pause(n, err)
		if !worth || r.now().Sub(began)+pause > r.retry.Patience {
			return false, err
		}
		if err := sleep(ctx, pause); err != nil {
			return false, err
		}
	}
}

// once sends the request one time. A consumer that left counts as said.
func once(ctx context.Context, to *route, q Request, yield func(Event, error) bool) (said bool, err error) {
	for ev, err := range to.Provider.Stream(ctx, q) {
		if err != nil {
			if ctx.Err() == nil {
				to.failed(q.Model, err)
			}
			return said, err
		}
		if _, last := ev.(Finish); last {
			to.answered(q.Model)
		}
		said = true
		if !yield(ev, nil) {
			return true, nil
		}
	}
	return true, nil
}

// pause is how long to wait before attempt n+1, and whether it is worth it.
func (r *Router) pause(n int, err error) (time.Duration, bool) {
	e, ok := asError(err)
	if !ok || n >= r.retry.Attempts || !passing(e.Class) {
		return 0, false
	}
	limit := min(r.retry.Base<<min(n-1, 16), r.retry.Max)
	return max(r.jitter(limit), e.RetryAfter), true
}

// passing reports whether a failure may be gone a moment later.
func passing(c Class) bool {
	switch c {
	case Unreachable, Overloaded, Interrupted, Internal:
		return true
	default:
		return false
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for a retry: %w", context.Cause(ctx))
	}
}
