package intent

import (
	"errors"
	"fmt"
	"maps"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxFile bounds a file of sentences, in bytes.
const maxFile = 4 << 20

// File is a file of sentences in hassil's YAML format.
type File struct {
	Name      string
	Lang      string
	Groups    []Group // in the file's order
	Lists     map[string]List
	Rules     map[string]string
	SkipWords []string // nil when the file says nothing
	Settings  Settings
}

// Group is one entry of an intent's data: templates that mean the same.
type Group struct {
	Intent             string
	Templates          []string
	Slots              map[string]any
	Response           string
	Metadata           map[string]any
	Requires, Excludes map[string]any
	Keywords           []string          // one of them has to be said
	Lists              map[string]List   // before the file's
	Rules              map[string]string // before the file's
}

// sentence is one of the group's templates as a sentence of a source.
func (g *Group) sentence(source, lang, template string) Sentence {
	return Sentence{
		Source: source, Intent: g.Intent, Lang: lang, Template: template, Slots: g.Slots, Lists: g.Lists, Rules: g.Rules,
		Response: g.Response, Metadata: g.Metadata, Requires: g.Requires, Excludes: g.Excludes, Keywords: g.Keywords,
	}
}

// Sentences returns the file's templates as sentences of a source, with the
// file's lists and rules as their own. Skip words belong to a language and are
// left to the caller.
func (f *File) Sentences(source string) []Sentence {
	var out []Sentence
	for _, g := range f.Groups {
		lists, rules := merged(f.Lists, g.Lists), merged(f.Rules, g.Rules)
		g.Lists, g.Rules = lists, rules
		for _, t := range g.Templates {
			out = append(out, g.sentence(source, f.Lang, t))
		}
	}
	return out
}

func merged[V any](file, group map[string]V) map[string]V {
	if len(group) == 0 {
		return file
	}
	out := maps.Clone(file)
	if out == nil {
		out = map[string]V{}
	}
	maps.Copy(out, group)
	return out
}

// ParseYAML reads a file of sentences. The name is used in errors only. All
// that is wrong is reported at once, as joined errors that begin with file and
// line; an unknown key names the nearest known one.
func ParseYAML(name string, data []byte) (*File, error) { return parseFile(name, data, "") }

// parseFile reads a file that may leave its language to the caller.
func parseFile(name string, data []byte, lang string) (*File, error) {
	if len(data) > maxFile {
		return nil, fmt.Errorf("%s: the file has %d bytes, expected at most %d", name, len(data), maxFile)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, fmt.Errorf("read sentences %s: %w", name, err)
	}
	if len(doc.Content) == 0 {
		return nil, fmt.Errorf("%s: the file is empty, expected language and intents", name)
	}
	r := &yamlReader{file: name}
	f := r.document(doc.Content[0], lang)
	f.Name = name
	if err := errors.Join(r.errs...); err != nil {
		return nil, err
	}
	return f, nil
}

// yamlReader walks a document and collects what is wrong with it.
type yamlReader struct {
	file string
	errs []error
}

func (r *yamlReader) fail(n *yaml.Node, format string, args ...any) {
	r.errs = append(r.errs, fmt.Errorf("%s:%d: "+format, append([]any{r.file, n.Line}, args...)...))
}

// field reads the value of one key.
type field func(n *yaml.Node)

// object reads a mapping with known keys.
func (r *yamlReader) object(n *yaml.Node, what string, fields map[string]field) {
	r.each(n, what, func(key string, k, v *yaml.Node) {
		read, ok := fields[key]
		if !ok {
			r.fail(k, "unknown key %q in %s%s", key, what, didYouMean(key, keys(fields)))
			return
		}
		read(v)
	})
}

// each calls f for the entries of a mapping with keys of any name.
func (r *yamlReader) each(n *yaml.Node, what string, f func(key string, k, v *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		r.fail(n, "%s is %s, expected keys and values", what, kindOf(n))
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		if seen[k.Value] {
			r.fail(k, "key %q stands twice in %s", k.Value, what)
			continue
		}
		seen[k.Value] = true
		f(k.Value, k, v)
	}
}

func (r *yamlReader) items(n *yaml.Node, what string, f func(n *yaml.Node)) {
	if n.Kind != yaml.SequenceNode {
		r.fail(n, "%s is %s, expected a list", what, kindOf(n))
		return
	}
	for _, item := range n.Content {
		f(item)
	}
}

func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "keys and values"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias, which sentence files don't use"
	default:
		return fmt.Sprintf("the value %q", n.Value)
	}
}

// into returns a field that decodes a value of any shape that fits to.
func into[T any](r *yamlReader, what string, to *T) field {
	return func(n *yaml.Node) {
		if err := n.Decode(to); err != nil {
			expected := strings.TrimPrefix(fmt.Sprintf("%T", *to), "map[string]")
			r.fail(n, "%s is %s, expected %s", what, kindOf(n), typeNames[expected])
		}
	}
}

// typeNames are the words for Go types in errors.
var typeNames = map[string]string{
	"string": "text", "int": "a whole number", "bool": "true or false", "float64": "a number",
	"interface {}": "keys and values",
}

// document reads the top of a file.
func (r *yamlReader) document(n *yaml.Node, lang string) *File {
	f := &File{Lang: lang}
	r.object(n, "the file", map[string]field{
		"language":        into(r, "language", &f.Lang),
		"intents":         func(n *yaml.Node) { f.Groups = r.intents(n) },
		"lists":           func(n *yaml.Node) { f.Lists = r.lists(n) },
		"expansion_rules": func(n *yaml.Node) { f.Rules = r.rules(n) },
		"skip_words":      func(n *yaml.Node) { f.SkipWords = append([]string{}, r.texts(n, "skip_words")...) },
		"settings":        func(n *yaml.Node) { r.settings(n, &f.Settings) },
		"responses":       func(*yaml.Node) {}, // words for answers: whoever answers reads them
	})
	if f.Lang == "" {
		r.fail(n, "language is missing, expected one such as fr")
	}
	return f
}

// settings reads what changes matching. That hassil filters sentences with a
// regular expression first makes no difference here.
func (r *yamlReader) settings(n *yaml.Node, s *Settings) {
	filter := true
	r.object(n, "settings", map[string]field{
		"ignore_whitespace": into(r, "ignore_whitespace", &s.IgnoreSpaces),
		"filter_with_regex": into(r, "filter_with_regex", &filter),
	})
}

func (r *yamlReader) intents(n *yaml.Node) (out []Group) {
	r.each(n, "intents", func(name string, _, v *yaml.Node) {
		r.object(v, "intent "+name, map[string]field{
			"data": func(n *yaml.Node) {
				r.items(n, "data", func(n *yaml.Node) { out = append(out, r.group(n, name)) })
			},
		})
	})
	return out
}

func (r *yamlReader) group(n *yaml.Node, intent string) Group {
	g := Group{Intent: intent}
	r.object(n, "an entry of "+intent, map[string]field{
		"sentences":         func(n *yaml.Node) { g.Templates = r.templates(n) },
		"slots":             into(r, "slots", &g.Slots),
		"response":          into(r, "response", &g.Response),
		"metadata":          into(r, "metadata", &g.Metadata),
		"requires_context":  into(r, "requires_context", &g.Requires),
		"excludes_context":  into(r, "excludes_context", &g.Excludes),
		"lists":             func(n *yaml.Node) { g.Lists = r.lists(n) },
		"expansion_rules":   func(n *yaml.Node) { g.Rules = r.rules(n) },
		"required_keywords": func(n *yaml.Node) { g.Keywords = r.texts(n, "required_keywords") },
		"settings":          func(n *yaml.Node) { r.settings(n, &Settings{}) },
		// What a sentence is about, for tools that generate conditions from it.
		"inferred_domain": func(*yaml.Node) {},
		"name_domains":    func(*yaml.Node) {},
	})
	if len(g.Templates) == 0 {
		r.fail(n, "an entry of %s has no sentences", intent)
	}
	return g
}

func (r *yamlReader) templates(n *yaml.Node) (out []string) {
	r.items(n, "sentences", func(n *yaml.Node) { out = append(out, r.template(n, "a sentence")) })
	return out
}

func (r *yamlReader) template(n *yaml.Node, what string) string {
	text := r.text(n, what)
	if _, err := Parse(text); err != nil {
		r.fail(n, "%s %q: %w", what, text, err)
	}
	return text
}

func (r *yamlReader) text(n *yaml.Node, what string) string {
	if n.Kind != yaml.ScalarNode {
		r.fail(n, "%s is %s, expected text", what, kindOf(n))
	}
	return n.Value
}

func (r *yamlReader) texts(n *yaml.Node, what string) (out []string) {
	r.items(n, what, func(n *yaml.Node) { out = append(out, r.text(n, "an item of "+what)) })
	return out
}

func (r *yamlReader) rules(n *yaml.Node) map[string]string {
	out := map[string]string{}
	r.each(n, "expansion_rules", func(name string, _, v *yaml.Node) {
		out[name] = r.template(v, "rule <"+name+">")
	})
	return out
}

func (r *yamlReader) lists(n *yaml.Node) map[string]List {
	out := map[string]List{}
	r.each(n, "lists", func(name string, _, v *yaml.Node) { out[name] = r.list(v, name) })
	return out
}

func (r *yamlReader) list(n *yaml.Node, name string) List {
	var l List
	before := len(r.errs)
	r.object(n, "list {"+name+"}", map[string]field{
		"values":   func(n *yaml.Node) { l.Values = r.values(n) },
		"range":    func(n *yaml.Node) { l.Range = r.numberRange(n) },
		"wildcard": into(r, "wildcard", &l.Wildcard),
	})
	if err := l.check(); err != nil && len(r.errs) == before {
		r.fail(n, "list {%s}: %w", name, err)
	}
	return l
}

func (r *yamlReader) values(n *yaml.Node) []Value {
	out := []Value{}
	r.items(n, "values", func(n *yaml.Node) { out = append(out, r.value(n)) })
	return out
}

func (r *yamlReader) value(n *yaml.Node) Value {
	if n.Kind == yaml.ScalarNode {
		return Value{In: r.template(n, "a value")}
	}
	var v Value
	r.object(n, "a value", map[string]field{
		"in":       func(n *yaml.Node) { v.In = r.template(n, "in") },
		"out":      into(r, "out", &v.Out),
		"context":  into(r, "context", &v.Context),
		"metadata": into(r, "metadata", &v.Metadata),
	})
	return v
}

func (r *yamlReader) numberRange(n *yaml.Node) *Range {
	out := &Range{}
	digits, words := true, true
	given := map[string]bool{}
	bound := func(name string, to *int) field {
		return func(n *yaml.Node) { given[name] = true; into(r, name, to)(n) }
	}
	r.object(n, "range", map[string]field{
		"from":           bound("from", &out.From),
		"to":             bound("to", &out.To),
		"step":           into(r, "step", &out.Step),
		"type":           into(r, "type", &out.Kind),
		"fractions":      into(r, "fractions", &out.Fractions),
		"multiplier":     into(r, "multiplier", &out.Multiplier),
		"digits":         into(r, "digits", &digits),
		"words":          into(r, "words", &words),
		"words_language": into(r, "words_language", &out.WordsLang),
	})
	for _, name := range []string{"from", "to"} {
		if !given[name] {
			r.fail(n, "range has no %q, expected a whole number", name)
		}
	}
	out.NoDigits, out.NoWords = !digits, !words
	return out
}
