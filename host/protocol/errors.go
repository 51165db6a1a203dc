package protocol

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

// Code classifies an error towards clients.
type Code string

// The codes of the error table.
const (
	Invalid         Code = "invalid"
	Unauthenticated Code = "unauthenticated"
	Forbidden       Code = "forbidden"
	NotFound        Code = "not_found"
	Timeout         Code = "timeout"
	Conflict        Code = "conflict"
	TooLarge        Code = "too_large"
	Unsupported     Code = "unsupported"
	RateLimited     Code = "rate_limited"
	Internal        Code = "internal"
	Unavailable     Code = "unavailable"
	Busy            Code = "busy"
)

// Row is one line of the error table: a code, its HTTP status and what it
// means to whoever reads the documentation.
type Row struct {
	Code    Code
	Status  int
	Meaning string
}

// Table is every code there is, in the order of the documentation. The code is
// the metric label too.
func Table() []Row {
	return []Row{
		{Invalid, http.StatusBadRequest, "the request is malformed; field names what"},
		{Unauthenticated, http.StatusUnauthorized, "no credential, or one that is not known, expired or revoked"},
		{Forbidden, http.StatusForbidden, "the credential's role, an Origin or a Host name does not allow it"},
		{NotFound, http.StatusNotFound, "there is no such thing, or it is another end user's"},
		{Timeout, http.StatusRequestTimeout, "the request, or what it waited for, took too long"},
		{Conflict, http.StatusConflict, "it contradicts what is there already"},
		{TooLarge, http.StatusRequestEntityTooLarge, "the text or the body is over its limit"},
		{Unsupported, http.StatusUnsupportedMediaType, "the content type is not one that is read here"},
		{RateLimited, http.StatusTooManyRequests, "over a limit; retry_after_ms says when to try again"},
		{Internal, http.StatusInternalServerError, "a fault of the host; the request id finds it in the log"},
		{Unavailable, http.StatusServiceUnavailable, "something that is needed does not answer"},
		{Busy, http.StatusServiceUnavailable, "full, or stopping; try again later"},
	}
}

// Status returns the HTTP status of a code; an unknown one is internal.
func (c Code) Status() int {
	for _, r := range Table() {
		if r.Code == c {
			return r.Status
		}
	}
	return http.StatusInternalServerError
}

// Problem is an error with a code, and the words for the end user: Text names
// an entry of the host's texts, with its arguments, so that the edge can say it
// in the end user's language. Err is for the operator.
type Problem struct {
	Code  Code
	Field string // the member at fault, if one is
	Text  string // key of the end user's sentence; empty is the code's own
	Args  []any
	// Message is a sentence that is in the end user's language already, such as
	// a plugin's; it goes before Text.
	Message string
	// Lang is the language of what it is about, where that is known better than
	// from the connection: a question is told in the language it was asked in.
	Lang       string
	RetryAfter time.Duration // when trying again makes sense; zero: not told
	Err        error
}

// Error returns the operator's text.
func (p *Problem) Error() string {
	s := string(p.Code)
	if p.Field != "" {
		s += " " + p.Field
	}
	if p.Err != nil {
		s += fmt.Sprintf(": %v", p.Err)
	}
	return s
}

// Unwrap returns the cause.
func (p *Problem) Unwrap() error { return p.Err }

// CodeOf returns the code of the first Problem in err's chain, Internal for any
// other error.
func CodeOf(err error) Code {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p.Code
	}
	return Internal
}
