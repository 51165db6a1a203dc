package tool

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/jarvis-host/jarvis/sdk"
)

// maxArgs is the most that a call's arguments may weigh, in bytes.
const maxArgs = 64 << 10

// check returns the arguments as the plugin gets them: defaults filled in and
// valid by the tool's schema. Those of a model are repaired first, because
// small models write "3" for 3 and JSON inside of strings.
func (o *Offer) check(raw json.RawMessage, origin sdk.Origin) (json.RawMessage, error) {
	if len(raw) > maxArgs {
		return nil, fmt.Errorf("arguments weigh %d bytes, expected at most %d", len(raw), maxArgs)
	}
	args := map[string]any{}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &args); err != nil {
			return nil, fmt.Errorf("arguments are no JSON object: %w", err)
		}
		if args == nil {
			args = map[string]any{}
		}
	}
	switch origin {
	case sdk.OriginModel:
		coerce(args, o.properties)
	case sdk.OriginSentence:
		maps.DeleteFunc(args, func(name string, _ any) bool { return o.properties[name] == nil })
	case sdk.OriginFloor, sdk.OriginAPI, sdk.OriginEvent:
	}
	if err := o.input.ApplyDefaults(&args); err != nil {
		return nil, fmt.Errorf("apply defaults: %w", err)
	}
	if err := o.input.Validate(args); err != nil {
		return nil, explain(args, o.properties, err)
	}
	return json.Marshal(args)
}

// explain says which members are missing or unknown, which the validator's own
// text leaves to guess.
func explain(args map[string]any, properties map[string]*jsonschema.Schema, err error) error {
	for name := range args {
		if _, ok := properties[name]; !ok && len(properties) > 0 {
			return fmt.Errorf("argument %q is unknown, expected one of %s: %w",
				name, strings.Join(slices.Sorted(maps.Keys(properties)), ", "), err)
		}
	}
	return err
}

func coerce(args map[string]any, properties map[string]*jsonschema.Schema) {
	for name, v := range args {
		p := properties[name]
		if p == nil || v == nil || v == "" && p.Type != "string" {
			delete(args, name)
			continue
		}
		args[name] = coerced(v, p)
	}
}

// coerced turns v into the schema's type where nothing is lost by it.
func coerced(v any, p *jsonschema.Schema) any {
	s, isText := v.(string)
	switch p.Type {
	case "integer", "number":
		if n, err := strconv.ParseFloat(strings.TrimSpace(s), 64); isText && err == nil {
			return n
		}
	case "boolean":
		if b, err := strconv.ParseBool(strings.ToLower(strings.TrimSpace(s))); isText && err == nil {
			return b
		}
	case "object", "array":
		var inner any
		if isText && json.Unmarshal([]byte(s), &inner) == nil {
			return inner
		}
	case "string":
		if n, ok := v.(float64); ok {
			return strconv.FormatFloat(n, 'f', -1, 64)
		}
		if isText && len(p.Enum) > 0 {
			return enumerated(s, p.Enum)
		}
	}
	return v
}

// enumerated returns the allowed value that equals s but for case and spaces.
func enumerated(s string, allowed []any) any {
	for _, a := range allowed {
		if t, ok := a.(string); ok && strings.EqualFold(strings.TrimSpace(s), t) {
			return t
		}
	}
	return s
}
