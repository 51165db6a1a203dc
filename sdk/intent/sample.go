package intent

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Vocabulary is what templates refer to by name.
type Vocabulary struct {
	Lang  string // of numbers that are only said in words
	Lists map[string]List
	Rules map[string]string
}

// Sample returns at most limit different utterances that a template stands
// for, spread over its branches, the same ones each time. A wildcard is filled
// with its slot's name, a range with numbers at its ends and middle. A
// reference to nothing, or a list without values, leaves its branches out.
func Sample(n Node, v Vocabulary, limit int) []string {
	s := &sampler{
		lang: v.Lang, most: maxSpellings,
		list: func(name string) (List, bool) { l, ok := v.Lists[name]; return l, ok },
		rule: func(name string) (Node, bool) { return parsedRule(v.Rules, name) },
	}
	return s.samples(n, limit)
}

func parsedRule(rules map[string]string, name string) (Node, bool) {
	body, ok := rules[name]
	if !ok {
		return nil, false
	}
	n, err := Parse(body)
	return n, err == nil
}

// sampler counts and numbers the utterances of a node: utterance i of count.
type sampler struct {
	lang  string
	most  int // values taken of one list
	list  func(name string) (List, bool)
	rule  func(name string) (Node, bool)
	sizes map[string]extent   // of rules; a rule being measured has the zero one
	said  map[string][]string // of lists: their fillings
}

// extent is how many utterances a node stands for and how long they get.
type extent struct {
	count  int
	length int
}

// Bounds of sampling: where counting stops, and how long a sample may be.
const (
	manyUtterances = 1 << 40
	maxSample      = 1 << 14
)

func (s *sampler) samples(n Node, limit int) []string {
	total := s.count(n)
	if total == 0 || limit <= 0 || s.extent(n).length > maxSample {
		return nil
	}
	var out []string
	seen := map[string]bool{}
	// A stride near the golden section that shares no divisor with the total
	// reaches every utterance once, and far-apart ones first.
	stride := total*618/1000 + 1
	for gcd(stride, total) != 1 {
		stride++
	}
	for i, at := 0, 0; i < min(total, 8*limit) && len(out) < limit; i, at = i+1, (at+stride)%total {
		text := strings.Join(strings.Fields(s.pick(n, at)), " ")
		if !seen[text] {
			seen[text] = true
			out = append(out, text)
		}
	}
	return out
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// times multiplies without leaving the bound.
func times(a, b int) int {
	if a != 0 && b > manyUtterances/a {
		return manyUtterances
	}
	return a * b
}

func (s *sampler) count(n Node) int { return s.extent(n).count }

func (s *sampler) extent(n Node) extent {
	switch n := n.(type) {
	case Text:
		return extent{1, len(n)}
	case Sequence:
		return s.product(n)
	case Permutation:
		e := s.product(n)
		for i := range n {
			e.count = times(e.count, i+1)
		}
		return e
	case Alternative:
		return s.sum(n)
	case RuleRef:
		return s.ruleExtent(n.Name)
	case ListRef:
		return extent{len(s.fillings(n)), maxValueLength}
	}
	return extent{}
}

func (s *sampler) product(nodes []Node) extent {
	total := extent{count: 1}
	for _, n := range nodes {
		e := s.extent(n)
		total = extent{times(total.count, e.count), min(manyUtterances, total.length+e.length+1)}
	}
	return total
}

func (s *sampler) sum(nodes []Node) extent {
	var total extent
	for _, n := range nodes {
		e := s.extent(n)
		total = extent{min(manyUtterances, total.count+e.count), max(total.length, e.length)}
	}
	return total
}

// ruleExtent measures each rule once; one that is missing or within itself
// stands for nothing.
func (s *sampler) ruleExtent(name string) extent {
	if e, ok := s.sizes[name]; ok {
		return e
	}
	body, ok := s.rule(name)
	if !ok {
		return extent{}
	}
	if s.sizes == nil {
		s.sizes = map[string]extent{}
	}
	s.sizes[name] = extent{}
	s.sizes[name] = s.extent(body)
	return s.sizes[name]
}

func (s *sampler) pick(n Node, at int) string {
	switch n := n.(type) {
	case Text:
		return string(n)
	case Sequence:
		return s.pickAll(n, at, "")
	case Permutation:
		order, rest := permuted(n, at)
		return " " + s.pickAll(order, rest, " ") + " "
	case Alternative:
		for _, branch := range n {
			c := s.count(branch)
			if at < c {
				return s.pick(branch, at)
			}
			at -= c
		}
	case ListRef:
		return s.fillings(n)[at]
	case RuleRef:
		body, _ := s.rule(n.Name)
		return s.pick(body, at)
	}
	return ""
}

func (s *sampler) pickAll(nodes []Node, at int, sep string) string {
	parts := make([]string, len(nodes))
	for i, n := range nodes {
		c := s.count(n)
		parts[i] = s.pick(n, at%c)
		at /= c
	}
	return strings.Join(parts, sep)
}

// permuted returns order number at%len! of the items, and what is left of at.
func permuted(items []Node, at int) ([]Node, int) {
	left := slices.Clone(items)
	var order []Node
	for len(left) > 0 {
		i := at % len(left)
		at /= len(left)
		order = append(order, left[i])
		left = slices.Delete(left, i, i+1)
	}
	return order, at
}

// fillings are texts that a reference to a list may stand for.
func (s *sampler) fillings(ref ListRef) []string {
	if ref.Range != nil {
		return s.rangeFillings(ref.Range)
	}
	if out, ok := s.said[ref.List]; ok {
		return out
	}
	if s.list == nil {
		return nil
	}
	list, ok := s.list(ref.List)
	switch {
	case !ok:
		return nil
	case list.Wildcard:
		return []string{" " + ref.Slot + " "} // whole words, as matching wants
	case list.Range != nil:
		return s.rangeFillings(list.Range)
	}
	if s.said == nil {
		s.said = map[string][]string{}
	}
	s.said[ref.List] = s.valueFillings(list.Values)
	return s.said[ref.List]
}

func (s *sampler) rangeFillings(r *Range) []string {
	step := max(1, r.Step)
	last := r.From + (r.To-r.From)/step*step
	middle := r.From + (last-r.From)/step/2*step
	var out []string
	for _, n := range []int{r.From, middle, last} {
		word := strconv.Itoa(n)
		if r.NoDigits {
			word = NumberWords(cmp.Or(r.WordsLang, s.lang), n)
		}
		if !slices.Contains(out, word) {
			out = append(out, word)
		}
	}
	return out
}

// valueFillings takes one utterance of each of some values, spread over the
// list, so that long lists don't drown the rest of the template.
func (s *sampler) valueFillings(values []Value) []string {
	var out []string
	some := min(len(values), s.most)
	for i := range some {
		in := strings.TrimSpace(values[i*len(values)/some].In)
		if !strings.ContainsAny(in, reserved) {
			out = append(out, in)
			continue
		}
		n, err := Parse(in)
		if err == nil && s.count(n) > 0 {
			out = append(out, s.pick(n, 0))
		}
	}
	return out
}
