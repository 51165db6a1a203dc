package effect

import (
	"context"
	"encoding/json"
	"time"
)

// RunFor is how long the answer to a run that was asked for with a key is kept,
// for whoever asks again with it.
const RunFor = 24 * time.Hour

// Run is a call that somebody asked for with a key of theirs: asked again, it is
// answered and not made again.
type Run struct {
	User, Key string
	Request   string          // tells what was asked for from anything else
	Answer    json.RawMessage // nil while it is not known, and of one that the host's end cut
	At        time.Time
}

// Runs keeps runs. What a method acknowledges is durable. Safe for concurrent
// use. The conformance suite is in package dbtest.
type Runs interface {
	// BeginRun adds a run. One that is there with its user and key stays, and is
	// returned, unless it is from before old.
	BeginRun(ctx context.Context, r Run, old time.Time) (was *Run, err error)
	// EndRun keeps the answer of a run; without one the run is removed, as if
	// nobody had asked. One that is not there stays so: its user is gone.
	EndRun(ctx context.Context, user, key string, answer json.RawMessage) error
	// PruneRuns removes those from before old.
	PruneRuns(ctx context.Context, old time.Time) error
}
