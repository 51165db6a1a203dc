// Package retry says when a request that failed is made once more, and when
// whoever does not answer is left alone. It makes no requests itself.
//
// A [Backoff] spaces the tries of one request, a [Budget] keeps the repetitions
// of all of them to a small share, so that a service that is in trouble is not
// asked several times as much as before, and a [Breaker] leaves it alone once it
// keeps failing. The host holds model servers and memory's index to them, and the
// client of [github.com/jarvis-host/jarvis/sdk.Plugin.HTTP] what plugins ask.
//
// Only repeat what does no harm when it is heard twice.
package retry

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"
)

// Backoff spaces the tries of one request: before each repetition stands a pause of
// any length up to a bound that doubles ("full jitter"), so that many who failed
// together do not come back together.
type Backoff struct {
	// Tries is how often a request is made at most, the first time included.
	Tries int
	// First bounds the first pause. The bound doubles from pause to pause, to Most.
	First, Most time.Duration
	// Pick returns a time from 0 to limit; [Random] when nil.
	Pick func(limit time.Duration) time.Duration
}

// Pause is how long to wait after the nth try, counted from 1; not more says that
// it was the last one.
func (b Backoff) Pause(n int) (pause time.Duration, more bool) {
	if n >= b.Tries {
		return 0, false
	}
	limit := min(b.First<<min(n-1, 16), b.Most)
	if b.Pick != nil {
		return b.Pick(limit), true
	}
	return Random(limit), true
}

// Random returns a time from 0 to limit.
func Random(limit time.Duration) time.Duration {
	return rand.N(max(limit, 0) + 1) //nolint:gosec // spreads tries, and is no secret
}

// Wait returns after d, or earlier with the cause of ctx's end.
func Wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for another try: %w", context.Cause(ctx))
	}
}
