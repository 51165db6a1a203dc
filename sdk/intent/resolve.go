package intent

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// item is a node with its names looked up and its text normalised. Equal items
// are one item, whichever sentence they come from; that is what lets the
// compiler share them.
type item struct {
	id    int32
	kind  itemKind
	text  []rune
	slot  slotRef
	kids  []*item
	size  int // states it takes, about
	paths paths
}

type itemKind byte

const (
	textItem itemKind = iota
	slotItem
	sequenceItem
	alternativeItem
	permutationItem
)

// slotRef is a list, where its value goes, and on which condition.
type slotRef struct {
	list      int32
	slot      int32
	aside     bool
	condition int32 // or -1
}

// maxSize bounds what one sentence may grow to through its rules.
const maxSize = 20_000

// resolver turns the sentences of one language into items.
type resolver struct {
	code     string
	lang     *language
	rules    map[string]string
	lists    []namedList
	global   map[string]int32
	named    map[string][]int32 // lists by listKey
	items    map[string]*item
	slots    names
	conds    []*condition
	condIDs  map[string]int32
	parsed   map[string]Node
	grammars map[string]*grammar
}

// names gives numbers to names.
type names struct {
	list []string
	ids  map[string]int32
}

func (n *names) id(name string) int32 {
	if id, ok := n.ids[name]; ok {
		return id
	}
	if n.ids == nil {
		n.ids = map[string]int32{}
	}
	id := int32(len(n.list))
	n.list = append(n.list, name)
	n.ids[name] = id
	return id
}

func newResolver(code string, lang *language, rules map[string]string) *resolver {
	return &resolver{
		code: code, lang: lang, rules: rules,
		global: map[string]int32{}, named: map[string][]int32{}, items: map[string]*item{},
		condIDs: map[string]int32{}, parsed: map[string]Node{}, grammars: map[string]*grammar{},
	}
}

// scope is where the names of one sentence are looked up.
type scope struct {
	source    string
	lists     map[string]List
	rules     map[string]string
	condition int32
	open      []string // the rules being expanded
	inValue   bool     // no list may stand here
}

// sentence resolves one sentence and refuses what could match nothing, or
// everything.
func (r *resolver) sentence(s *entry) (*item, error) {
	it, err := r.resolve(s.node, &scope{
		source: s.Source, lists: s.Lists, rules: s.Rules,
		condition: r.condition(s.condition),
	})
	switch {
	case err != nil:
		return nil, err
	case it.paths == pathsOf(0):
		return nil, errors.New("it holds no word that could be said, so it can never match")
	case it.paths&pathsOf(pathWildcard) != 0:
		return nil, errors.New("a wildcard may stand alone, so it would match every utterance")
	}
	return it, nil
}

func (r *resolver) condition(c *condition) int32 {
	if c == nil {
		return -1
	}
	key := c.String()
	if id, ok := r.condIDs[key]; ok {
		return id
	}
	r.condIDs[key] = int32(len(r.conds))
	r.conds = append(r.conds, c)
	return r.condIDs[key]
}

func (r *resolver) resolve(n Node, sc *scope) (*item, error) {
	switch n := n.(type) {
	case Text:
		return r.text(string(n)), nil
	case ListRef:
		return r.listRef(n, sc)
	case RuleRef:
		return r.ruleRef(n, sc)
	case Sequence:
		return r.group(sequenceItem, n, sc)
	case Alternative:
		return r.group(alternativeItem, n, sc)
	case Permutation:
		return r.group(permutationItem, n, sc)
	}
	return nil, fmt.Errorf("a node of an unknown kind: %T", n)
}

func (r *resolver) text(s string) *item {
	text := r.lang.chunk(s)
	it := &item{kind: textItem, text: text, size: len(text), paths: pathsOf(0)}
	if countLetters(text) > 0 {
		it.paths = pathsOf(pathAnchor)
	}
	return r.intern("t"+string(text), it)
}

func (r *resolver) group(kind itemKind, nodes []Node, sc *scope) (*item, error) {
	kids := make([]*item, len(nodes))
	for i, n := range nodes {
		kid, err := r.resolve(n, sc)
		if err != nil {
			return nil, err
		}
		kids[i] = kid
	}
	it := r.joined(kind, kids...)
	if it.size > maxSize {
		return nil, fmt.Errorf("with its rules it grows past %d states", maxSize)
	}
	return it, nil
}

// joined makes one item of several.
func (r *resolver) joined(kind itemKind, kids ...*item) *item {
	it := &item{kind: kind, size: 1, kids: kids}
	var key strings.Builder
	key.WriteByte("tlsap"[kind])
	for _, kid := range kids {
		it.size += kid.size + 1
		key.WriteByte(' ')
		key.WriteString(strconv.Itoa(int(kid.id)))
	}
	if kind == permutationItem {
		it.size <<= len(kids) - 1
	}
	it.paths = groupPaths(kind, kids)
	return r.intern(key.String(), it)
}

func (r *resolver) intern(key string, it *item) *item {
	if known, ok := r.items[key]; ok {
		return known
	}
	it.id = int32(len(r.items))
	r.items[key] = it
	return it
}

func (r *resolver) ruleRef(ref RuleRef, sc *scope) (*item, error) {
	if slices.Contains(sc.open, ref.Name) {
		return nil, fmt.Errorf("column %d: rule <%s> is part of itself", ref.Column, ref.Name)
	}
	body, ok := r.ruleBody(ref.Name, sc)
	if !ok {
		return nil, fmt.Errorf("column %d: unknown rule <%s>%s", ref.Column, ref.Name, r.nearestRule(ref.Name, sc))
	}
	n, err := r.parse(body)
	if err != nil {
		return nil, fmt.Errorf("read rule <%s>: %w", ref.Name, err)
	}
	sc.open = append(sc.open, ref.Name)
	it, err := r.resolve(n, sc)
	sc.open = sc.open[:len(sc.open)-1]
	if err != nil {
		return nil, fmt.Errorf("expand rule <%s>: %w", ref.Name, err)
	}
	return it, nil
}

func (r *resolver) ruleBody(name string, sc *scope) (string, bool) {
	if body, ok := sc.rules[name]; ok {
		return body, true
	}
	body, ok := r.rules[name]
	return body, ok
}

func (r *resolver) nearestRule(name string, sc *scope) string {
	return didYouMean(name, slices.Concat(keys(sc.rules), keys(r.rules)))
}

// parse reads each rule's template once.
func (r *resolver) parse(template string) (Node, error) {
	if n, ok := r.parsed[template]; ok {
		return n, nil
	}
	n, err := Parse(template)
	if err == nil {
		r.parsed[template] = n
	}
	return n, err
}
