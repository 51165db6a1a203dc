package intent

import (
	"testing"
)

// build compiles templates of one language, each its own intent.
func build(t testing.TB, lang string, templates ...string) *Matcher {
	t.Helper()
	return buildWith(t, lang, nil, templates...)
}

// buildWith is build with lists of the language. The rules <le> and <the> are
// there for all.
func buildWith(t testing.TB, lang string, lists map[string]List, templates ...string) *Matcher {
	t.Helper()
	b := NewBuilder()
	must(t, b.AddRule(lang, "le", "(le |la |les |l')"))
	must(t, b.AddRule(lang, "the", "[the|my]"))
	for name, l := range lists {
		must(t, b.AddList(lang, name, l))
	}
	for _, template := range templates {
		must(t, b.Add(Sentence{Source: "test", Intent: template, Lang: lang, Template: template}))
	}
	m, err := b.Build()
	must(t, err)
	return m
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// best returns the winner, or fails.
func best(t testing.TB, m *Matcher, lang, text string) Match {
	t.Helper()
	found := m.Match(lang, text)
	if len(found) == 0 {
		t.Fatalf("%q matches nothing", text)
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
