package gateway

import (
	"context"
	"log/slog"

	"github.com/jarvis-host/jarvis/host/telemetry"
)

// The keys of the gateway's log records, as package telemetry documents them.
const (
	keyRequest = telemetry.KeyRequestID
	keyRoute   = telemetry.KeyRoute
	keyError   = telemetry.KeyError
	keyStack   = telemetry.KeyStack
	keyUser    = telemetry.KeyUser
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
