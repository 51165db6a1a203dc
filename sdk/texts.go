package sdk

import (
	"embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// catalog holds texts by language and key.
type catalog map[string]map[string]string

//go:embed texts/*.json
var ownFiles embed.FS

// own are the sentences that the SDK itself says for a plugin.
var own = func() catalog {
	c := catalog{}
	err := eachFile(ownFiles, "texts/*.json", func(file string, data []byte) error {
		return c.addJSON(strings.TrimSuffix(strings.TrimPrefix(file, "texts/"), ".json"), data)
	})
	if err != nil {
		panic(err) // the files are compiled in
	}
	return c
}()

func (c catalog) add(lang string, texts map[string]string) error {
	if c[lang] == nil {
		c[lang] = map[string]string{}
	}
	for key, text := range texts {
		if _, twice := c[lang][key]; twice {
			return fmt.Errorf("%s: key %q is there twice", lang, key)
		}
		c[lang][key] = text
	}
	return nil
}

func (c catalog) addJSON(lang string, data []byte) error {
	var tree map[string]any
	if err := json.Unmarshal(data, &tree); err != nil {
		return fmt.Errorf("read texts: %w", err)
	}
	flat := map[string]string{}
	if err := flatten("", tree, flat); err != nil {
		return err
	}
	return c.add(lang, flat)
}

func flatten(prefix string, tree map[string]any, into map[string]string) error {
	for key, v := range tree {
		switch v := v.(type) {
		case string:
			into[prefix+key] = v
		case map[string]any:
			if err := flatten(prefix+key+".", v, into); err != nil {
				return err
			}
		default:
			return fmt.Errorf("text %q is a %T, expected a string", prefix+key, v)
		}
	}
	return nil
}

// missing lists the keys that one language has and another lacks.
func (c catalog) missing() []error {
	all := map[string]string{}
	for _, lang := range slices.Sorted(maps.Keys(c)) {
		for key := range c[lang] {
			all[key] = lang
		}
	}
	var errs []error
	for _, lang := range slices.Sorted(maps.Keys(c)) {
		for _, key := range slices.Sorted(maps.Keys(all)) {
			if _, ok := c[lang][key]; !ok {
				errs = append(errs, fmt.Errorf("texts: %s has no %q, which %s has", lang, key, all[key]))
			}
		}
	}
	return errs
}

// find returns the text of a key in a language, or else in English, or else
// in any.
func (c catalog) find(lang, key string) (string, bool) {
	for _, l := range append([]string{lang, "en"}, slices.Sorted(maps.Keys(c))...) {
		if text, ok := c[l][key]; ok {
			return text, true
		}
	}
	return "", false
}

// pairs turns a list of names and values, as Call.T takes it, into a lookup.
func pairs(list []any) map[string]any {
	values := make(map[string]any, len(list)/2)
	for i := 0; i+1 < len(list); i += 2 {
		values[fmt.Sprint(list[i])] = list[i+1]
	}
	return values
}

// fill replaces {name} and {name.member} in a text. A name without a value
// stays as it stands, so that a mistake shows.
func fill(lang, text string, values map[string]any) string {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "{")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		name, after, closed := strings.Cut(rest, "}")
		v, ok := member(values, name)
		switch {
		case !closed:
			b.WriteString("{" + rest)
			return b.String()
		case ok:
			b.WriteString(spell(lang, v))
		default:
			b.WriteString("{" + name + "}")
		}
		text = after
	}
}

func member(values map[string]any, dotted string) (any, bool) {
	if v, ok := values[dotted]; ok {
		return v, true
	}
	head, tail, found := strings.Cut(dotted, ".")
	inner, ok := values[head].(map[string]any)
	if !found || !ok {
		return nil, false
	}
	return member(inner, tail)
}

// spell writes a value as the language does: a decimal comma in French.
func spell(lang string, v any) string {
	var s string
	switch n := v.(type) {
	case nil:
		return ""
	case float64:
		s = strconv.FormatFloat(n, 'f', -1, 64)
	case float32:
		s = strconv.FormatFloat(float64(n), 'f', -1, 32)
	default:
		return fmt.Sprint(v)
	}
	if lang == "fr" {
		s = strings.Replace(s, ".", ",", 1)
	}
	return s
}

// baseLang is a language without its region: "fr" for "fr-CA".
func baseLang(locale string) string {
	lang, _, _ := strings.Cut(strings.ToLower(locale), "-")
	return lang
}
