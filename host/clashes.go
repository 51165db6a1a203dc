package host

import (
	"sync"

	"github.com/jarvis-host/jarvis/host/telemetry"
	"github.com/jarvis-host/jarvis/sdk/intent"
)

// maxClashes is how many clashes one look at the sentences reports.
const maxClashes = 20

// clashes tells the operator which plugins claim the same utterance, each pair
// of sentences once.
type clashes struct {
	mu   sync.Mutex
	told map[[2]string]bool
}

// tell logs the clashes that were not told before.
func (c *clashes) tell(m *intent.Matcher, warn func(msg string, args ...any)) {
	if m == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, found := range m.Clashes(maxClashes) {
		pair := [2]string{found.Winner.Source + found.Winner.Template, found.Loser.Source + found.Loser.Template}
		if c.told[pair] {
			continue
		}
		if c.told == nil {
			c.told = map[[2]string]bool{}
		}
		c.told[pair] = true
		warn("two plugins claim the same utterance", telemetry.KeyUtterance, found.Utterance, "lang", found.Lang,
			"winner", found.Winner.Source+"."+found.Winner.Intent, "loser", found.Loser.Source+"."+found.Loser.Intent)
	}
}
