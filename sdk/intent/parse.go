package intent

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// reserved are the characters that need a backslash to stand for themselves.
const reserved = `()[]{}<>|;\`

// Bounds of one template: what a plugin sends is parsed by the host.
const (
	maxTemplate = 8192 // characters
	maxDepth    = 64   // groups inside groups
	maxItems    = 8    // items of one permutation
)

// ParseError says where a template is wrong.
type ParseError struct {
	Template string
	Column   int    // in characters, from 1
	Found    string // what stands there
	Expected string // what would have been right
}

// Error names the column, what was found and what was expected.
func (e *ParseError) Error() string {
	return fmt.Sprintf("column %d: found %s, expected %s", e.Column, e.Found, e.Expected)
}

// Parse reads one template. It checks form only: whether lists and rules exist
// is known when a [Builder] puts sentences together. A failure is a
// [*ParseError].
func Parse(template string) (Node, error) {
	p := &parser{template: template, src: []rune(template)}
	if len(p.src) > maxTemplate {
		return nil, p.fail(maxTemplate, "a longer template", fmt.Sprintf("at most %d characters", maxTemplate))
	}
	return p.group(0)
}

type parser struct {
	template string
	src      []rune
	pos      int
	depth    int
}

// end stands for the end of the template where a rune is looked at.
const end rune = -1

func (p *parser) peek() rune {
	if p.pos == len(p.src) {
		return end
	}
	return p.src[p.pos]
}

func (p *parser) fail(at int, found, expected string) error {
	return &ParseError{Template: p.template, Column: at + 1, Found: found, Expected: expected}
}

// here is a failure at the reading position.
func (p *parser) here(expected string) error {
	found := "the end of the template"
	if r := p.peek(); r != end {
		found = strconv.QuoteRune(r)
	}
	return p.fail(p.pos, found, expected)
}

// group reads branches up to the closing character, or to the end of the
// template when closer is 0.
func (p *parser) group(closer rune) (Node, error) {
	var branches []Node
	var separator rune
	for {
		branch, err := p.sequence()
		if err != nil {
			return nil, err
		}
		branches = append(branches, branch)
		switch r := p.peek(); {
		case r == '|' || r == ';':
			if separator != 0 && separator != r {
				return nil, p.here(fmt.Sprintf("%q: one group holds alternatives or a permutation, not both", separator))
			}
			separator = r
			p.pos++
		case r == end && closer == 0:
			return p.shape(branches, separator)
		case r == closer:
			p.pos++
			return p.shape(branches, separator)
		default:
			return nil, p.here(expectedEnd(closer))
		}
	}
}

func expectedEnd(closer rune) string {
	if closer == 0 {
		return `text, or a backslash before a reserved character`
	}
	return fmt.Sprintf("text or %q", closer)
}

func (p *parser) shape(branches []Node, separator rune) (Node, error) {
	switch separator {
	case '|':
		return Alternative(branches), nil
	case ';':
		return p.permutation(branches)
	}
	return branches[0], nil
}

func (p *parser) permutation(items []Node) (Node, error) {
	if len(items) > maxItems {
		return nil, p.fail(p.pos-1, fmt.Sprintf("a permutation of %d items", len(items)), fmt.Sprintf("at most %d", maxItems))
	}
	for _, it := range items {
		if s, ok := it.(Sequence); ok && len(s) == 0 {
			return nil, p.fail(p.pos-1, "an empty item", "text between the ; of a permutation")
		}
	}
	return Permutation(items), nil
}

// sequence reads until something that only a group can judge.
func (p *parser) sequence() (Node, error) {
	seq := Sequence{}
	for {
		n, err := p.part()
		if err != nil {
			return nil, err
		}
		if n == nil {
			break
		}
		seq = append(seq, n)
	}
	if len(seq) == 1 {
		return seq[0], nil
	}
	return seq, nil
}

// part reads one node; nil means that the sequence is over.
func (p *parser) part() (Node, error) {
	switch p.peek() {
	case end, '|', ';', ')', ']', '}', '>':
		return nil, nil
	case '(':
		return p.nested(')')
	case '[':
		n, err := p.nested(']')
		return optional(n), err
	case '{':
		return p.listRef()
	case '<':
		return p.ruleRef()
	}
	return p.text()
}

func (p *parser) nested(closer rune) (Node, error) {
	if p.depth == maxDepth {
		return nil, p.here(fmt.Sprintf("at most %d groups inside each other", maxDepth))
	}
	p.depth++
	defer func() { p.depth-- }()
	p.pos++
	return p.group(closer)
}

func optional(n Node) Node {
	if a, ok := n.(Alternative); ok {
		return append(a[:len(a):len(a)], Sequence{})
	}
	return Alternative{n, Sequence{}}
}

func (p *parser) text() (Node, error) {
	var b strings.Builder
	for {
		r := p.peek()
		switch {
		case r == '\\':
			p.pos++
			if r = p.peek(); r == end {
				return nil, p.here("the character that the backslash escapes")
			}
		case r == end || strings.ContainsRune(reserved, r):
			return Text(b.String()), nil
		}
		b.WriteRune(r)
		p.pos++
	}
}

func (p *parser) ruleRef() (Node, error) {
	column := p.pos + 1
	p.pos++
	name, err := p.name("the name of an expansion rule")
	if err != nil {
		return nil, err
	}
	return RuleRef{Name: name, Column: column}, p.expect('>')
}

func (p *parser) listRef() (Node, error) {
	ref := ListRef{Column: p.pos + 1}
	p.pos++
	ref.Aside = p.accept('@')
	var err error
	if r := p.peek(); r == '-' || unicode.IsDigit(r) {
		ref.Range, err = p.inlineRange()
	} else {
		ref.List, err = p.name("the name of a list, or a range such as 0..100")
	}
	if err != nil {
		return nil, err
	}
	if ref.Slot, err = p.slot(&ref); err != nil {
		return nil, err
	}
	return ref, p.expect('}')
}

// slot reads the optional ":slot"; a range has no name of its own to fall back
// on.
func (p *parser) slot(ref *ListRef) (string, error) {
	if !p.accept(':') {
		if ref.Range != nil {
			return "", p.here(`":" and the slot's name after a range`)
		}
		return ref.List, nil
	}
	if p.accept('@') {
		ref.Aside = true
	}
	return p.name("the name of a slot")
}

func (p *parser) inlineRange() (*Range, error) {
	at := p.pos
	r := &Range{Step: 1}
	var err error
	if r.From, err = p.number(); err != nil {
		return nil, err
	}
	if first := p.accept('.'); !first || !p.accept('.') {
		return nil, p.here(`".." between the ends of a range`)
	}
	if r.To, err = p.number(); err != nil {
		return nil, err
	}
	if p.accept(',') {
		if r.Step, err = p.number(); err != nil {
			return nil, err
		}
	}
	if err := r.check(); err != nil {
		return nil, p.fail(at, err.Error(), "a range that holds a number")
	}
	return r, nil
}

func (p *parser) number() (int, error) {
	at := p.pos
	p.accept('-')
	for p.peek() >= '0' && p.peek() <= '9' {
		p.pos++
	}
	n, err := strconv.Atoi(string(p.src[at:p.pos]))
	if err != nil {
		p.pos = at
		return 0, p.here("a whole number")
	}
	return n, nil
}

func (p *parser) name(what string) (string, error) {
	at := p.pos
	for isNameRune(p.peek()) {
		p.pos++
	}
	if p.pos == at {
		return "", p.here(what)
	}
	return string(p.src[at:p.pos]), nil
}

func isNameRune(r rune) bool {
	return r == '_' || r == '-' || r == '.' || unicode.IsLetter(r) || unicode.IsDigit(r)
}

func (p *parser) accept(r rune) bool {
	if p.peek() != r {
		return false
	}
	p.pos++
	return true
}

func (p *parser) expect(r rune) error {
	if !p.accept(r) {
		return p.here(strconv.QuoteRune(r))
	}
	return nil
}
