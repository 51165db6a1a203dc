package texts

import (
	"embed"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

// The languages there are texts in.
const (
	French  = "fr"
	English = "en"
)

//go:embed data/*.yaml
var files embed.FS

// Language is the texts of one language.
type Language struct {
	code    string
	entries map[string]entry
	cal     calendar
}

// entry is one text and its forms.
type entry struct {
	One   string `yaml:"one"`
	Other string `yaml:"other"`
	Bare  string `yaml:"bare"`
}

// UnmarshalYAML reads a plain text, or the forms of one.
func (e *entry) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		return n.Decode(&e.Other)
	}
	type forms entry
	return n.Decode((*forms)(e))
}

// For returns the texts of a language; of English, when there are none in lang.
func For(lang string) *Language {
	all := languages()
	if l := all[lang]; l != nil {
		return l
	}
	return all[English]
}

// Get returns a text in a language, as [Language.Get] does.
func Get(lang, key string, args ...any) string { return For(lang).Get(key, args...) }

// Code returns the language's code, "fr" or "en".
func (l *Language) Code() string { return l.code }

// Get returns the text of a key with its arguments filled in. Numbers among
// them are written as the language does. A key that does not exist yields the
// text of an internal error: an end user is never shown a key.
func (l *Language) Get(key string, args ...any) string {
	e, ok := l.entries[key]
	if !ok {
		e, args = l.entries["error.internal"], nil
	}
	return fill(l.form(e, args), l.written(args))
}

// Has reports whether there is a text of this key.
func (l *Language) Has(key string) bool {
	_, ok := l.entries[key]
	return ok
}

// Keys lists all keys, sorted.
func (l *Language) Keys() []string { return slices.Sorted(maps.Keys(l.entries)) }

// form chooses among the forms of a text.
func (l *Language) form(e entry, args []any) string {
	if len(args) == 0 && e.Bare != "" {
		return e.Bare
	}
	if e.One == "" {
		return e.Other
	}
	for _, a := range args {
		if n, ok := whole(a); ok {
			// French counts zero among the singulars.
			if n == 1 || n == 0 && l.code == French {
				return e.One
			}
			break
		}
	}
	return e.Other
}

// written turns arguments into text.
func (l *Language) written(args []any) []string {
	out := make([]string, len(args))
	for i, a := range args {
		if n, ok := whole(a); ok {
			out[i] = l.number(float64(n))
			continue
		}
		if f, ok := a.(float64); ok {
			out[i] = l.number(f)
			continue
		}
		out[i] = fmt.Sprint(a)
	}
	return out
}

func whole(a any) (int64, bool) {
	switch n := a.(type) {
	case int:
		return int64(n), true
	case int64:
		return n, true
	default:
		return 0, false
	}
}

var placeholder = regexp.MustCompile(`\{[1-9]\}`)

// fill puts arguments into a text; what has none is left out.
func fill(text string, args []string) string {
	if !strings.Contains(text, "{") {
		return text
	}
	return placeholder.ReplaceAllStringFunc(text, func(p string) string {
		n, err := strconv.Atoi(p[1:2])
		if err != nil || n > len(args) {
			return ""
		}
		return args[n-1]
	})
}

// languages reads the embedded texts once. They are part of the program: a
// fault in them is a fault of ours, and the tests read them all.
var languages = sync.OnceValue(func() map[string]*Language {
	cals := load[map[string]calendar]("calendar")
	out := map[string]*Language{}
	for _, code := range []string{French, English} {
		l := &Language{code: code, entries: map[string]entry{}, cal: cals[code]}
		for section, entries := range load[map[string]map[string]entry](code) {
			for name, e := range entries {
				l.entries[section+"."+name] = e
			}
		}
		out[code] = l
	}
	return out
})

// load reads one embedded file.
func load[T any](name string) T {
	var out T
	raw, err := files.ReadFile("data/" + name + ".yaml")
	if err == nil {
		err = yaml.Unmarshal(raw, &out)
	}
	if err != nil {
		panic(fmt.Errorf("read embedded texts %s: %w", name, err))
	}
	return out
}
