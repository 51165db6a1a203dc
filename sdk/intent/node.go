package intent

import (
	"fmt"
	"iter"
	"strings"
)

// Node is one part of a parsed template: [Text], [Sequence], [Alternative],
// [Permutation], [ListRef] or [RuleRef]. Its String is a template that parses
// to the same utterances. Nodes are never changed after [Parse] returned them.
type Node interface {
	fmt.Stringer
	node()
}

// Text is literal text, without its escapes.
type Text string

// Sequence matches its nodes one after the other; the empty one matches
// nothing at all.
type Sequence []Node

// Alternative matches exactly one of its branches. An optional part is an
// alternative with an empty last branch.
type Alternative []Node

// Permutation matches all its items in any order, with word boundaries around
// each.
type Permutation []Node

// ListRef matches one value of a list, or of the range written in its place,
// and remembers it as a slot.
type ListRef struct {
	List   string // empty when Range is set
	Slot   string // the list's name unless the template says another
	Range  *Range // a range written in the template, or nil
	Aside  bool   // kept for the response only, not an argument
	Column int    // where it stands in its template, from 1
}

// RuleRef stands for the template of an expansion rule.
type RuleRef struct {
	Name   string
	Column int // where it stands in its template, from 1
}

func (Text) node()        {}
func (Sequence) node()    {}
func (Alternative) node() {}
func (Permutation) node() {}
func (ListRef) node()     {}
func (RuleRef) node()     {}

// String returns the text with its reserved characters escaped.
func (t Text) String() string { return Escape(string(t)) }

// String joins the parts.
func (s Sequence) String() string {
	var b strings.Builder
	for _, n := range s {
		b.WriteString(n.String())
	}
	return b.String()
}

// String returns the branches in parentheses, with | between them.
func (a Alternative) String() string { return "(" + join(a, "|") + ")" }

// String returns the items in parentheses, with ; between them.
func (p Permutation) String() string { return "(" + join(p, ";") + ")" }

// String returns the reference in braces.
func (l ListRef) String() string {
	var b strings.Builder
	b.WriteString("{" + l.List)
	if l.Range != nil {
		fmt.Fprintf(&b, "%d..%d", l.Range.From, l.Range.To)
		if l.Range.Step > 1 {
			fmt.Fprintf(&b, ",%d", l.Range.Step)
		}
	}
	if l.Slot != l.List || l.Aside {
		b.WriteString(":")
		if l.Aside {
			b.WriteString("@")
		}
		b.WriteString(l.Slot)
	}
	return b.String() + "}"
}

// String returns the rule's name in angle brackets.
func (r RuleRef) String() string { return "<" + r.Name + ">" }

// Escape returns a template that matches text literally, whatever reserved
// characters it holds.
func Escape(text string) string {
	var b strings.Builder
	for _, r := range text {
		if strings.ContainsRune(reserved, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

func join(nodes []Node, sep string) string {
	parts := make([]string, len(nodes))
	for i, n := range nodes {
		parts[i] = n.String()
	}
	return strings.Join(parts, sep)
}

// listRefs yields every reference to a list in a node, rules not followed.
func listRefs(n Node) iter.Seq[ListRef] {
	return func(yield func(ListRef) bool) { eachListRef(n, yield) }
}

func eachListRef(n Node, yield func(ListRef) bool) bool {
	var kids []Node
	switch n := n.(type) {
	case ListRef:
		return yield(n)
	case Sequence:
		kids = n
	case Alternative:
		kids = n
	case Permutation:
		kids = n
	}
	for _, kid := range kids {
		if !eachListRef(kid, yield) {
			return false
		}
	}
	return true
}
