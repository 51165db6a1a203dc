package llm

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jarvis-host/jarvis/sdk/retry"
)

// BreakerOptions say when a provider is left alone. Zero values have sensible
// meanings.
type BreakerOptions = retry.BreakerOptions

func orElse[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// breaker leaves a provider alone that keeps failing, and says why. Safe for
// concurrent use.
type breaker struct {
	*retry.Breaker
	name string
	last atomic.Pointer[Error] // the latest failure
}

func newBreaker(name string, o BreakerOptions, now func() time.Time) *breaker {
	o.Now = now
	return &breaker{Breaker: retry.NewBreaker(o), name: name}
}

// enter lets a request pass, or says why it may not, and whether it is a trial.
// The caller reports how it went with leave.
func (b *breaker) enter() (trial bool, err error) {
	trial, ok, left := b.Enter()
	if ok {
		return trial, nil
	}
	var last Class
	if e := b.last.Load(); e != nil {
		last = e.Class
	}
	return false, &Error{
		Class: Resting, Provider: b.name, RetryAfter: left,
		Message: fmt.Sprintf("left alone after failures (%s), next trial in %s", last, left.Round(time.Millisecond)),
	}
}

// leave takes in how a request went: nil is well. An error that says nothing
// about the provider, such as the caller's own end, counts for nothing.
func (b *breaker) leave(trial bool, err error) {
	switch e, ok := asError(err); {
	case err == nil:
		b.Well(trial)
	case ok && sick(e.Class):
		b.last.Store(e)
		b.Failed(trial, e.RetryAfter)
	default:
		b.Void(trial)
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

// found takes in that a probe reached the provider: one that could not be
// reached before may be tried at once.
func (b *breaker) found() {
	if e := b.last.Load(); e != nil && e.Class == Unreachable {
		b.Found()
	}
}
