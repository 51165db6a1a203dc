package health

import "time"

// State is what is known of a service.
type State string

// The states of a service.
const (
	Unknown State = "unknown" // no probe has ended and nothing was set yet
	Up      State = "up"
	Down    State = "down"
)

// Report answers "ready?". Its JSON is the body of GET /ready.
type Report struct {
	Ready    bool               `json:"ready"`
	Draining bool               `json:"draining,omitempty"`
	Services map[string]Service `json:"services"`
}

// Service is one check's cached answer.
type Service struct {
	State    State     `json:"state"`
	Required bool      `json:"required"`
	Since    time.Time `json:"since"` // when it came into this state
	Error    string    `json:"error,omitempty"`
}

// Degraded reports whether any service is not up, required or not.
func (r Report) Degraded() bool {
	for _, s := range r.Services {
		if s.State != Up {
			return true
		}
	}
	return false
}
