package supervisor

import "time"

// State is where a plugin is in its life.
type State string

// The states of a plugin.
const (
	StateDisabled    State = "disabled"    // the operator turned it off
	StateBlocked     State = "blocked"     // it must not or can't run until something is changed
	StateIdle        State = "idle"        // ended for want of calls; the next one starts it
	StateStarting    State = "starting"    // not yet ready
	StateReady       State = "ready"       // answers
	StateDegraded    State = "degraded"    // answers, but not its health calls
	StateCrashed     State = "crashed"     // its process ended by itself, or had to be ended
	StateBackoff     State = "backoff"     // waits for its next start
	StateQuarantined State = "quarantined" // crashed too often; tried again now and then
	StateDraining    State = "draining"    // finishes its calls and takes no new ones
)

// Status is a plugin as an operator sees it.
type Status struct {
	Name     string    `json:"name"`
	Version  string    `json:"version"`
	State    State     `json:"state"`
	Reason   string    `json:"reason"`
	Since    time.Time `json:"since"` // of this state
	Restarts int       `json:"restarts"`
	PID      int       `json:"pid"` // 0 when no process runs
	// Stderr holds the last lines before the latest crash.
	Stderr []string `json:"stderr,omitempty"`
}

// settled reports whether nothing happens by itself soon.
func (s State) settled() bool {
	switch s {
	case StateStarting, StateDraining, StateCrashed:
		return false
	case StateDisabled, StateBlocked, StateIdle, StateReady, StateDegraded, StateBackoff, StateQuarantined:
		return true
	}
	return true
}

// offers reports whether a plugin in this state may keep tools on offer: it
// answers, or is about to again.
func (s State) offers() bool {
	switch s {
	case StateIdle, StateStarting, StateReady, StateDegraded, StateCrashed, StateBackoff, StateDraining:
		return true
	case StateDisabled, StateBlocked, StateQuarantined:
		return false
	}
	return false
}
