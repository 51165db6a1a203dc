package mcp

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"time"

	"github.com/jarvis-host/jarvis/sdk"
)

//go:embed texts/*.json
var texts embed.FS

// Version is the plugin's own version.
const Version = "1.0.0"

// Options are what a plugin takes from its program.
type Options struct {
	// Ended is told why a server that ran as a child is gone. The plugin is then
	// of no more use: a program ends with it, and the host starts both anew, with
	// the pauses and the quarantine that every plugin has.
	Ended func(error)
}

// patience is how long a configuration waits for a server's tools. Later ones
// are told when they come.
const patience = 3 * time.Second

// New returns the plugin; it is called mcp until it is renamed.
func New(o Options) *sdk.Plugin { return newMount(o).plugin }

func newMount(o Options) *mount {
	m := &mount{ended: o.Ended, confirm: confirmTexts()}
	m.plugin = sdk.New("mcp", Version, "Tools of a server that speaks the Model Context Protocol").Languages("en", "fr").
		Needs("net", "config:/url", "reach the server that the configuration names").
		TextsFS(texts, "texts/*.json").
		HealthCheck(m.health)
	sdk.Config(m.plugin, m.take)
	return m
}

// confirmTexts reads the questions that are part of every tool; it panics when
// the files that are part of this program are broken.
func confirmTexts() map[string]string {
	out := map[string]string{}
	for _, lang := range []string{"en", "fr"} {
		raw, err := texts.ReadFile("texts/" + lang + ".json")
		if err != nil {
			panic(err)
		}
		all := map[string]string{}
		if err := json.Unmarshal(raw, &all); err != nil {
			panic(err)
		}
		out[lang] = all["confirm"]
	}
	return out
}

// mount is the plugin: one server at a time.
type mount struct {
	plugin  *sdk.Plugin
	ended   func(error)
	confirm map[string]string // the question before a call, by language

	mu  sync.Mutex
	now *link
}

// take goes over to another configuration.
func (m *mount) take(ctx context.Context, s Settings) error {
	if err := s.check(); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.now != nil {
		if reflect.DeepEqual(m.now.set, s) {
			return nil
		}
		m.now.close()
		if err := m.plugin.SetTools(); err != nil {
			return fmt.Errorf("take tools of the last server from the offer: %w", err)
		}
	}
	manifest, err := m.plugin.Describe(ctx)
	if err != nil {
		return fmt.Errorf("find own name: %w", err)
	}
	m.now = open(m, manifest.ID, s)
	select {
	case <-m.now.known:
	case <-time.After(patience):
	case <-ctx.Done():
	}
	return nil
}

var errUnconfigured = errors.New("no server is configured")

func (m *mount) health(context.Context) error {
	m.mu.Lock()
	l := m.now
	m.mu.Unlock()
	if l == nil {
		return errUnconfigured
	}
	_, _, err := l.state()
	return err
}
