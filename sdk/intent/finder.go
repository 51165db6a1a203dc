package intent

import (
	"errors"
	"fmt"
	"slices"
)

// Bounds of one list value.
const (
	maxSpellings   = 256 // utterances that one value's template stands for
	maxValueLength = 256 // characters of one of them
)

// finder is a list ready for matching. It is immutable. Only finders know a
// list's content: the automaton of the sentences refers to them by number, so
// that a list can be swapped without compiling any sentence again.
type finder struct {
	wildcard bool
	values   []Value
	plain    []bool // whether a value's In is what is said, letter by letter
	phrases  *trie  // of a list of values
	numbers  *numberFinder
}

// hit is one way to read a list at a position.
type hit struct {
	end    int
	edits  int
	values []int32 // of a list of values
	number int     // of a range, in tenths
}

// find returns every end that a value or number may have, each with its least
// edits. Only the folded pass accepts near misses.
func (f *finder) find(u *utterance, at int, exact bool) []hit {
	if f.numbers != nil {
		return f.numbers.find(u, at, exact)
	}
	var hits []hit
	f.phrases.walk(u, at, exact, func(end int, values []int32) {
		hits = addHit(hits, hit{end: end, values: values})
	})
	if !exact && u.wordStart(at) {
		f.phrases.near(u, at, func(end, edits int, values []int32) {
			hits = addHit(hits, hit{end: end, edits: edits, values: values})
		})
	}
	return hits
}

// allowed leaves out the values that a condition does not want.
func (f *finder) allowed(hits []hit, c *condition) []hit {
	var out []hit
	for _, h := range hits {
		h.values = slices.DeleteFunc(slices.Clone(h.values), func(v int32) bool {
			return !c.allows(f.values[v].Context)
		})
		if len(h.values) > 0 {
			out = append(out, h)
		}
	}
	return out
}

// addHit keeps one hit for each end: the nearest, or the values of equally
// near ones together.
func addHit(hits []hit, h hit) []hit {
	for i, old := range hits {
		switch {
		case old.end != h.end:
			continue
		case old.edits > h.edits:
			hits[i] = h
		case old.edits == h.edits:
			hits[i].values = union(old.values, h.values)
		}
		return hits
	}
	return append(hits, h)
}

func union(a, b []int32) []int32 {
	out := slices.Clone(a)
	for _, v := range b {
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	slices.Sort(out)
	return out
}

// numberFinder reads the numbers of one range.
type numberFinder struct {
	Range
	words *grammar // nil where words don't count
}

func (f *numberFinder) find(u *utterance, at int, exact bool) []hit {
	var hits []hit
	add := func(n number) {
		if f.holds(n.value) {
			hits = append(hits, hit{end: n.end, number: n.value})
		}
	}
	if n, ok := digits(u, at, f.Fractions != ""); ok && !f.NoDigits {
		add(n)
	}
	if f.words != nil {
		r := reading{f.words, u, exact}
		for _, n := range r.numbers(at, f.Fractions != "") {
			add(n)
		}
		hits = append(hits, f.signedDigits(r, at)...)
	}
	return hits
}

// signedDigits reads "moins 5".
func (f *numberFinder) signedDigits(r reading, at int) []hit {
	next := r.word(at, r.minus)
	if next < 0 || !r.u.wordStart(at) || f.NoDigits {
		return nil
	}
	n, ok := digits(r.u, next+1, f.Fractions != "")
	if !ok || n.value < 0 || !f.holds(-n.value) {
		return nil
	}
	return []hit{{end: n.end, number: -n.value}}
}

// digits reads a number written in digits, all of them.
func digits(u *utterance, at int, fractions bool) (number, bool) {
	runes, to, sign := u.runes, at, 1
	if at > 0 && (isDigit(runes[at-1]) || runes[at-1] == '.') {
		return number{}, false
	}
	if to < len(runes) && runes[to] == '-' {
		sign = -1
		to++
	}
	start, n := to, 0
	for ; to < len(runes) && isDigit(runes[to]) && n <= maxNumber; to++ {
		n = 10*n + int(runes[to]-'0')
	}
	if to == start || n > maxNumber {
		return number{}, false
	}
	n *= 10
	if to+1 < len(runes) && runes[to] == '.' {
		if !fractions || to+2 < len(runes) && isDigit(runes[to+2]) {
			return number{}, false
		}
		n += int(runes[to+1] - '0')
		to += 2
	}
	return number{to, sign * n}, true
}

// holds tells whether a number, in tenths, belongs to the range.
func (f *numberFinder) holds(tenths int) bool {
	from, step := 10*f.From, 10*max(1, f.Step)
	switch f.Fractions {
	case "halves":
		step = 5
	case "tenths":
		step = 1
	}
	return tenths >= from && tenths <= 10*f.To && (tenths-from)%step == 0
}

// value is what the slot becomes.
func (f *numberFinder) value(tenths int) any {
	switch {
	case f.Multiplier != 0:
		return float64(tenths) * f.Multiplier / 10
	case f.Fractions != "":
		return float64(tenths) / 10
	}
	return tenths / 10
}

// dynamicFinder prepares a list whose values are plain text from the world.
// Values that hold no word can't be said and are left out of the search.
func dynamicFinder(l *language, words *grammar, list List) *finder {
	switch {
	case list.Wildcard:
		return &finder{wildcard: true}
	case list.Range != nil:
		return rangeFinder(words, *list.Range)
	}
	b := &trieBuilder{}
	plain := make([]bool, len(list.Values))
	for i, v := range list.Values {
		plain[i] = true
		if w := newUtterance(l, v.In).words(); len(w) > 0 && len(w) <= maxValueLength {
			b.add(w, int32(i))
		}
	}
	return &finder{values: list.Values, plain: plain, phrases: b.trie()}
}

func rangeFinder(words *grammar, r Range) *finder {
	if r.NoWords {
		words = nil
	}
	return &finder{numbers: &numberFinder{r, words}}
}

// authoredFinder prepares a list whose values are templates; spell returns all
// that a value's template stands for.
func authoredFinder(list List, spell func(in string) ([][]rune, error)) (*finder, error) {
	b := &trieBuilder{}
	f := &finder{values: list.Values, plain: make([]bool, len(list.Values))}
	var errs []error
	for i, v := range list.Values {
		spellings, err := spell(v.In)
		if err != nil {
			errs = append(errs, fmt.Errorf("read value %q: %w", v.In, err))
			continue
		}
		f.plain[i] = len(spellings) == 1
		for _, s := range spellings {
			b.add(s, int32(i))
		}
	}
	f.phrases = b.trie()
	return f, errors.Join(errs...)
}

// spellings returns what a value's template stands for, normalised.
func spellings(l *language, n Node, s *sampler) ([][]rune, error) {
	if s.count(n) > maxSpellings {
		return nil, fmt.Errorf("it stands for more than %d utterances", maxSpellings)
	}
	var out [][]rune
	for _, text := range s.samples(n, maxSpellings) {
		words := newUtterance(l, text).words()
		if len(words) > maxValueLength {
			return nil, fmt.Errorf("it is longer than %d characters", maxValueLength)
		}
		if len(words) > 0 {
			out = append(out, words)
		}
	}
	if len(out) == 0 {
		return nil, errors.New("it holds no word that could be said")
	}
	return out, nil
}
