package host

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/jarvis-host/jarvis/host/config"
	"github.com/jarvis-host/jarvis/host/doctor"
	"github.com/jarvis-host/jarvis/host/gateway"
	"github.com/jarvis-host/jarvis/host/telemetry"
	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/intent"
)

// maxClashes is how many clashes one look at the sentences reports.
const maxClashes = 20

// clashes tells the operator which plugins claim the same utterance, each pair
// of sentences once, and knows those that there are now. Looking for them takes
// as long as compiling the sentences, so that nobody waits for it but who asks.
// Safe for concurrent use.
type clashes struct {
	warn func(msg string, args ...any)

	unseen  atomic.Pointer[intent.Matcher] // changed since the last look
	looking sync.WaitGroup

	mu   sync.Mutex
	told map[[2]string]bool
	now  []intent.Clash
}

// changed looks at other sentences soon; nil is none.
func (c *clashes) changed(m *intent.Matcher) {
	if m == nil {
		m = &intent.Matcher{}
	}
	c.unseen.Store(m)
	c.looking.Go(func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.look()
	})
}

// look logs the clashes that were not told before.
func (c *clashes) look() {
	m := c.unseen.Swap(nil)
	if m == nil {
		return
	}
	c.now = m.Clashes(maxClashes)
	for _, found := range c.now {
		pair := [2]string{found.Winner.Source + found.Winner.Template, found.Loser.Source + found.Loser.Template}
		if c.told[pair] {
			continue
		}
		if c.told == nil {
			c.told = map[[2]string]bool{}
		}
		c.told[pair] = true
		c.warn("two plugins claim the same utterance", telemetry.KeyUtterance, found.Utterance, "lang", found.Lang,
			"winner", found.Winner.Source+"."+found.Winner.Intent, "loser", found.Loser.Source+"."+found.Loser.Intent)
	}
}

// of are those of a plugin.
func (c *clashes) of(plugin string) (own []gateway.Clash) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.look()
	for _, found := range c.now {
		if found.Winner.Source == plugin || found.Loser.Source == plugin {
			own = append(own, gateway.Clash{
				Utterance: found.Utterance, Lang: found.Lang,
				Winner: found.Winner.Source + "." + found.Winner.Intent, Loser: found.Loser.Source + "." + found.Loser.Intent,
			})
		}
	}
	return own
}

// clashing finds the clashes between manifests.
func clashing(manifests []*sdk.Manifest) ([]intent.Clash, error) {
	all, err := Sentences(manifests)
	if err != nil || all.Matcher() == nil {
		return nil, err
	}
	return all.Matcher().Clashes(maxClashes), nil
}

// ClashesWith finds the clashes of a plugin, which may not be installed, with
// those that a configuration turns on and the built-in tools. Plugins that don't
// start are left out; the error names them.
func ClashesWith(ctx context.Context, c *config.Config, o Options, own *sdk.Manifest) ([]intent.Clash, error) {
	others, notAsked := Manifests(ctx, c, o)
	others = slices.DeleteFunc(others, func(m *sdk.Manifest) bool { return m.ID == own.ID })
	all, err := clashing(append(others, own))
	if err != nil {
		return nil, fmt.Errorf("compile sentences: %w", err)
	}
	return slices.DeleteFunc(all, func(found intent.Clash) bool {
		return found.Winner.Source != own.ID && found.Loser.Source != own.ID
	}), notAsked
}

// clashCheck tells of utterances that two plugins claim. Whose sentences can't be
// read is told by what looks at the plugin.
func clashCheck(manifests []*sdk.Manifest) doctor.Check {
	all, err := clashing(manifests)
	var found []doctor.Finding
	if err != nil {
		found = append(found, doctor.Finding{Check: "sentences", Level: doctor.Fail, Key: "doctor.plugin_bad", Args: []any{err.Error()}})
	}
	for _, clash := range all {
		found = append(found, doctor.Finding{
			Check: "sentences", Level: doctor.Warn, Subject: clash.Loser.Source, Key: "doctor.clash",
			Args: []any{clash.Utterance, clash.Winner.Source, clash.Winner.Intent, clash.Loser.Source, clash.Loser.Intent},
		})
	}
	return func(context.Context) []doctor.Finding { return found }
}
