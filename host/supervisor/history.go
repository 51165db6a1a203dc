package supervisor

import (
	"slices"
	"time"
)

// When a plugin that crashes is started again.
const (
	backoffFirst = 250 * time.Millisecond
	backoffMost  = time.Minute
	crashWindow  = 10 * time.Minute // also the healthy time that forgives all
	crashLimit   = 5
	trialEvery   = 30 * time.Minute
)

// history remembers a plugin's crashes and decides how long to wait. Its zero
// value is a plugin that never crashed.
type history struct {
	crashes []time.Time
	wait    time.Duration // before the last restart
	trial   bool          // quarantined, or let out and not yet trusted
}

// crashed notes a crash after the plugin was ready for up, and returns the wait
// before the next start and whether it is a quarantine.
func (h *history) crashed(now time.Time, up time.Duration) (wait time.Duration, quarantined bool) {
	if up >= crashWindow {
		*h = history{}
	}
	h.crashes = slices.DeleteFunc(append(h.crashes, now), func(t time.Time) bool { return now.Sub(t) >= crashWindow })
	if h.trial || len(h.crashes) >= crashLimit {
		h.trial = true
		return trialEvery, true
	}
	h.wait = min(max(2*h.wait, backoffFirst), backoffMost)
	return h.wait, false
}
