package sdk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/jarvis-host/jarvis/sdk/intent"
)

// Watcher is implemented by plugins whose tools or lists may change while they
// run.
type Watcher interface {
	// Watch calls changed with each new offer, the first time with what differs
	// from the manifest already, until ctx ends or changed returns an error.
	// Offers that follow each other quickly may become one.
	Watch(ctx context.Context, changed func(Change) error) error
}

// Change is what has changed; nil members have not.
type Change struct {
	Tools []ToolSpec   // all tools on offer; none is not nil
	Lists []Vocabulary // whole lists of the vocabulary
}

// OnlyIf keeps a tool off the offer while f returns false. f is asked after
// each configuration and each [Plugin.Changed]; it must return quickly.
func OnlyIf(f func() bool) ToolOption { return func(t *tool) { t.onlyIf = f } }

// DynamicTool is a tool that is not known before the plugin runs, such as that
// of a server that it stands for. See [Plugin.SetTools].
type DynamicTool struct {
	Spec ToolSpec
	// Run gets arguments that fit the spec's schema, with its defaults; all else is
	// as with the function of [Tool].
	Run func(ctx context.Context, c *Call, args json.RawMessage) (Result, error)
}

// tool checks arguments like those of a declared tool.
func (d DynamicTool) tool() (*tool, error) {
	var tree jsonschema.Schema
	if err := json.Unmarshal(d.Spec.InputSchema, &tree); err != nil {
		return nil, fmt.Errorf("read schema: %w", err)
	}
	input, err := resolve(&tree)
	if err != nil {
		return nil, err
	}
	t := &tool{spec: d.Spec, input: input}
	t.run = func(ctx context.Context, c *Call, args json.RawMessage) (Result, error) {
		var whole json.RawMessage
		if err := t.arguments(c, args, &whole); err != nil {
			return Result{}, err
		}
		return d.Run(ctx, c, whole)
	}
	return t, nil
}

// SetTools replaces all tools that an earlier SetTools set; declared tools
// stay. The host learns of it at once. A name that is taken or malformed, or a
// schema that is none, is an error, and nothing has changed then. So is a plugin
// that declares tools and not [Plugin.DynamicTools]: a check of the configuration
// would call grants of these tools wrong.
func (p *Plugin) SetTools(tools ...DynamicTool) error {
	if len(tools) > 0 && len(p.tools) > 0 && !slices.Contains(p.manifest.Features, FeatureDynamicTools) {
		return errors.New("a plugin that declares tools and sets others has to declare DynamicTools")
	}
	var next []*tool
	for _, d := range tools {
		taken := func(t *tool) bool { return t.spec.Name == d.Spec.Name }
		switch {
		case !name.MatchString(d.Spec.Name):
			return fmt.Errorf("tool %q: expected a name of a lower-case letter, then at most 63 of a-z, 0-9 and _", d.Spec.Name)
		case slices.ContainsFunc(p.tools, taken), slices.ContainsFunc(next, taken):
			return fmt.Errorf("tool %s: the name is taken", d.Spec.Name)
		case d.Run == nil:
			return fmt.Errorf("tool %s: there is no function to run", d.Spec.Name)
		}
		made, err := d.tool()
		if err != nil {
			return fmt.Errorf("tool %s: input schema: %w", d.Spec.Name, err)
		}
		next = append(next, made)
	}
	p.offer.mu.Lock()
	p.offer.dynamic = next
	p.offer.mu.Unlock()
	p.Changed()
	return nil
}

// SetList replaces the values of a list of the vocabulary in one language, such
// as the names of the lamps that there are. Sentences use it as {name}; declare
// the list with [Plugin.Vocabulary], empty if need be. The host learns of it at
// once.
func (p *Plugin) SetList(lang, list string, values ...intent.Value) error {
	declared := slices.ContainsFunc(p.manifest.Vocabulary, func(v Vocabulary) bool {
		_, ok := v.Lists[list]
		return ok && v.Lang == lang
	})
	if !declared {
		return fmt.Errorf("list %s (%s): the vocabulary declares no such list", list, lang)
	}
	p.offer.mu.Lock()
	if p.offer.lists == nil {
		p.offer.lists = map[string]map[string]intent.List{}
	}
	next := maps.Clone(p.offer.lists[lang]) // what was handed out stays as it is
	if next == nil {
		next = map[string]intent.List{}
	}
	next[list] = intent.List{Values: slices.Clone(values)}
	p.offer.lists[lang] = next
	p.offer.mu.Unlock()
	p.Changed()
	return nil
}

// Changed makes the host look again at which tools are on offer: call it when
// what an [OnlyIf] looks at has changed.
func (p *Plugin) Changed() {
	p.offer.mu.Lock()
	defer p.offer.mu.Unlock()
	p.offer.version++
	if p.offer.changed != nil {
		close(p.offer.changed)
	}
	p.offer.changed = make(chan struct{})
}

// offer is what a plugin offers beyond its declaration.
type offer struct {
	mu      sync.Mutex
	dynamic []*tool
	lists   map[string]map[string]intent.List // by language and name
	version int
	changed chan struct{} // closed at the next change
	differs bool          // the host was once told of other tools than the manifest's
}

// Watch implements [Watcher].
func (p *Plugin) Watch(ctx context.Context, changed func(Change) error) error {
	if err := p.ready(); err != nil {
		return err
	}
	for seen := 0; ; {
		c, version, next := p.change()
		if version != seen {
			seen = version
			if err := changed(c); err != nil {
				return err
			}
		}
		select {
		case <-next:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// change is the whole offer of now, its number, and what says that there is a
// newer one.
func (p *Plugin) change() (Change, int, <-chan struct{}) {
	p.offer.mu.Lock()
	version := p.offer.version
	if p.offer.changed == nil {
		p.offer.changed = make(chan struct{})
	}
	next := p.offer.changed
	var c Change
	for _, lang := range slices.Sorted(maps.Keys(p.offer.lists)) {
		c.Lists = append(c.Lists, Vocabulary{Lang: lang, Lists: p.offer.lists[lang]})
	}
	p.offer.mu.Unlock()
	c.Tools = p.onOffer()
	return c, version, next
}

// onOffer lists the tools that can be called now, or nil when they are those of
// the manifest.
func (p *Plugin) onOffer() []ToolSpec {
	p.offer.mu.Lock()
	dynamic := p.offer.dynamic
	p.offer.mu.Unlock()
	specs, same := []ToolSpec{}, true
	for _, t := range p.tools {
		if t.onlyIf != nil {
			same = false
			if !t.onlyIf() {
				continue
			}
		}
		specs = append(specs, t.spec)
	}
	for _, t := range dynamic {
		same = false
		specs = append(specs, t.spec)
	}
	p.offer.mu.Lock()
	defer p.offer.mu.Unlock()
	if same && !p.offer.differs {
		return nil
	}
	p.offer.differs = true // from now on, even the manifest's tools are news
	return specs
}

// find returns a tool that can be called now.
func (p *Plugin) find(name string) (*tool, error) {
	named := func(t *tool) bool { return t.spec.Name == name }
	if i := slices.IndexFunc(p.tools, named); i >= 0 {
		if t := p.tools[i]; t.onlyIf == nil || t.onlyIf() {
			return t, nil
		}
		return nil, errors.New("tool is not on offer now")
	}
	p.offer.mu.Lock()
	defer p.offer.mu.Unlock()
	if i := slices.IndexFunc(p.offer.dynamic, named); i >= 0 {
		return p.offer.dynamic[i], nil
	}
	return nil, fmt.Errorf("unknown tool %q", name)
}
