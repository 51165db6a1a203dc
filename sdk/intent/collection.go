package intent

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// Collection is the sentence files of one language, put together: lists and
// rules of one file serve the sentences of all.
type Collection struct {
	Lang  string
	Files []*File
}

// maxCollection bounds the files of a collection.
const maxCollection = 10_000

// ReadCollection reads every YAML and JSON file of a tree that is in a
// language; files of other languages are passed over. A file whose top says no
// language is taken to be of the one asked for. All that is wrong is reported
// at once, as joined errors that begin with file and line.
func ReadCollection(tree fs.FS, lang string) (*Collection, error) {
	c := &Collection{Lang: lang}
	var errs []error
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !slices.Contains([]string{".yaml", ".yml", ".json"}, path.Ext(name)) {
			return err
		}
		if len(c.Files) == maxCollection {
			return fmt.Errorf("there are more than %d files", maxCollection)
		}
		data, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		f, err := parseFile(name, data, lang)
		switch {
		case err != nil:
			errs = append(errs, err)
		case sameLanguage(f.Lang, lang):
			c.Files = append(c.Files, f)
		}
		return nil
	})
	return c, errors.Join(append(errs, err)...)
}

// sameLanguage reports whether a file is in a language: a region that is asked
// for is matched exactly, one that is not asked for does not matter.
func sameLanguage(of, lang string) bool {
	if strings.ContainsAny(lang, "-_") {
		return strings.EqualFold(strings.ReplaceAll(of, "_", "-"), strings.ReplaceAll(lang, "_", "-"))
	}
	return baseLang(of) == baseLang(lang)
}

// AddTo adds everything to a builder. A name that stands for a list in two
// files has the values of both; of a rule, the later file counts, as in
// hassil. A list that sentences name and no file declares is empty until
// [Matcher.WithLists] fills it; AddTo returns the names of those.
func (c *Collection) AddTo(b *Builder, source string) (undeclared []string, err error) {
	lists, rules := map[string]List{}, map[string]string{}
	var skip []string
	settings := Settings{AsWritten: true}
	for _, f := range c.Files {
		for name, l := range f.Lists {
			lists[name] = mergedList(lists[name], l)
		}
		maps.Copy(rules, f.Rules)
		skip = append(skip, f.SkipWords...)
		settings.IgnoreSpaces = settings.IgnoreSpaces || f.Settings.IgnoreSpaces
	}
	undeclared = c.undeclared(lists, rules)
	for _, name := range undeclared {
		lists[name] = List{Values: []Value{}}
	}
	b.SetSkipWords(c.Lang, skip...)
	b.Set(c.Lang, settings)
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(rules)) {
		errs = append(errs, b.AddRule(c.Lang, name, rules[name]))
	}
	for _, name := range slices.Sorted(maps.Keys(lists)) {
		errs = append(errs, b.AddList(c.Lang, name, lists[name]))
	}
	for _, f := range c.Files {
		for _, g := range f.Groups {
			for _, t := range g.Templates {
				errs = append(errs, b.Add(g.sentence(source, c.Lang, t)))
			}
		}
	}
	return undeclared, errors.Join(errs...)
}

func mergedList(old, l List) List {
	if old.Values != nil && l.Values != nil {
		l.Values = append(slices.Clip(old.Values), l.Values...)
	}
	return l
}

// undeclared finds the lists that sentences and rules name and nobody declares.
func (c *Collection) undeclared(lists map[string]List, rules map[string]string) []string {
	missing := map[string]bool{}
	look := func(template string, own map[string]List) {
		n, err := Parse(template)
		if err != nil {
			return // Add says it
		}
		for ref := range listRefs(n) {
			_, global := lists[ref.List]
			if _, local := own[ref.List]; ref.Range == nil && !global && !local {
				missing[ref.List] = true
			}
		}
	}
	for _, template := range rules {
		look(template, nil)
	}
	for _, f := range c.Files {
		for _, g := range f.Groups {
			for _, t := range g.Templates {
				look(t, g.Lists)
			}
			for _, t := range g.Rules {
				look(t, g.Lists)
			}
		}
	}
	return slices.Sorted(maps.Keys(missing))
}
