package intent

import (
	"fmt"
	"slices"
	"sort"
	"strings"
)

// condition is what a group of sentences asks of the context: what the caller
// knows (such as the room) and what the chosen values of lists tell.
type condition struct {
	requires []requirement
	excludes []requirement
}

// requirement is one key and the values that meet it; none means any value.
type requirement struct {
	key    string
	values []any
	slot   string // where the context's value goes, or empty
}

// newCondition reads the forms of a condition: a value, a list of values, nil
// for any value, or {value: ..., slot: true or a name}.
func newCondition(requires, excludes map[string]any) *condition {
	if len(requires)+len(excludes) == 0 {
		return nil
	}
	return &condition{requirements(requires), requirements(excludes)}
}

func requirements(m map[string]any) []requirement {
	var out []requirement
	for key, v := range m {
		r := requirement{key: key}
		if form, ok := v.(map[string]any); ok {
			r.slot = slotOf(form["slot"], key)
			v = form["value"]
		}
		switch v := v.(type) {
		case nil:
		case []any:
			r.values = v
		default:
			r.values = []any{v}
		}
		out = append(out, r)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].key < out[j].key })
	return out
}

func slotOf(v any, key string) string {
	switch v := v.(type) {
	case bool:
		if v {
			return key
		}
	case string:
		return v
	}
	return ""
}

// String identifies equal conditions.
func (c *condition) String() string {
	var b strings.Builder
	for _, r := range c.requires {
		fmt.Fprintf(&b, "+%q:%v:%q", r.key, r.values, r.slot)
	}
	for _, r := range c.excludes {
		fmt.Fprintf(&b, "-%q:%v", r.key, r.values)
	}
	return b.String()
}

func (r requirement) metBy(v any) bool {
	if len(r.values) == 0 {
		return true
	}
	return slices.ContainsFunc(r.values, func(want any) bool { return fmt.Sprint(want) == fmt.Sprint(v) })
}

// allows tells whether a value with a context of its own may be chosen.
func (c *condition) allows(context map[string]any) bool {
	for _, r := range c.requires {
		if v, ok := context[r.key]; ok && !r.metBy(v) {
			return false
		}
	}
	return !c.excluded(context)
}

// holds tells whether a whole context meets the condition.
func (c *condition) holds(context map[string]any) bool {
	for _, r := range c.requires {
		if v, ok := context[r.key]; !ok || !r.metBy(v) {
			return false
		}
	}
	return !c.excluded(context)
}

func (c *condition) excluded(context map[string]any) bool {
	return slices.ContainsFunc(c.excludes, func(r requirement) bool {
		v, ok := context[r.key]
		return ok && r.metBy(v)
	})
}
