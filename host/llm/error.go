package llm

import (
	"strings"
	"time"
)

// Class sorts a provider's failures by what can be done about them.
type Class string

// The classes of failure.
const (
	// Unreachable: no connection; it may come back by itself.
	Unreachable Class = "unreachable"
	// NotFound: the provider lacks the model.
	NotFound Class = "not_found"
	// Overloaded: the provider asks to try later.
	Overloaded Class = "overloaded"
	// Refused: the provider does not take this request, now or later.
	Refused Class = "refused"
	// Unauthorized: the provider does not take this host.
	Unauthorized Class = "unauthorized"
	// Interrupted: the answer broke off before its end marker.
	Interrupted Class = "interrupted"
	// Timeout: a deadline passed.
	Timeout Class = "timeout"
	// TooLarge: the conversation does not fit the model's context.
	TooLarge Class = "too_large"
	// Limit: the answer passed one of the host's own caps.
	Limit Class = "limit"
	// Resting: the host leaves the provider alone for a while, because it kept
	// failing.
	Resting Class = "resting"
	// NoRoute: no configured route is for this request.
	NoRoute Class = "no_route"
	// OverBudget: the end user has nothing left to spend on models today.
	OverBudget Class = "budget"
	// Internal: the provider failed, or broke its own protocol.
	Internal Class = "internal"
)

// Error is a provider's failure. Its text is for the operator.
type Error struct {
	Class Class
	// Status is the HTTP status, 0 if none was received.
	Status   int
	Provider string
	// Message says what happened and, where someone can do something, what.
	Message string
	// RetryAfter is how long the provider asks to be left alone, 0 if it did
	// not say.
	RetryAfter time.Duration
	// Fetch is the whole command that gets a missing model, if there is one.
	Fetch string
	Err   error
}

// Error returns the operator's text.
func (e *Error) Error() string {
	var b strings.Builder
	if e.Provider != "" {
		b.WriteString(e.Provider + ": ")
	}
	b.WriteString(string(e.Class))
	if e.Message != "" {
		b.WriteString(": " + e.Message)
	}
	if e.Err != nil {
		b.WriteString(": " + e.Err.Error())
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }
