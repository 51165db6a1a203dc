package sdk

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/google/jsonschema-go/jsonschema"
)

// check finds what is wrong with values, each thing once and where it stands.
func (s *schema) check(values any) []Diagnostic {
	var c checker
	c.value(s.tree, values, "")
	if len(c.found) > 0 {
		return c.found
	}
	// The walk above explains what the tags can say; the validator knows the
	// rest of the standard.
	if err := s.resolved.Validate(values); err != nil {
		c.add("", "%v", err)
	}
	return c.found
}

type checker struct{ found []Diagnostic }

func (c *checker) add(path, format string, args ...any) {
	c.found = append(c.found, Diagnostic{Fatal: true, Path: path, Summary: fmt.Sprintf(format, args...)})
}

func (c *checker) value(s *jsonschema.Schema, v any, path string) {
	if s.Type != "" && !isA(s.Type, v) {
		c.add(path, "expected %s, got %s", article(s.Type), article(typeOf(v)))
		return
	}
	if len(s.Enum) > 0 && !slices.ContainsFunc(s.Enum, func(e any) bool { return jsonschema.Equal(e, v) }) {
		c.add(path, "expected one of %s, got %s", joinValues(s.Enum), shown(s, v))
		return
	}
	switch v := v.(type) {
	case map[string]any:
		c.object(s, v, path)
	case []any:
		c.list(s, v, path)
	case string:
		c.text(s, v, path)
	case float64:
		c.number(s, v, path)
	}
}

func (c *checker) object(s *jsonschema.Schema, v map[string]any, path string) {
	for _, key := range slices.Sorted(maps.Keys(v)) {
		at := path + "/" + escapePointer(key)
		switch m := s.Properties[key]; {
		case m != nil:
			c.value(m, v[key], at)
		case s.AdditionalProperties != nil && isFalse(s.AdditionalProperties):
			c.unknown(s, key, at)
		case s.AdditionalProperties != nil:
			c.value(s.AdditionalProperties, v[key], at)
		}
	}
	for _, key := range s.Required {
		if _, ok := v[key]; !ok {
			c.add(path+"/"+escapePointer(key), "is missing, expected %s", article(s.Properties[key].Type))
		}
	}
}

func (c *checker) unknown(s *jsonschema.Schema, key, at string) {
	names := slices.Sorted(maps.Keys(s.Properties))
	if near := nearest(key, names); near != "" {
		c.add(at, "unknown key, did you mean %q?", near)
		return
	}
	if len(names) == 0 {
		c.add(at, "unknown key, expected none")
		return
	}
	c.add(at, "unknown key, expected one of %s", strings.Join(names, ", "))
}

func (c *checker) list(s *jsonschema.Schema, v []any, path string) {
	if s.MinItems != nil && len(v) < *s.MinItems {
		c.add(path, "expected at least %d items, got %d", *s.MinItems, len(v))
	}
	if s.MaxItems != nil && len(v) > *s.MaxItems {
		c.add(path, "expected at most %d items, got %d", *s.MaxItems, len(v))
	}
	if s.Items == nil {
		return
	}
	for i, item := range v {
		c.value(s.Items, item, path+"/"+strconv.Itoa(i))
	}
}

func (c *checker) text(s *jsonschema.Schema, v, path string) {
	n := utf8.RuneCountInString(v)
	if s.MinLength != nil && n < *s.MinLength {
		c.add(path, "expected at least %d characters, got %d", *s.MinLength, n)
	}
	if s.MaxLength != nil && n > *s.MaxLength {
		c.add(path, "expected at most %d characters, got %d", *s.MaxLength, n)
	}
	if s.Pattern != "" {
		// Resolve compiled the pattern already; a bad one never comes here.
		if re, err := regexp.Compile(s.Pattern); err == nil && !re.MatchString(v) {
			c.add(path, "expected a text that matches %s, got %s", s.Pattern, shown(s, v))
		}
	}
}

func (c *checker) number(s *jsonschema.Schema, v float64, path string) {
	low, high := s.Minimum, s.Maximum
	switch {
	case low != nil && v < *low, high != nil && v > *high:
		c.add(path, "expected %s, got %s", between(low, high), shown(s, v))
	}
}

func between(low, high *float64) string {
	switch {
	case low == nil:
		return "at most " + number(*high)
	case high == nil:
		return "at least " + number(*low)
	}
	return number(*low) + " to " + number(*high)
}

func number(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

func isFalse(s *jsonschema.Schema) bool {
	return s.Not != nil && s.Type == "" && len(s.Properties) == 0
}

func isA(want string, v any) bool {
	got := typeOf(v)
	if want == "number" && got == "integer" {
		return true
	}
	return want == got
}

func typeOf(v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case string:
		return "string"
	case float64:
		if v == math.Trunc(v) {
			return "integer"
		}
		return "number"
	case []any:
		return "array"
	}
	return "object"
}

func article(kind string) string {
	switch kind {
	case "":
		return "a value"
	case "null":
		return "null"
	case "integer", "array", "object":
		return "an " + kind
	}
	return "a " + kind
}

// shown is a value as a diagnostic may print it.
func shown(s *jsonschema.Schema, v any) string {
	if s.WriteOnly {
		return "a secret that does not fit"
	}
	raw, err := json.Marshal(v)
	if err != nil || len(raw) > 80 {
		return article(typeOf(v))
	}
	return string(raw)
}

func joinValues(values []any) string {
	parts := make([]string, len(values))
	for i, v := range values {
		parts[i] = fmt.Sprint(v)
	}
	return strings.Join(parts, ", ")
}

func escapePointer(key string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
}

// nearest returns the name that key was probably meant to be, or "".
func nearest(key string, names []string) string {
	best, least := "", max(len(key)/3, 1)+1
	for _, n := range names {
		if d := distance(strings.ToLower(key), strings.ToLower(n)); d < least {
			best, least = n, d
		}
	}
	return best
}

// distance is the number of edits between two words.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, diagonal+1, row[j]+1)
		}
	}
	return row[len(b)]
}
