package gateway

import (
	"context"
	"log/slog"
)

// The keys of the gateway's log records.
const (
	keyRequest = "request_id"
	keyRoute   = "route"
	keyError   = "error"
	keyStack   = "stack"
	keyUser    = "user"
	keyCode    = "code"
)

// faults brings what net/http complains about into the host's log.
type faults struct{ log Log }

// Enabled implements slog.Handler.
func (faults) Enabled(context.Context, slog.Level) bool { return true }

// Handle implements slog.Handler.
func (f faults) Handle(_ context.Context, r slog.Record) error {
	f.log.Warn("http connection failed", keyError, r.Message)
	return nil
}

// WithAttrs implements slog.Handler; net/http has no attributes.
func (f faults) WithAttrs([]slog.Attr) slog.Handler { return f }

// WithGroup implements slog.Handler; net/http has no groups.
func (f faults) WithGroup(string) slog.Handler { return f }
