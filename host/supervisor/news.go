package supervisor

import (
	"maps"
	"slices"
	"sync"

	"github.com/hashicorp/go-hclog"

	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/intent"
	"github.com/jarvis-host/jarvis/sdk/launch"
)

// news is what one process said has changed in its offer since its manifest.
type news struct {
	changed chan struct{} // holds one when there is something new

	mu    sync.Mutex
	tools []sdk.ToolSpec // nil: those of the manifest
	lists []sdk.Vocabulary
}

func newNews() *news { return &news{changed: make(chan struct{}, 1)} }

// heard takes over a change, or logs why it is none.
func (k *keeper) heard(n *news, c sdk.Change, err error) {
	if err == nil && c.Tools != nil {
		err = judgeConfigured(&sdk.Configured{Tools: c.Tools})
	}
	if err != nil {
		k.s.opts.Log(k.id, launch.Line{
			Level: hclog.Warn, Message: "change of the offer ignored", Fields: map[string]any{"error": err.Error()},
		})
		return
	}
	n.mu.Lock()
	if c.Tools != nil {
		n.tools = c.Tools
	}
	if c.Lists != nil {
		n.lists = c.Lists
	}
	n.mu.Unlock()
	select {
	case n.changed <- struct{}{}:
	default:
	}
}

// offer takes over the tools of a configuration.
func (n *news) offer(tools []sdk.ToolSpec) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.tools = tools
}

// amended is a manifest with what has changed.
func (n *news) amended(m *sdk.Manifest) *sdk.Manifest {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.tools == nil && n.lists == nil {
		return m
	}
	out := *m
	if n.tools != nil {
		out.Tools = n.tools
	}
	out.Vocabulary = slices.Clone(m.Vocabulary)
	for _, v := range n.lists {
		out.Vocabulary = replaced(out.Vocabulary, v)
	}
	return &out
}

// replaced puts lists in the place of those of their language and name; a list
// that the manifest does not have is left out.
func replaced(all []sdk.Vocabulary, with sdk.Vocabulary) []sdk.Vocabulary {
	for i, v := range all {
		if v.Lang != with.Lang {
			continue
		}
		lists := maps.Clone(v.Lists)
		for name, l := range with.Lists {
			if _, declared := lists[name]; declared {
				lists[name] = intent.List{Values: l.Values}
			}
		}
		all[i].Lists = lists
	}
	return all
}
