package host

import (
	"context"
	"iter"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/jarvis-host/jarvis/host/telemetry"
	"github.com/jarvis-host/jarvis/host/turn"
)

// logged writes one info line for each turn: who, where, how it ended and how
// long it took; never what was said.
type logged struct {
	turn.Answerer
	log hclog.Logger
}

// Answer implements [turn.Answerer].
func (l logged) Answer(ctx context.Context, t *turn.Turn) iter.Seq2[turn.Event, error] {
	return func(yield func(turn.Event, error) bool) {
		state, source := turn.Stopped, turn.SourceHost
		defer func() {
			args := []any{
				telemetry.KeySession, t.Session, telemetry.KeyTurn, t.ID,
				telemetry.KeyRequestID, t.RequestID, telemetry.KeyUser, t.User, telemetry.KeyState, string(state),
				telemetry.KeySource, string(source), telemetry.KeyDuration, time.Since(t.At).Milliseconds(),
			}
			if t.TraceParent != "" {
				args = append(args, telemetry.KeyTraceID, telemetry.TraceID(t.TraceParent))
			}
			l.log.Info("turn done", args...)
		}()
		for ev, err := range l.Answerer.Answer(ctx, t) {
			if err != nil && ctx.Err() == nil {
				state = turn.Failed
			}
			if d, ok := ev.(turn.Done); ok {
				state, source = d.State, d.Source
			}
			if !yield(ev, err) {
				return
			}
		}
	}
}
