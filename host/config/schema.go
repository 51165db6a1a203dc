package config

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"
)

// kind is what a key's value is.
type kind string

const (
	kindText     kind = "text"
	kindBool     kind = "true or false"
	kindInt      kind = "a whole number"
	kindNumber   kind = "a number"
	kindDuration kind = "a duration"
	kindList     kind = "a list of texts"
	kindMap      kind = "a section"
	kindSecret   kind = "a secret"
)

// leaf is one key that can be set.
type leaf struct {
	key   string // within its section's type: "gateway.listen", or "path" of a plugin
	kind  kind
	index []int // of the field
	field reflect.StructField
}

// enum lists the values that a text may have; nil allows all.
func (l leaf) enum() []string {
	if e := l.field.Tag.Get("enum"); e != "" {
		return strings.Split(e, ",")
	}
	return nil
}

// schema is every key of Config, and every key of the sections of its families.
type schema struct {
	leaves   map[string]leaf
	families map[string]family // by the key of the map
	sections map[string]bool
}

// family is a map of sections that an operator names.
type family struct {
	index  []int // of the map's field
	elem   reflect.Type
	leaves map[string]leaf
}

var keys = sync.OnceValue(func() schema {
	s := schema{leaves: map[string]leaf{}, families: map[string]family{}, sections: map[string]bool{}}
	s.walk(reflect.TypeFor[Config](), "", nil, s.leaves)
	return s
})

func (s schema) walk(t reflect.Type, prefix string, index []int, into map[string]leaf) {
	for f := range t.Fields() {
		name := f.Tag.Get("koanf")
		if name == "-" {
			continue
		}
		key, at := prefix+name, append(slices.Clone(index), f.Index...)
		switch {
		case isFamily(f.Type):
			s.sections[key] = true
			members := family{index: at, elem: f.Type.Elem(), leaves: map[string]leaf{}}
			s.walk(f.Type.Elem(), "", nil, members.leaves)
			s.families[key] = members
		case f.Type.Kind() == reflect.Struct && f.Type != reflect.TypeFor[Secret]():
			s.sections[key] = true
			s.walk(f.Type, key+".", at, into)
		default:
			into[key] = leaf{key: key, kind: kindOf(f.Type), index: at, field: f}
		}
	}
}

// isFamily reports whether a field is a map of sections.
func isFamily(t reflect.Type) bool {
	return t.Kind() == reflect.Map && t.Elem().Kind() == reflect.Struct
}

// member splits a key below a family into the member's name and the rest.
func (s schema) member(key string) (f family, prefix, name, rest string, ok bool) {
	for prefix, f := range s.families {
		if below, ok := strings.CutPrefix(key, prefix+"."); ok {
			name, rest, _ := strings.Cut(below, ".")
			return f, prefix, name, rest, true
		}
	}
	return family{}, "", "", "", false
}

func kindOf(t reflect.Type) kind {
	switch t {
	case reflect.TypeFor[Secret]():
		return kindSecret
	case reflect.TypeFor[time.Duration]():
		return kindDuration
	case reflect.TypeFor[bool](), reflect.TypeFor[*bool]():
		return kindBool
	case reflect.TypeFor[int]():
		return kindInt
	case reflect.TypeFor[float64]():
		return kindNumber
	case reflect.TypeFor[[]string]():
		return kindList
	case reflect.TypeFor[map[string]any]():
		return kindMap
	default:
		return kindText
	}
}

// find returns the key's leaf. Keys within a plugin's own configuration belong
// to the leaf of that configuration; inner is then the rest of the key.
func (s schema) find(key string) (l leaf, inner string, ok bool) {
	if l, ok = s.leaves[key]; ok {
		return l, "", true
	}
	f, _, _, rest, ok := s.member(key)
	if !ok || rest == "" {
		return leaf{}, "", false
	}
	name, inner, below := strings.Cut(rest, ".")
	l, ok = f.leaves[name]
	return l, inner, ok && (!below || l.kind == kindMap)
}

// suggest tells what an unknown key may have been meant to be.
func (s schema) suggest(key string) string {
	parent, name := "", key
	if i := strings.LastIndexByte(key, '.'); i >= 0 {
		parent, name = key[:i+1], key[i+1:]
	}
	if near := Nearest(name, s.children(parent)); near != "" {
		return "did you mean " + parent + near + "?"
	}
	all := slices.Sorted(maps.Keys(s.leaves))
	for _, k := range all {
		if strings.HasSuffix(k, "."+name) {
			return "did you mean " + k + "?"
		}
	}
	if near := Nearest(key, all); near != "" {
		return "did you mean " + near + "?"
	}
	return "`jarvis config reference` lists every key"
}

// children lists the names below a section, written with its dot.
func (s schema) children(parent string) []string {
	if f, _, _, rest, ok := s.member(parent); ok && rest == "" && strings.HasSuffix(parent, ".") {
		return slices.Sorted(maps.Keys(f.leaves))
	}
	names := map[string]bool{}
	for key := range s.leaves {
		if rest, ok := strings.CutPrefix(key, parent); ok {
			name, _, _ := strings.Cut(rest, ".")
			names[name] = true
		}
	}
	for key := range s.sections {
		if rest, ok := strings.CutPrefix(key, parent); ok && !strings.Contains(rest, ".") {
			names[rest] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}
