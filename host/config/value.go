package config

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// parse turns a value as YAML has it into the leaf's own kind. What comes from
// the environment or a flag is text, and is read as such. expected is empty
// when all is well.
func (l leaf) parse(raw any, text bool) (value any, expected, hint string) {
	if s, ok := raw.(string); ok && text {
		return l.parseText(s)
	}
	switch l.kind {
	case kindText, kindSecret:
		if s, ok := raw.(string); ok {
			return l.parseText(s)
		}
		return nil, l.want(), "put it in quotes"
	case kindDuration:
		if s, ok := raw.(string); ok {
			return l.parseText(s)
		}
		if d, ok := raw.(time.Duration); ok {
			return l.parseText(d.String())
		}
		return nil, l.want(), fmt.Sprintf("a number needs its unit: %v", raw) + "s"
	case kindBool:
		if b, ok := raw.(bool); ok {
			return b, "", ""
		}
	case kindInt:
		if n, ok := raw.(int); ok {
			return l.parseText(strconv.Itoa(n))
		}
	case kindNumber:
		switch n := raw.(type) {
		case int:
			return l.parseText(strconv.Itoa(n))
		case float64:
			return l.parseText(strconv.FormatFloat(n, 'g', -1, 64))
		}
	case kindList:
		return l.parseList(raw)
	case kindMap:
		if m, ok := raw.(map[string]any); ok {
			return m, "", ""
		}
	}
	return nil, l.want(), ""
}

// parseText reads a value from its text.
func (l leaf) parseText(s string) (value any, expected, hint string) {
	s = strings.TrimSpace(s)
	switch l.kind {
	case kindText:
		if e := l.enum(); e != nil && !slices.Contains(e, s) {
			if near := Nearest(strings.ToLower(s), e); near != "" {
				hint = "did you mean " + near + "?"
			}
			return nil, l.want(), hint
		}
		return s, "", ""
	case kindBool:
		if b, ok := truth(s); ok {
			return b, "", ""
		}
	case kindInt:
		if n, err := strconv.Atoi(s); err == nil && within(l, n, strconv.Atoi) {
			return n, "", ""
		}
	case kindNumber:
		read := func(s string) (float64, error) { return strconv.ParseFloat(s, 64) }
		if n, err := read(s); err == nil && !math.IsNaN(n) && !math.IsInf(n, 0) && within(l, n, read) {
			return n, "", ""
		}
	case kindDuration:
		if d, err := time.ParseDuration(s); err == nil && within(l, d, time.ParseDuration) {
			return d, "", ""
		}
		if _, err := strconv.Atoi(s); err == nil {
			hint = "a number needs its unit: " + s + "s"
		}
	case kindList:
		return l.parseListText(s)
	case kindSecret:
		return s, "", ""
	case kindMap:
		return nil, l.want(), "set its keys one by one"
	}
	return nil, l.want(), hint
}

// truth reads what people write for yes and no in an environment.
func truth(s string) (value, ok bool) {
	switch strings.ToLower(s) {
	case "true", "1", "yes", "on":
		return true, true
	case "false", "0", "no", "off":
		return false, true
	default:
		return false, false
	}
}

// within reports whether n keeps to the field's bounds.
func within[N int | float64 | time.Duration](l leaf, n N, read func(string) (N, error)) bool {
	if low, err := read(l.field.Tag.Get("min")); err == nil && n < low {
		return false
	}
	high, err := read(l.field.Tag.Get("max"))
	return err != nil || n <= high
}

func (l leaf) parseList(raw any) (value any, expected, hint string) {
	list, ok := raw.([]any)
	if !ok {
		if typed, ok := raw.([]string); ok {
			return slices.Clone(typed), "", ""
		}
		if s, ok := raw.(string); ok {
			hint = fmt.Sprintf("write [%s]", s)
		}
		return nil, l.want(), hint
	}
	out := make([]string, len(list))
	for i, v := range list {
		if out[i], ok = v.(string); !ok {
			return nil, l.want(), fmt.Sprintf("put %v in quotes", v)
		}
	}
	return out, "", ""
}

// parseListText reads a, b, c, or a list as YAML and JSON write it.
func (l leaf) parseListText(s string) (value any, expected, hint string) {
	if strings.HasPrefix(s, "[") {
		var out []string
		if err := yaml.Unmarshal([]byte(s), &out); err != nil {
			return nil, l.want(), "write a, b, c"
		}
		return out, "", ""
	}
	var out []string
	for part := range strings.SplitSeq(s, ",") {
		if part = strings.TrimSpace(part); part != "" {
			out = append(out, part)
		}
	}
	return out, "", ""
}

// want says what a value of this key looks like.
func (l leaf) want() string {
	low, high := l.field.Tag.Get("min"), l.field.Tag.Get("max")
	bounds := ""
	if low != "" && high != "" {
		bounds = " from " + low + " to " + high
	}
	switch e := l.enum(); {
	case e != nil:
		return "one of " + strings.Join(e, ", ")
	case l.kind == kindDuration:
		return "a duration such as 30s" + bounds
	default:
		return string(l.kind) + bounds
	}
}

// quote shows a value in a problem.
func quote(v any) string {
	switch v := v.(type) {
	case string:
		return strconv.Quote(v)
	case map[string]any, []any, []string:
		return "a list or section"
	case nil:
		return "nothing"
	default:
		return fmt.Sprint(v)
	}
}
