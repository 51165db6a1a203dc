package sdk

import (
	"context"
	"iter"
	"net"
	"time"
)

// noServices stands in for a host that offers none.
type noServices struct{}

func (noServices) err() error { return &Error{Code: CodeUnavailable, Err: errNoHost} }

// GetValue implements [Services].
func (n noServices) GetValue(context.Context, string, Scope, string) (*Value, error) {
	return nil, n.err()
}

// SetValue implements [Services].
func (n noServices) SetValue(context.Context, string, Scope, string, []byte, time.Duration, *int64) (int64, error) {
	return 0, n.err()
}

// DeleteValue implements [Services].
func (n noServices) DeleteValue(context.Context, string, Scope, string, *int64) (bool, error) {
	return false, n.err()
}

// ListValues implements [Services].
func (n noServices) ListValues(context.Context, string, Scope, string, string, int) ([]string, error) {
	return nil, n.err()
}

// PutSchedule implements [Services].
func (n noServices) PutSchedule(context.Context, string, Schedule) (time.Time, error) {
	return time.Time{}, n.err()
}

// ListSchedules implements [Services].
func (n noServices) ListSchedules(context.Context, string) ([]Pending, error) { return nil, n.err() }

// CancelSchedule implements [Services].
func (n noServices) CancelSchedule(context.Context, string, string) (bool, error) {
	return false, n.err()
}

// Notify implements [Services].
func (n noServices) Notify(context.Context, string, Notice) (string, error) { return "", n.err() }

// WithdrawNotice implements [Services].
func (n noServices) WithdrawNotice(context.Context, string, string) (bool, error) {
	return false, n.err()
}

// Generate implements [Services].
func (n noServices) Generate(context.Context, string, Prompt) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) { yield("", n.err()) }
}

// Embed implements [Services].
func (n noServices) Embed(context.Context, string, []string) (string, [][]float32, error) {
	return "", nil, n.err()
}

// SearchMemory implements [Services].
func (n noServices) SearchMemory(context.Context, string, string, int) ([]Memory, error) {
	return nil, n.err()
}

// Remember implements [Services].
func (n noServices) Remember(context.Context, string, string) (string, error) { return "", n.err() }

// Forget implements [Services].
func (n noServices) Forget(context.Context, string, string) (bool, error) { return false, n.err() }

// Say implements [Services].
func (n noServices) Say(context.Context, string, string, string) (Said, error) {
	return Said{}, n.err()
}

// Dial implements [Services].
func (n noServices) Dial(context.Context, string, string) (net.Conn, error) { return nil, n.err() }

// Secret implements [Services].
func (n noServices) Secret(context.Context, string, string) (string, error) { return "", n.err() }
