package sdk

import (
	"errors"
	"fmt"
)

// Code classifies an error; the same codes reach clients, logs and metrics.
type Code string

// The codes an error can carry.
const (
	CodeInvalid         Code = "invalid"
	CodeUnauthenticated Code = "unauthenticated"
	CodeForbidden       Code = "forbidden"
	CodeNotFound        Code = "not_found"
	CodeTimeout         Code = "timeout"
	CodeConflict        Code = "conflict"
	CodeTooLarge        Code = "too_large"
	CodeUnsupported     Code = "unsupported"
	CodeRateLimited     Code = "rate_limited"
	CodeInternal        Code = "internal"
	CodeUnavailable     Code = "unavailable"
	CodeBusy            Code = "busy"
)

// Error is an error with two readers: Message is for the end user, in their
// language, and empty where only the code is known; Err is for the operator's
// log.
type Error struct {
	Code    Code
	Message string
	Err     error
}

// Error returns the operator's text.
func (e *Error) Error() string {
	text := string(e.Code)
	if e.Message != "" {
		text += ": " + e.Message
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Fail returns an error whose text the end user sees as it is. Any other error
// that a tool returns is logged and becomes one polite sentence.
func Fail(code Code, format string, args ...any) error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// ErrorCode returns the code of err: that of the first *Error in its chain,
// CodeInternal for any other error, "" for nil.
func ErrorCode(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return CodeInternal
}
