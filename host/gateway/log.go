package gateway

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

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

// maxFaults is how many failed connections a minute are told one by one: whoever
// makes them fail on purpose must not fill the disk.
const maxFaults = 30

// faults brings what net/http complains about into the host's log, and counts what
// is too much.
type faults struct {
	log Log
	now func() time.Time

	mu     sync.Mutex
	since  time.Time // the current minute began
	told   int
	untold int
}

// Enabled implements slog.Handler.
func (*faults) Enabled(context.Context, slog.Level) bool { return true }

// Handle implements slog.Handler.
func (f *faults) Handle(_ context.Context, r slog.Record) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if now := f.now(); now.Sub(f.since) >= time.Minute {
		if f.untold > 0 {
			f.log.Warn(fmt.Sprintf("%d more http connections failed within a minute", f.untold))
		}
		f.since, f.told, f.untold = now, 0, 0
	}
	if f.told == maxFaults {
		f.untold++
		return nil
	}
	f.told++
	f.log.Warn("http connection failed", keyError, r.Message)
	return nil
}

// WithAttrs implements slog.Handler; net/http has no attributes.
func (f *faults) WithAttrs([]slog.Attr) slog.Handler { return f }

// WithGroup implements slog.Handler; net/http has no groups.
func (f *faults) WithGroup(string) slog.Handler { return f }
