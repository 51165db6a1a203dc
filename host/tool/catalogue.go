package tool

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/jarvis-host/jarvis/sdk"
	"github.com/jarvis-host/jarvis/sdk/intent"
)

// Offer is one tool on offer.
type Offer struct {
	Plugin string
	Spec   sdk.ToolSpec

	input, output *jsonschema.Resolved
	properties    map[string]*jsonschema.Schema
}

// Name is the tool's name across plugins, as models and logs see it.
func (o *Offer) Name() string { return o.Plugin + "__" + o.Spec.Name }

// ReadOnly reports whether a call changes nothing.
func (o *Offer) ReadOnly() bool { return o.Spec.Effect == sdk.EffectReadOnly }

// Destructive reports whether a call may change or remove something; what is
// not said counts.
func (o *Offer) Destructive() bool {
	return o.Spec.Effect != sdk.EffectReadOnly && o.Spec.Effect != sdk.EffectAdditive
}

// Catalogue is everything on offer: swapped as a whole when plugins come and
// go, so that a turn sees one consistent state. Safe for concurrent use.
type Catalogue struct{ now atomic.Pointer[snapshot] }

type snapshot struct {
	offers  []*Offer
	byName  map[string]*Offer
	matcher *intent.Matcher
	read    map[*sdk.Manifest]reading // a manifest never changes: another takes its place
	refused map[string]error          // why plugins were left out
}

// reading is what a manifest by itself offers, or why it can't.
type reading struct {
	offers []*Offer
	err    error
}

// NewCatalogue returns an empty catalogue.
func NewCatalogue() *Catalogue {
	c := &Catalogue{}
	c.now.Store(&snapshot{byName: map[string]*Offer{}})
	return c
}

// Replace takes over what the manifests offer. A plugin whose schemas or
// sentences do not compile, or with a tool that has the name of an earlier
// manifest's across plugins, is left out as a whole and named in the error; the
// others are taken over all the same. Earlier manifests win where sentences
// tie.
func (c *Catalogue) Replace(manifests []*sdk.Manifest) error {
	s, good, problems := collect(manifests, c.now.Load().read)
	matcher, err := sdk.Matcher(good...)
	if err != nil { // somebody's sentences do not compile: each is tried by itself
		for _, m := range good {
			own := s.read[m]
			_, own.err = sdk.Matcher(m)
			s.read[m] = own
		}
		s, good, problems = collect(manifests, s.read)
		matcher, err = sdk.Matcher(good...)
	}
	if err != nil {
		return fmt.Errorf("compile sentences of all plugins: %w", err)
	}
	s.matcher = matcher
	c.now.Store(s)
	return joined(problems)
}

// collect takes the tools of manifests, of which some were read before. It
// returns those without a problem, and the problems of the others.
func collect(manifests []*sdk.Manifest, before map[*sdk.Manifest]reading) (s *snapshot, good []*sdk.Manifest, problems []error) {
	s = &snapshot{byName: map[string]*Offer{}, read: map[*sdk.Manifest]reading{}, refused: map[string]error{}}
	for _, m := range manifests {
		own, ok := before[m]
		if !ok {
			own.offers, own.err = offersOf(m)
		}
		s.read[m] = own
		if err := cmp.Or(own.err, s.taken(own.offers)); err != nil {
			problems = append(problems, fmt.Errorf("plugin %s: %w", m.ID, err))
			s.refused[m.ID] = err
			continue
		}
		for _, o := range own.offers {
			s.byName[o.Name()] = o
		}
		s.offers = append(s.offers, own.offers...)
		good = append(good, m)
	}
	return s, good, problems
}

// taken names the first of a plugin's tools whose name across plugins is that of
// one which is here: plugin a__b's tool c is what a model calls plugin a's tool
// b__c.
func (s *snapshot) taken(offers []*Offer) error {
	for _, o := range offers {
		if first, ok := s.byName[o.Name()]; ok {
			return fmt.Errorf("tool %s: the name %s is that of plugin %s's tool %s", o.Spec.Name, o.Name(), first.Plugin, first.Spec.Name)
		}
	}
	return nil
}

// Refused is why a plugin was left out; nil for one that was not.
func (c *Catalogue) Refused(plugin string) error { return c.now.Load().refused[plugin] }

// Offers lists every tool, plugin by plugin.
func (c *Catalogue) Offers() []*Offer { return slices.Clone(c.now.Load().offers) }

// Find returns a plugin's tool.
func (c *Catalogue) Find(plugin, name string) (*Offer, bool) {
	o, ok := c.Named(plugin + "__" + name)
	if !ok || o.Plugin != plugin {
		return nil, false
	}
	return o, true
}

// Named returns a tool by its name across plugins.
func (c *Catalogue) Named(name string) (*Offer, bool) {
	o, ok := c.now.Load().byName[name]
	return o, ok
}

// Matcher returns the sentences of everything on offer, or nil when there are
// none.
func (c *Catalogue) Matcher() *intent.Matcher { return c.now.Load().matcher }

// Match returns what an utterance of a language calls, best first.
func (c *Catalogue) Match(lang, text string) []intent.Match {
	m := c.now.Load().matcher
	if m == nil {
		return nil
	}
	return m.Match(lang, text)
}

func offersOf(m *sdk.Manifest) ([]*Offer, error) {
	var offers []*Offer
	for _, spec := range m.Tools {
		o := &Offer{Plugin: m.ID, Spec: spec}
		var err error
		if o.input, o.properties, err = resolve(spec.InputSchema); err != nil {
			return nil, fmt.Errorf("tool %s: input schema: %w", spec.Name, err)
		}
		if len(spec.OutputSchema) > 0 {
			if o.output, _, err = resolve(spec.OutputSchema); err != nil {
				return nil, fmt.Errorf("tool %s: output schema: %w", spec.Name, err)
			}
		}
		if slices.ContainsFunc(offers, func(p *Offer) bool { return p.Spec.Name == spec.Name }) {
			return nil, fmt.Errorf("tool %s: declared twice", spec.Name)
		}
		offers = append(offers, o)
	}
	return offers, nil
}

func resolve(raw json.RawMessage) (*jsonschema.Resolved, map[string]*jsonschema.Schema, error) {
	if len(raw) == 0 {
		raw = json.RawMessage(`{"type":"object"}`)
	}
	var s jsonschema.Schema
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, nil, fmt.Errorf("read schema: %w", err)
	}
	if s.Type != "object" {
		return nil, nil, fmt.Errorf("type is %q, expected \"object\"", s.Type)
	}
	r, err := s.Resolve(&jsonschema.ResolveOptions{ValidateDefaults: true})
	if err != nil {
		return nil, nil, fmt.Errorf("resolve schema: %w", err)
	}
	return r, s.Properties, nil
}

func joined(errs []error) error {
	if len(errs) == 0 {
		return nil
	}
	texts := make([]string, len(errs))
	for i, err := range errs {
		texts[i] = err.Error()
	}
	return fmt.Errorf("%s", strings.Join(texts, "; "))
}
