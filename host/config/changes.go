package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Change is one key that is set to something else than before.
type Change struct {
	Key      string
	Old, New string // as they would be written; secrets are masked, "" is nothing
}

// String tells the change in one line.
func (c Change) String() string {
	said := func(v string) string {
		if v == "" {
			return "nothing"
		}
		return v
	}
	return fmt.Sprintf("%s: %s -> %s", c.Key, said(c.Old), said(c.New))
}

// Changes tells what now sets otherwise than s does, sorted by key. A secret
// that is another one counts, though both are masked.
func (s *Snapshot) Changes(now *Snapshot) []Change {
	before, after := s.values(), now.values()
	names, changed := sortedKeys(before), map[string]bool{}
	for key := range after {
		if _, ok := before[key]; !ok {
			names = append(names, key)
		}
	}
	for key := range now.known { // those inside a plugin's section are told of as its
		if top := topKey(key); s.known[key] != now.known[key] && !slices.Contains(names, key) {
			names = append(names, top)
			changed[top] = true
		}
	}
	slices.Sort(names)
	names = slices.Compact(names)
	var all []Change
	for _, key := range names {
		if changed[key] || before[key] != after[key] || s.known[key] != now.known[key] || !reflect.DeepEqual(s.raw.Get(key), now.raw.Get(key)) {
			all = append(all, Change{Key: key, Old: before[key], New: after[key]})
		}
	}
	return all
}

// topKey is the key itself of what stands inside a plugin's own configuration.
func topKey(key string) string {
	_, inner, ok := keys().find(key)
	if !ok {
		return key
	}
	return strings.TrimSuffix(key, "."+inner)
}

func (s *Snapshot) values() map[string]string {
	all := map[string]string{}
	for _, e := range s.All() {
		all[e.Key] = flow(e.Value)
	}
	return all
}

// under reports whether a key is one of a list's, or stands below one of them.
func under(key string, list []string) bool {
	return slices.ContainsFunc(list, func(l string) bool { return key == l || strings.HasPrefix(key, l+".") })
}

// Split parts changes into those at or below the given keys, and the others.
func Split(changes []Change, keys ...string) (in, out []Change) {
	for _, c := range changes {
		if under(c.Key, keys) {
			in = append(in, c)
		} else {
			out = append(out, c)
		}
	}
	return in, out
}
