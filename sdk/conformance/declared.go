package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/jarvis-host/jarvis/sdk"
)

func declaredChecks() []check {
	return []check{
		{"manifest.identity", "has an id, a version, a description and languages", declared(identity)},
		{"manifest.tools", "offers tools with names of their own and descriptions", declared(tools)},
		{"manifest.needs", "says for each need why", declared(reasons)},
		{"schema.valid", "has schemas of objects that resolve, with defaults that fit", declared(schemas)},
		{"schema.described", "describes every argument and every configuration key", declared(described)},
		{"tool.effect", "says of every tool what it changes", declared(effects)},
		{"tool.confirm", "asks before destructive tools, in each of its languages", declared(confirms)},
		{"sentences.compile", "has sentences that compile", declared(compiles)},
		{"sentences.slots", "fixes only arguments that a tool has", declared(slots)},
		{"sentences.examples", "has examples that match and yield their arguments", declared(examples)},
		{"config.unknown_key", "names a configuration key that it does not know", unknownKey},
	}
}

// declared is a check of what a plugin says of itself; all that is wrong is
// told at once.
func declared(find func(m *sdk.Manifest) []error) func(context.Context, *suite) error {
	return func(_ context.Context, s *suite) error {
		return errors.Join(find(s.manifest)...)
	}
}

var (
	validName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)
	validLang = regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]+)*$`)
	version   = regexp.MustCompile(`^\d+\.\d+\.\d+([-+].+)?$`)
)

func identity(m *sdk.Manifest) (wrong []error) {
	if !validName.MatchString(m.ID) {
		wrong = append(wrong, fmt.Errorf("id is %q, expected a lower-case letter, then at most 63 of a-z, 0-9 and _", m.ID))
	}
	if !version.MatchString(m.Version) {
		wrong = append(wrong, fmt.Errorf("version is %q, expected one such as 1.0.0", m.Version))
	}
	if m.Description == "" {
		wrong = append(wrong, errors.New("description is empty, expected one sentence for operators"))
	}
	if len(m.Languages) == 0 {
		wrong = append(wrong, errors.New("languages are missing, expected the languages that it answers in, such as fr and en"))
	}
	for _, l := range m.Languages {
		if !validLang.MatchString(l) {
			wrong = append(wrong, fmt.Errorf("language is %q, expected a code such as fr", l))
		}
	}
	return wrong
}

func tools(m *sdk.Manifest) (wrong []error) {
	seen := map[string]bool{}
	for _, t := range m.Tools {
		switch {
		case !validName.MatchString(t.Name):
			wrong = append(wrong, fmt.Errorf("tool name is %q, expected a lower-case letter, then at most 63 of a-z, 0-9 and _", t.Name))
		case seen[t.Name]:
			wrong = append(wrong, fmt.Errorf("tool %s is declared twice", t.Name))
		case t.Description == "":
			wrong = append(wrong, fmt.Errorf("tool %s has no description, which models choose by", t.Name))
		}
		seen[t.Name] = true
	}
	return wrong
}

func reasons(m *sdk.Manifest) (wrong []error) {
	for _, n := range m.Needs {
		if n.Reason == "" {
			wrong = append(wrong, fmt.Errorf("need %s %s has no reason, which operators decide by", n.Kind, n.Scope))
		}
	}
	return wrong
}

// eachSchema passes every schema with its place.
func eachSchema(m *sdk.Manifest, visit func(place string, raw json.RawMessage)) {
	if m.ConfigSchema != nil {
		visit("configuration", m.ConfigSchema)
	}
	for _, t := range m.Tools {
		visit("tool "+t.Name+", input", t.InputSchema)
	}
}

func schemas(m *sdk.Manifest) (wrong []error) {
	eachSchema(m, func(place string, raw json.RawMessage) {
		s, err := parseSchema(raw)
		if err == nil && s.Type != "object" {
			err = fmt.Errorf("type is %q, expected object", s.Type)
		}
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", place, err))
		}
	})
	for _, t := range m.Tools {
		if t.OutputSchema == nil {
			continue
		}
		if _, err := parseSchema(t.OutputSchema); err != nil {
			wrong = append(wrong, fmt.Errorf("tool %s, output: %w", t.Name, err))
		}
	}
	return wrong
}

func parseSchema(raw json.RawMessage) (*jsonschema.Schema, error) {
	var s jsonschema.Schema
	if err := json.Unmarshal(raw, &s); err != nil {
		return nil, fmt.Errorf("read JSON Schema: %w", err)
	}
	if _, err := s.Resolve(&jsonschema.ResolveOptions{ValidateDefaults: true}); err != nil {
		return nil, fmt.Errorf("resolve JSON Schema: %w", err)
	}
	return &s, nil
}

func described(m *sdk.Manifest) (wrong []error) {
	eachSchema(m, func(place string, raw json.RawMessage) {
		s, err := parseSchema(raw)
		if err != nil {
			return // schema.valid says so
		}
		for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
			if s.Properties[name].Description == "" {
				wrong = append(wrong, fmt.Errorf("%s: %q has no description", place, name))
			}
		}
	})
	return wrong
}

func effects(m *sdk.Manifest) (wrong []error) {
	for _, t := range m.Tools {
		if t.Effect == sdk.EffectUnspecified {
			wrong = append(wrong, fmt.Errorf("tool %s does not say its effect, and counts as destructive; expected read_only, additive or destructive", t.Name))
		}
	}
	return wrong
}

func confirms(m *sdk.Manifest) (wrong []error) {
	for _, t := range m.Tools {
		if t.Effect == sdk.EffectReadOnly || t.Effect == sdk.EffectAdditive && t.Confirm.When == sdk.ConfirmNever {
			continue
		}
		if t.Confirm.When == sdk.ConfirmNever {
			wrong = append(wrong, fmt.Errorf("tool %s is destructive and never asks first", t.Name))
			continue
		}
		for _, l := range m.Languages {
			if t.Confirm.Text[l] == "" {
				wrong = append(wrong, fmt.Errorf("tool %s has no question in language %s", t.Name, l))
			}
		}
	}
	return wrong
}

func compiles(m *sdk.Manifest) []error {
	_, err := sdk.Matcher(m)
	return []error{err}
}

func slots(m *sdk.Manifest) (wrong []error) {
	for _, t := range m.Tools {
		known := properties(t)
		for _, s := range t.Sentences {
			for _, name := range slices.Sorted(maps.Keys(s.Slots)) {
				if !known[name] {
					wrong = append(wrong, fmt.Errorf("tool %s (%s): slot %q is no argument of it", t.Name, s.Lang, name))
				}
			}
		}
	}
	return wrong
}

func properties(t sdk.ToolSpec) map[string]bool {
	known := map[string]bool{}
	if s, err := parseSchema(t.InputSchema); err == nil {
		for name := range s.Properties {
			known[name] = true
		}
	}
	return known
}

func examples(m *sdk.Manifest) (wrong []error) {
	matcher, err := sdk.Matcher(m)
	if err != nil {
		return nil // sentences.compile says so
	}
	for _, t := range m.Tools {
		for _, s := range t.Sentences {
			for _, e := range s.Examples {
				found := matcher.Match(s.Lang, e.Text)
				switch {
				case len(found) == 0:
					wrong = append(wrong, fmt.Errorf("tool %s: example %q (%s) matches nothing", t.Name, e.Text, s.Lang))
				case found[0].Intent != t.Name:
					wrong = append(wrong, fmt.Errorf("tool %s: example %q (%s) calls %s", t.Name, e.Text, s.Lang, found[0].Intent))
				case e.Args != nil && !alike(found[0].Slots, e.Args):
					wrong = append(wrong, fmt.Errorf("tool %s: example %q (%s) yields %v, expected %v", t.Name, e.Text, s.Lang, found[0].Slots, e.Args))
				}
			}
		}
	}
	return wrong
}

// alike compares as JSON does, where 1 and 1.0 are the same.
func alike(a, b map[string]any) bool {
	x, y := map[string]any{}, map[string]any{}
	for _, side := range []struct {
		from map[string]any
		to   *map[string]any
	}{{a, &x}, {b, &y}} {
		raw, err := json.Marshal(side.from)
		if err != nil || json.Unmarshal(raw, side.to) != nil {
			return false
		}
	}
	return len(x) == 0 && len(y) == 0 || reflect.DeepEqual(x, y)
}

func unknownKey(ctx context.Context, s *suite) error {
	values := map[string]any{}
	if err := json.Unmarshal(s.opts.Config, &values); err != nil {
		return fmt.Errorf("read configuration: %w", err)
	}
	const key = "no_such_key"
	values[key] = true
	raw, err := json.Marshal(values)
	if err != nil {
		return fmt.Errorf("write configuration: %w", err)
	}
	done, err := s.proc.Handler().Configure(ctx, sdk.Configuration{Values: raw, ValidateOnly: true, HostVersion: "1.0.0"})
	if err != nil {
		return fmt.Errorf("configure: %w", err)
	}
	for _, d := range done.Diagnostics {
		if strings.Contains(d.Path, key) {
			return nil
		}
	}
	return fmt.Errorf("the key %q raised no diagnostic with its path; someone who mistypes a key would never learn of it", key)
}
