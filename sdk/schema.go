package sdk

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"
)

// schema is a JSON Schema in the three forms that are needed of it.
type schema struct {
	tree     *jsonschema.Schema
	resolved *jsonschema.Resolved
	raw      json.RawMessage
}

// inputSchema returns the schema of a struct that is filled from JSON. The
// struct's tags say more than its types do:
//
//	json     the member's name; omitempty or omitzero make it optional
//	desc     what it means
//	enum     the allowed values, separated by commas
//	default  its value when it is missing (JSON for all but strings)
//	min, max the smallest and the largest number, length of a text or of a list
//	pattern  a regular expression that a text matches
//	secret   "true" for what must not be shown
//
// A pointer and a default make a member optional too.
func inputSchema(t reflect.Type) (*schema, error) {
	if t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("%s is no struct", t)
	}
	tree, err := inferred(t)
	if err != nil {
		return nil, err
	}
	if err := refine(t, tree); err != nil {
		return nil, fmt.Errorf("%s: %w", t, err)
	}
	return resolve(tree)
}

// outputSchema returns the schema of what a tool answers with.
func outputSchema(t reflect.Type) (*schema, error) {
	tree, err := inferred(t)
	if err != nil {
		return nil, err
	}
	describe(t, tree)
	return resolve(tree)
}

func inferred(t reflect.Type) (*jsonschema.Schema, error) {
	switch t.Kind() {
	case reflect.Chan, reflect.Func, reflect.UnsafePointer, reflect.Complex64, reflect.Complex128:
		return nil, fmt.Errorf("%s does not fit into JSON, expected a string, a number, a struct, a list or an sdk.Result", t)
	default:
	}
	tree, err := jsonschema.ForType(t, nil)
	if err != nil {
		return nil, fmt.Errorf("%s does not fit into JSON: %w", t, err)
	}
	return tree, nil
}

func resolve(tree *jsonschema.Schema) (*schema, error) {
	resolved, err := tree.Resolve(&jsonschema.ResolveOptions{ValidateDefaults: true})
	if err != nil {
		return nil, fmt.Errorf("resolve schema: %w", err)
	}
	raw, err := json.Marshal(tree)
	if err != nil {
		return nil, fmt.Errorf("encode schema: %w", err)
	}
	return &schema{tree: tree, resolved: resolved, raw: raw}, nil
}

// decode checks a JSON object against the schema, fills in the defaults and
// decodes the whole into out, a pointer to a struct.
func (s *schema) decode(raw json.RawMessage, out any) ([]Diagnostic, error) {
	values := map[string]any{}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &values); err != nil || values == nil {
			return []Diagnostic{{Fatal: true, Summary: "expected a JSON object"}}, nil //nolint:nilerr // the finding says it
		}
	}
	if err := s.resolved.ApplyDefaults(&values); err != nil {
		return nil, fmt.Errorf("apply defaults: %w", err)
	}
	if found := s.check(values); len(found) > 0 {
		return found, nil
	}
	whole, err := json.Marshal(values)
	if err != nil {
		return nil, fmt.Errorf("encode values: %w", err)
	}
	if err := json.Unmarshal(whole, out); err != nil {
		if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return []Diagnostic{{Fatal: true, Path: pointer(e.Field), Summary: fmt.Sprintf("%s does not fit a %s", e.Value, e.Type)}}, nil
		}
		return []Diagnostic{{Fatal: true, Summary: err.Error()}}, nil
	}
	return nil, nil
}

func pointer(dotted string) string {
	return "/" + strings.ReplaceAll(dotted, ".", "/")
}

// refine applies the tags of a struct, and of the structs inside of it.
func refine(t reflect.Type, s *jsonschema.Schema) error {
	var errs []error
	for _, f := range reflect.VisibleFields(t) {
		name := memberName(f)
		m := s.Properties[name]
		if f.Anonymous || m == nil {
			continue
		}
		present(m)
		if _, ok := f.Tag.Lookup("default"); ok || f.Type.Kind() == reflect.Pointer {
			s.Required = slices.DeleteFunc(s.Required, func(r string) bool { return r == name })
		}
		if err := errors.Join(applyTags(f.Tag, m), strangeTags(f.Tag)); err != nil {
			errs = append(errs, fmt.Errorf("field %s: %w", f.Name, err))
		}
		if err := refineInner(f.Type, m); err != nil {
			errs = append(errs, fmt.Errorf("field %s: %w", f.Name, err))
		}
	}
	return errors.Join(errs...)
}

// refineInner goes on with the struct that a field, a list or a map holds.
func refineInner(t reflect.Type, s *jsonschema.Schema) error {
	switch t.Kind() {
	case reflect.Pointer:
		return refineInner(t.Elem(), s)
	case reflect.Slice, reflect.Array:
		if s.Items != nil {
			present(s.Items)
			return refineInner(t.Elem(), s.Items)
		}
	case reflect.Map:
		if s.AdditionalProperties != nil {
			present(s.AdditionalProperties)
			return refineInner(t.Elem(), s.AdditionalProperties)
		}
	case reflect.Struct:
		if len(s.Properties) > 0 {
			return refine(t, s)
		}
	default:
	}
	return nil
}

// describe applies the descriptions only: an answer is not checked for more.
func describe(t reflect.Type, s *jsonschema.Schema) {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice && s.Items != nil {
		if t.Kind() == reflect.Slice {
			s = s.Items
		}
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return
	}
	for _, f := range reflect.VisibleFields(t) {
		if m := s.Properties[memberName(f)]; m != nil && !f.Anonymous {
			if desc := f.Tag.Get("desc"); desc != "" {
				m.Description = desc
			}
			describe(f.Type, m)
		}
	}
}

func memberName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	if name == "" {
		return f.Name
	}
	return name
}

// present removes null from what is allowed: an absent member says the same,
// and models and readers have one type less to think of.
func present(s *jsonschema.Schema) {
	if len(s.Types) == 2 && s.Types[0] == "null" {
		s.Type, s.Types = s.Types[1], nil
	}
}

func applyTags(tag reflect.StructTag, s *jsonschema.Schema) error {
	whole := s
	if d := tag.Get("desc"); d != "" {
		s.Description = d
	}
	s.WriteOnly = tag.Get("secret") == "true"
	if err := applyDefault(tag, s); err != nil {
		return err
	}
	if err := applyBounds(tag, s); err != nil {
		return err
	}
	if s.Type == "array" && s.Items != nil { // the rest is about each of them
		s = s.Items
	}
	s.Pattern = tag.Get("pattern")
	if err := applyEnum(tag.Get("enum"), s); err != nil {
		return err
	}
	return checkDefault(whole)
}

// checkDefault holds a default to the rules of its own field, in the words of those
// who break them later.
func checkDefault(s *jsonschema.Schema) error {
	if s.Default == nil {
		return nil
	}
	var v any
	if err := json.Unmarshal(s.Default, &v); err != nil {
		return fmt.Errorf("tag default is %s: %w", s.Default, err)
	}
	var c checker
	c.value(s, v, "")
	for _, d := range c.found {
		return fmt.Errorf("tag default is %s: %s", shown(s, v), d.Summary)
	}
	return nil
}

var (
	// ours are the tags of an argument that have rules in them.
	ours = []string{"desc", "enum", "default", "min", "max", "pattern", "secret"}
	// strangers are what other libraries call them.
	strangers = map[string]string{
		"description": "desc", "minimum": "min", "minLength": "min", "minItems": "min",
		"maximum": "max", "maxLength": "max", "maxItems": "max", "regexp": "pattern", "values": "enum", "choices": "enum",
	}
	tagKey = regexp.MustCompile(`([^\s":]+):"(?:[^"\\]|\\.)*"`)
)

// strangeTags finds tags that look like ours and are not: a rule that is not read
// would hold nobody to anything.
func strangeTags(tag reflect.StructTag) error {
	for _, found := range tagKey.FindAllStringSubmatch(string(tag), -1) {
		key := found[1]
		if slices.Contains(ours, key) {
			continue
		}
		if meant := cmp.Or(strangers[key], nearest(key, ours)); meant != "" {
			return fmt.Errorf("unknown tag %s, did you mean %s?", key, meant)
		}
	}
	return nil
}

func applyDefault(tag reflect.StructTag, s *jsonschema.Schema) error {
	text, ok := tag.Lookup("default")
	if !ok {
		return nil
	}
	if s.Type == "string" {
		raw, err := json.Marshal(text)
		s.Default = raw
		return err
	}
	if !json.Valid([]byte(text)) {
		return fmt.Errorf("tag default is %q, expected a JSON %s", text, s.Type)
	}
	s.Default = json.RawMessage(text)
	return nil
}

func applyBounds(tag reflect.StructTag, s *jsonschema.Schema) error {
	for _, key := range []string{"min", "max"} {
		text := tag.Get(key)
		if text == "" {
			continue
		}
		n, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return fmt.Errorf("tag %s is %q, expected a number", key, text)
		}
		bound(s, key == "min", n)
	}
	return nil
}

func bound(s *jsonschema.Schema, low bool, n float64) {
	length := int(n)
	switch s.Type {
	case "string":
		if low {
			s.MinLength = &length
		} else {
			s.MaxLength = &length
		}
	case "array":
		if low {
			s.MinItems = &length
		} else {
			s.MaxItems = &length
		}
	default:
		if low {
			s.Minimum = &n
		} else {
			s.Maximum = &n
		}
	}
}

func applyEnum(list string, s *jsonschema.Schema) error {
	if list == "" {
		return nil
	}
	for v := range strings.SplitSeq(list, ",") {
		v = strings.TrimSpace(v)
		if s.Type == "string" {
			s.Enum = append(s.Enum, v)
			continue
		}
		n, err := strconv.ParseFloat(v, 64)
		if err != nil {
			return fmt.Errorf("tag enum holds %q, expected a %s", v, s.Type)
		}
		s.Enum = append(s.Enum, n)
	}
	return nil
}
