package conformance

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/jarvis-host/jarvis/sdk"
)

// sample is a call that may be made at any time, since it changes nothing but
// the state that travels with it.
type sample struct {
	tool sdk.ToolSpec
	lang string
	args json.RawMessage
}

// samples lists the calls that the suite may make: of its examples, or of the
// least that a schema asks for.
func (s *suite) samples() (all []sample) {
	for _, t := range s.manifest.Tools {
		own := t.Effect == sdk.EffectAdditive && t.Stateful && !t.OpenWorld
		if t.Effect != sdk.EffectReadOnly && !own {
			continue
		}
		n := len(all)
		for _, of := range t.Sentences {
			for _, e := range of.Examples {
				args := maps.Clone(e.Args)
				known := properties(t)
				maps.DeleteFunc(args, func(name string, _ any) bool { return !known[name] })
				if raw, err := json.Marshal(args); err == nil && args != nil && fits(t, raw) {
					all = append(all, sample{t, of.Lang, raw})
				}
			}
		}
		if len(all) == n {
			if raw := least(t); fits(t, raw) {
				all = append(all, sample{t, s.lang(), raw})
			}
		}
	}
	return all
}

func (s *suite) lang() string {
	if len(s.manifest.Languages) > 0 {
		return s.manifest.Languages[0]
	}
	return "en"
}

// fits reports whether arguments are those of a tool.
func fits(t sdk.ToolSpec, raw json.RawMessage) bool {
	s, err := parseSchema(t.InputSchema)
	if err != nil {
		return false
	}
	resolved, err := s.Resolve(nil)
	if err != nil {
		return false
	}
	var v any
	return json.Unmarshal(raw, &v) == nil && resolved.Validate(v) == nil
}

// least is an object with nothing but what a tool requires.
func least(t sdk.ToolSpec) json.RawMessage {
	s, err := parseSchema(t.InputSchema)
	if err != nil {
		return json.RawMessage("{}")
	}
	args := map[string]any{}
	for _, name := range s.Required {
		args[name] = value(s.Properties[name])
	}
	raw, err := json.Marshal(args)
	if err != nil {
		return json.RawMessage("{}")
	}
	return raw
}

// value is something that fits a property, as far as that is easy to find.
func value(p *jsonschema.Schema) any {
	switch {
	case p == nil:
		return "x"
	case p.Default != nil:
		return p.Default
	case len(p.Enum) > 0:
		return p.Enum[0]
	}
	switch p.Type {
	case "integer", "number":
		if p.Minimum != nil {
			return *p.Minimum
		}
		return 1
	case "boolean":
		return false
	case "array":
		return []any{}
	case "object":
		return map[string]any{}
	}
	if p.MinLength != nil {
		return strings.Repeat("x", cmp.Or(*p.MinLength, 1))
	}
	return "x"
}

// wrongType is a value that a property does not allow.
func wrongType(p *jsonschema.Schema) (any, bool) {
	switch p.Type {
	case "integer", "number", "boolean":
		return "certainly no " + p.Type, true
	case "string", "array", "object":
		return 4711, true
	}
	return nil, false
}

func (s *suite) invocation(tool, lang string, args json.RawMessage, n int) *sdk.Invocation {
	return &sdk.Invocation{Tool: tool, Args: args, Info: sdk.CallInfo{
		Call: fmt.Sprintf("verify-%d", n), Session: fmt.Sprintf("verify-%d", n%16), User: "verify", Locale: lang, TimeZone: "Europe/Paris",
		Origin: sdk.OriginAPI, RequestID: "verify",
	}}
}
