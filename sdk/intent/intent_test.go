package intent

import (
	"testing"
)

// build compiles templates of one language, each its own intent.
func build(tb testing.TB, lang string, templates ...string) *Matcher {
	tb.Helper()
	return buildWith(tb, lang, nil, templates...)
}

// buildWith is build with lists of the language. The rules <le> and <the> are
// there for all.
func buildWith(tb testing.TB, lang string, lists map[string]List, templates ...string) *Matcher {
	tb.Helper()
	b := NewBuilder()
	must(tb, b.AddRule(lang, "le", "(le |la |les |l')"))
	must(tb, b.AddRule(lang, "the", "[the|my]"))
	for name, l := range lists {
		must(tb, b.AddList(lang, name, l))
	}
	for _, template := range templates {
		must(tb, b.Add(Sentence{Source: "test", Intent: template, Lang: lang, Template: template}))
	}
	m, err := b.Build()
	must(tb, err)
	return m
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// best returns the winner, or fails.
func best(tb testing.TB, m *Matcher, lang, text string) Match {
	tb.Helper()
	found := m.Match(lang, text)
	if len(found) == 0 {
		tb.Fatalf("%q matches nothing", text)
	}
	return found[0]
}

func wild() List { return List{Wildcard: true} }

func values(in ...string) List {
	l := List{Values: []Value{}}
	for _, s := range in {
		l.Values = append(l.Values, Value{In: s})
	}
	return l
}
