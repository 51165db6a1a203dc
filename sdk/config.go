package sdk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"runtime/debug"
	"sync"
)

// configuration is the declared configuration of a plugin.
type configuration struct {
	schema *schema
	mu     sync.Mutex // one takes over at a time
	// take decodes checked values and, unless only is set, hands them over.
	take func(ctx context.Context, values json.RawMessage, only bool) ([]Diagnostic, error)
}

// Config declares the configuration: a struct with the same tags as a tool's
// arguments. take is called with each new one, complete with its defaults and
// already checked against the tags; also while calls run, so keep it under a
// lock or in an [sync/atomic.Pointer]. It is called once before the first
// call, even when the operator set nothing. An error of take refuses the
// configuration: one of [Diagnose] says where the mistake is.
func Config[T any](p *Plugin, take func(ctx context.Context, c T) error) {
	if p.config != nil {
		p.fail("config: declared twice")
		return
	}
	s, err := inputSchema(reflect.TypeFor[T]())
	if err != nil {
		p.fail("config: %w", err)
		return
	}
	p.config = &configuration{schema: s, take: func(ctx context.Context, values json.RawMessage, only bool) ([]Diagnostic, error) {
		var c T
		found, err := s.decode(values, &c)
		if err != nil || len(found) > 0 || only {
			return found, err
		}
		return findings(take(ctx, c)), nil
	}}
}

// Diagnose returns an error about one place of a configuration: a JSON pointer
// such as "/units", and one sentence. Join several with errors.Join.
func Diagnose(path, format string, args ...any) error {
	return &diagnosis{Diagnostic{Fatal: true, Path: path, Summary: fmt.Sprintf(format, args...)}}
}

type diagnosis struct{ d Diagnostic }

// Error returns the place and the sentence.
func (d *diagnosis) Error() string { return d.d.Path + ": " + d.d.Summary }

// findings turns what the author returned into diagnostics.
func findings(err error) []Diagnostic {
	if err == nil {
		return nil
	}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		var all []Diagnostic
		for _, e := range many.Unwrap() {
			all = append(all, findings(e)...)
		}
		return all
	}
	if d, ok := errors.AsType[*diagnosis](err); ok {
		return []Diagnostic{d.d}
	}
	if e, ok := errors.AsType[*Error](err); ok && e.Message != "" {
		d := Diagnostic{Fatal: true, Summary: e.Message}
		if e.Err != nil {
			d.Detail = e.Err.Error()
		}
		return []Diagnostic{d}
	}
	return []Diagnostic{{Fatal: true, Summary: err.Error()}}
}

// Configure implements [Handler].
func (p *Plugin) Configure(ctx context.Context, c Configuration) (*Configured, error) {
	if err := p.ready(); err != nil {
		return nil, err
	}
	config := p.config
	if config == nil {
		config = unconfigured()
	}
	config.mu.Lock()
	defer config.mu.Unlock()
	if c.ValidateOnly {
		found, err := config.take(ctx, c.Values, true)
		return &Configured{Diagnostics: found}, err
	}
	// The author's function may want to reach what was granted, so the new
	// grants hold before it runs; it can still refuse.
	if err := p.link.connect(c.Host, p.env.Dial); err != nil {
		return nil, &Error{Code: CodeUnavailable, Err: err}
	}
	before := p.grants.swap(c.Granted, c.Values)
	found, err := p.takeOver(ctx, config, c.Values)
	if err != nil || len(found) > 0 {
		p.grants.restore(before)
		return &Configured{Diagnostics: found}, err
	}
	return &Configured{Tools: p.onOffer()}, nil
}

// takeOver hands a configuration to the author's function; a panic there is a
// finding like any other.
func (p *Plugin) takeOver(ctx context.Context, config *configuration, values json.RawMessage) (found []Diagnostic, err error) {
	defer func() {
		if v := recover(); v != nil {
			p.Log().Error("panic in configuration", "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
			found = []Diagnostic{{Fatal: true, Summary: "the plugin failed on this configuration", Detail: fmt.Sprintf("panic: %v", v)}}
		}
	}()
	return config.take(ctx, values, false)
}

// unconfigured takes nothing but an empty object.
func unconfigured() *configuration {
	s, err := inputSchema(reflect.TypeFor[struct{}]())
	return &configuration{schema: s, take: func(_ context.Context, values json.RawMessage, _ bool) ([]Diagnostic, error) {
		if err != nil {
			return nil, err
		}
		return s.decode(values, &struct{}{})
	}}
}
