package agent

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// flatten writes a tool's schema in the few words that every provider passes on
// and small models understand: types, descriptions, enums, items, members and
// which of them are required. What else limits a value is said in its
// description. A schema that can't be read stays as it is: the host checks the
// arguments itself.
func flatten(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 {
		return json.RawMessage(`{"type":"object","properties":{}}`)
	}
	var s map[string]any
	if json.Unmarshal(raw, &s) != nil {
		return raw
	}
	defs := map[string]any{}
	for _, key := range []string{"$defs", "definitions"} {
		if d, ok := s[key].(map[string]any); ok {
			maps.Copy(defs, d)
		}
	}
	out, err := json.Marshal(flat(s, defs, 0))
	if err != nil {
		return raw
	}
	return out
}

// maxSchemaDepth bounds objects inside of objects.
const maxSchemaDepth = 6

func flat(s, defs map[string]any, depth int) map[string]any {
	if ref, ok := s["$ref"].(string); ok {
		if d, ok := defs[ref[strings.LastIndexByte(ref, '/')+1:]].(map[string]any); ok && depth < maxSchemaDepth {
			return flat(d, defs, depth+1)
		}
		return map[string]any{"type": "object"}
	}
	out := map[string]any{}
	for _, key := range []string{"type", "enum", "required"} {
		if v, ok := s[key]; ok {
			out[key] = v
		}
	}
	for _, key := range []string{"anyOf", "oneOf", "allOf"} { // the first that is no null stands for all
		for _, v := range list(s[key]) {
			if o, ok := v.(map[string]any); ok && o["type"] != "null" && out["type"] == nil {
				maps.Copy(out, flat(o, defs, depth+1))
			}
		}
	}
	if many := list(out["type"]); len(many) > 0 {
		out["type"] = "string"
		for _, t := range many {
			if t != "null" {
				out["type"] = t
				break
			}
		}
	}
	if text := described(s); text != "" {
		out["description"] = text
	}
	if items, ok := s["items"].(map[string]any); ok && depth < maxSchemaDepth {
		out["items"] = flat(items, defs, depth+1)
	}
	if props, ok := s["properties"].(map[string]any); ok && depth < maxSchemaDepth {
		kept := map[string]any{}
		for name, p := range props {
			if o, ok := p.(map[string]any); ok {
				kept[name] = flat(o, defs, depth+1)
			}
		}
		out["properties"] = kept
	} else if out["type"] == "object" {
		out["properties"] = map[string]any{}
	}
	return out
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}

// described is a schema's description with the limits that have no word of
// their own.
func described(s map[string]any) string {
	text, _ := s["description"].(string)
	var limits []string
	low, high := first(s, "minimum", "minLength", "minItems"), first(s, "maximum", "maxLength", "maxItems")
	switch {
	case low != nil && high != nil:
		limits = append(limits, fmt.Sprintf("%v to %v", low, high))
	case low != nil:
		limits = append(limits, fmt.Sprintf("at least %v", low))
	case high != nil:
		limits = append(limits, fmt.Sprintf("at most %v", high))
	}
	if d, ok := s["default"]; ok && d != nil {
		limits = append(limits, fmt.Sprintf("default %v", d))
	}
	if f, ok := s["format"].(string); ok {
		limits = append(limits, f)
	}
	if len(limits) == 0 {
		return text
	}
	return strings.TrimSpace(text + " (" + strings.Join(limits, ", ") + ")")
}

func first(s map[string]any, keys ...string) any {
	i := slices.IndexFunc(keys, func(k string) bool { return s[k] != nil })
	if i < 0 {
		return nil
	}
	return s[keys[i]]
}
