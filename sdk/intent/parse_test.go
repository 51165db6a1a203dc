package intent

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestATemplateIsReadIntoItsParts(t *testing.T) {
	tests := []struct {
		template string
		want     Node
	}{
		{"bonjour", Text("bonjour")},
		{"", Sequence{}},
		{"turn(s|ed)", Sequence{Text("turn"), Alternative{Text("s"), Text("ed")}}},
		{"(a|)", Alternative{Text("a"), Sequence{}}},
		{"[a|b]", Alternative{Text("a"), Text("b"), Sequence{}}},
		{"light[s]", Sequence{Text("light"), Alternative{Text("s"), Sequence{}}}},
		{"(a;b;c)", Permutation{Text("a"), Text("b"), Text("c")}},
		{"a|b", Alternative{Text("a"), Text("b")}},
		{`\(a\|b\) \\`, Text(`(a|b) \`)},
		{"{city}", ListRef{List: "city", Slot: "city", Column: 1}},
		{"à {city:where}", Sequence{Text("à "), ListRef{List: "city", Slot: "where", Column: 3}}},
		{"{city:@where}", ListRef{List: "city", Slot: "where", Aside: true, Column: 1}},
		{"{@city}", ListRef{List: "city", Slot: "city", Aside: true, Column: 1}},
		{"{0..100:brightness}", ListRef{Slot: "brightness", Range: &Range{From: 0, To: 100, Step: 1}, Column: 1}},
		{"{-10..100,10:n}", ListRef{Slot: "n", Range: &Range{From: -10, To: 100, Step: 10}, Column: 1}},
		{"<le>chat", Sequence{RuleRef{Name: "le", Column: 1}, Text("chat")}},
	}
	for _, tt := range tests {
		got, err := Parse(tt.template)
		if err != nil {
			t.Errorf("Parse(%q): %v", tt.template, err)
			continue
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("Parse(%q) (-want +got):\n%s", tt.template, diff)
		}
	}
}

func TestAParseErrorNamesColumnFoundAndExpected(t *testing.T) {
	tests := []struct {
		template, found, expected string
		column                    int
	}{
		{"(a", "the end of the template", `')'`, 3},
		{"été (a]", `']'`, `')'`, 7},
		{"a)", `')'`, "backslash", 2},
		{"(a|b;c)", `';'`, "not both", 5},
		{"(a;b|c)", `'|'`, "not both", 5},
		{"(a;)", "an empty item", "between the ;", 4},
		{"{}", `'}'`, "the name of a list", 2},
		{"{a:}", `'}'`, "the name of a slot", 4},
		{"{a b}", `' '`, `'}'`, 3},
		{"{0..10}", `'}'`, `":"`, 7},
		{"{0.10:n}", `'1'`, `".."`, 4},
		{"{5..1:n}", "holds no number", "holds a number", 2},
		{"{1..x:n}", `'x'`, "a whole number", 5},
		{"<>", `'>'`, "expansion rule", 2},
		{"<le", "the end of the template", `'>'`, 4},
		{`a\`, "the end of the template", "backslash escapes", 3},
		{"(a;b;c;d;e;f;g;h;i)", "a permutation of 9 items", "at most 8", 19},
		{strings.Repeat("(", 100), `'('`, "at most 64", 65},
		{strings.Repeat("a", maxTemplate+1), "a longer template", "at most 8192", maxTemplate + 1},
	}
	for _, tt := range tests {
		_, err := Parse(tt.template)
		var pe *ParseError
		if !errors.As(err, &pe) {
			t.Errorf("Parse(%.20q) = %v, want a ParseError", tt.template, err)
			continue
		}
		if pe.Column != tt.column || !strings.Contains(pe.Found, tt.found) || !strings.Contains(pe.Expected, tt.expected) {
			t.Errorf("Parse(%.20q): %v; want column %d, found %s, expected %s", tt.template, err, tt.column, tt.found, tt.expected)
		}
	}
}

func TestANodePrintsATemplateThatParsesToItself(t *testing.T) {
	for _, template := range []string{
		"turn(s|ed) [the|my] {name} (on|off)", "(a;b;{0..10,5:n})", `\{x\} <le>[y]`, "{@a} {b:@c} {d:e}",
	} {
		n, err := Parse(template)
		must(t, err)
		again, err := Parse(n.String())
		must(t, err)
		if n.String() != again.String() {
			t.Errorf("%q prints as %q, and that as %q", template, n, again)
		}
	}
}

func TestEscapedTextStandsForItself(t *testing.T) {
	text := `a(b)[c]{d}<e>|;\f`
	n, err := Parse(Escape(text))
	must(t, err)
	if diff := cmp.Diff(Node(Text(text)), n); diff != "" {
		t.Error(diff)
	}
}
