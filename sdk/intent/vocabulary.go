package intent

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// namedList is a list in use. A source that is not empty owns it.
type namedList struct {
	source, name string
	list         List
	finder       *finder
}

func (r *resolver) listRef(ref ListRef, sc *scope) (*item, error) {
	if sc.inValue {
		return nil, fmt.Errorf("column %d: a list inside a list's value", ref.Column)
	}
	list, err := r.list(ref, sc)
	if err != nil {
		return nil, fmt.Errorf("column %d: %w", ref.Column, err)
	}
	s := slotRef{list: list, slot: r.slots.id(ref.Slot), aside: ref.Aside, condition: sc.condition}
	it := &item{kind: slotItem, slot: s, size: 1, paths: pathsOf(pathAnchor)}
	if r.lists[list].finder.wildcard {
		it.paths = pathsOf(pathWildcard)
	}
	it = r.intern(fmt.Sprintf("l%v", s), it)
	if r.lang.unspaced {
		return r.between(it), nil
	}
	return it, nil
}

// between lets words end and begin at both ends of a slot: in a script without
// spaces, a value of another script may touch its neighbours.
func (r *resolver) between(slot *item) *item {
	space, nothing := r.text(" "), r.text("")
	maybe := r.joined(alternativeItem, space, nothing)
	return r.joined(sequenceItem, maybe, slot, maybe)
}

func (r *resolver) list(ref ListRef, sc *scope) (int32, error) {
	if ref.Range != nil {
		name := strings.TrimSuffix(ListRef{Range: ref.Range}.String(), "}")
		return r.addList(" range", name, List{Range: ref.Range}, sc)
	}
	list, ok := sc.lists[ref.List]
	if ok && list.Unusable == "" {
		return r.addList(sc.source, ref.List, list, sc)
	}
	if id, ok := r.global[ref.List]; ok {
		return id, nil
	}
	if ok {
		return 0, fmt.Errorf("{%s}: %s", ref.List, list.Unusable)
	}
	known := slices.Concat(keys(sc.lists), keys(r.global))
	return 0, fmt.Errorf("unknown list {%s}%s", ref.List, cmp.Or(didYouMean(ref.List, known), thereAre(keys(sc.lists))))
}

// addList prepares a list, once for all sentences of a source that bring the
// same.
func (r *resolver) addList(source, name string, list List, sc *scope) (int32, error) {
	key := listKey(source, name)
	for _, id := range r.named[key] {
		if sameList(r.lists[id].list, list) {
			return id, nil
		}
	}
	f, err := r.finder(list, sc)
	if err != nil {
		return 0, fmt.Errorf("read list {%s}: %w", name, err)
	}
	id := int32(len(r.lists))
	r.lists = append(r.lists, namedList{source, name, list, f})
	r.named[key] = append(r.named[key], id)
	return id, nil
}

// listKey is the name under which a list can be swapped.
func listKey(source, name string) string {
	if source == "" {
		return name
	}
	return source + "/" + name
}

func (r *resolver) finder(list List, sc *scope) (*finder, error) {
	switch err := list.check(); {
	case err != nil:
		return nil, err
	case list.Wildcard:
		return &finder{wildcard: true}, nil
	case list.Range != nil:
		return rangeFinder(r.grammar(list.Range.WordsLang), *list.Range), nil
	}
	return authoredFinder(list, func(in string) ([][]rune, error) { return r.spell(in, sc) })
}

// grammar returns the number words of a language, the sentence's own unless
// another is named.
func (r *resolver) grammar(code string) *grammar {
	if code == "" {
		code = r.code
	}
	g, ok := r.grammars[code]
	if !ok {
		l := r.lang
		if code != r.code {
			l = languageOf(code)
		}
		g = newGrammar(l)
		r.grammars[code] = g
	}
	return g
}

// wordsOf returns the number words of a list that is swapped in. It changes
// nothing, because a built resolver is shared.
func (r *resolver) wordsOf(list List) *grammar {
	if list.Range == nil {
		return nil
	}
	code := cmp.Or(list.Range.WordsLang, r.code)
	if g, ok := r.grammars[code]; ok {
		return g
	}
	return newGrammar(languageOf(code))
}

// spell returns what a value's template stands for.
func (r *resolver) spell(in string, sc *scope) ([][]rune, error) {
	n, err := Parse(in)
	if err != nil {
		return nil, err
	}
	value := &scope{source: sc.source, rules: sc.rules, condition: -1, inValue: true}
	if _, err := r.resolve(n, value); err != nil {
		return nil, err
	}
	return spellings(r.lang, n, r.sampler(sc))
}

// sampledValues is how many values of a list are tried when sentences are
// checked.
const sampledValues = 8

// sampler makes utterances of nodes whose names stand in a scope.
func (r *resolver) sampler(sc *scope) *sampler {
	return &sampler{
		lang: r.code, most: sampledValues,
		rule: func(name string) (Node, bool) {
			body, ok := r.ruleBody(name, sc)
			if !ok {
				return nil, false
			}
			if n, ok := r.parsed[body]; ok {
				return n, true
			}
			n, err := Parse(body)
			return n, err == nil
		},
		list: func(name string) (List, bool) {
			if l, ok := sc.lists[name]; ok {
				return l, true
			}
			id, ok := r.global[name]
			if !ok {
				return List{}, false
			}
			return r.lists[id].list, true
		},
	}
}

// sameList compares by identity first: sentences of one source share their
// lists as a rule, and lists may be long.
func sameList(a, b List) bool {
	if len(a.Values) > 0 && len(a.Values) == len(b.Values) && &a.Values[0] == &b.Values[0] {
		return true
	}
	return reflect.DeepEqual(a, b)
}
