package intent

import (
	"slices"
	"strings"
	"testing"
)

func FuzzParse(f *testing.F) {
	for _, s := range []string{"turn(s|ed) [the] {name:x}", "(a;b;{0..10,5:n})", `\( <le>[x|y]`, "{@a}", "(((", "{-1..", "a|b;c"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, template string) {
		n, err := Parse(template)
		if err != nil {
			return
		}
		again, err := Parse(n.String())
		if err != nil {
			t.Fatalf("%q prints as %q, which does not parse: %v", template, n, err)
		}
		if n.String() != again.String() {
			t.Fatalf("%q prints as %q, and that as %q", template, n, again)
		}
		Sample(n, Vocabulary{Lists: map[string]List{"a": wild()}}, 5)
	})
}

// FuzzMatch builds a sentence of any template and says any utterance to it. A
// match has to be whole: its slots' texts come from the utterance.
func FuzzMatch(f *testing.F) {
	f.Add("allume [<le>]{name} [à {0..100:n}%]", "allume l'aspirateur à vingt et un %")
	f.Add("météo (à |d'){x}", "Météo à São Paulo s'il te plaît")
	f.Add("({x};et;{name})", "et a b c")
	f.Add("a{name}b{x}", "aspirateur")
	f.Fuzz(func(t *testing.T, template, text string) {
		b := NewBuilder()
		must(t, b.AddRule("fr", "le", "(le |la |les |l')"))
		must(t, b.AddList("fr", "name", values("aspirateur", "lampe[s] (du|de) salon", "a", "a a")))
		must(t, b.AddList("fr", "x", wild()))
		if b.Add(Sentence{Source: "s", Lang: "fr", Template: "bonjour {x} [<le>{name}]"}) != nil ||
			b.Add(Sentence{Source: "s", Lang: "fr", Template: template}) != nil {
			return
		}
		m, err := b.Build()
		if err != nil {
			return
		}
		for _, match := range m.Match("fr", text) {
			for name, said := range match.SlotText {
				if said == "" || !strings.Contains(text, said) {
					t.Fatalf("%q to %q: slot %s is %q", text, template, name, said)
				}
			}
			if match.Wildcards > 0 && match.Literal == 0 && len(match.SlotText) == match.Wildcards {
				t.Fatalf("%q to %q: wildcards took the whole command", text, template)
			}
		}
		m.Clashes(2)
	})
}

// FuzzAgainstTheSampler checks the automaton against the sampler, which knows
// nothing of it. Whatever a template stands for matches it, in the exact pass,
// and without accents in the folded one; and where all that a template stands
// for is known, nothing else matches exactly.
func FuzzAgainstTheSampler(f *testing.F) {
	for _, s := range []string{"a(b|c)[d] e", "(a;b [c];d)", "l'(a|é)b", "[a ][b ]c", "(a|ab)(c|bc)", "[x][ ]y[ z]", "{n} a{n}b", "é[ à {x}]", "{n}{n}[b]"} {
		f.Add(s, "a b c")
		f.Add(s, "ab bc")
	}
	f.Fuzz(func(t *testing.T, template, text string) {
		// Spelling across the borders of a piece is not composed again.
		if strings.ContainsFunc(template+text, func(r rune) bool { return !strings.ContainsRune("abcdeéà nxy'()[]{}|;", r) }) {
			return
		}
		n, err := Parse(template)
		if err != nil {
			return
		}
		lists := map[string]List{"n": values("a", "ab", "b c", "é"), "x": wild()}
		b := NewBuilder()
		for name, l := range lists {
			must(t, b.AddList("xx", name, l))
		}
		must(t, b.Add(Sentence{Source: "s", Lang: "xx", Template: template}))
		m, err := b.Build()
		if err != nil {
			return
		}
		checkSamples(t, m, template, Sample(n, Vocabulary{Lists: lists}, 20))
		all := (&sampler{most: 10, list: func(name string) (List, bool) { l, ok := lists[name]; return l, ok }})
		if all.count(n) > 200 || strings.Contains(template, "{x") {
			return
		}
		known := map[string]bool{}
		for _, s := range all.samples(n, 200) {
			known[Normalize("xx", s)] = true
		}
		found := m.Match("xx", text)
		if want := known[Normalize("xx", text)] && Normalize("xx", text) != ""; want != (len(found) > 0 && found[0].Exact) {
			t.Fatalf("%q to %q: matches exactly is %v, want %v", text, template, !want, want)
		}
	})
}

func checkSamples(t *testing.T, m *Matcher, template string, samples []string) {
	t.Helper()
	for _, text := range samples {
		if Normalize("xx", text) == "" {
			continue
		}
		if found := m.Match("xx", text); len(found) == 0 || !found[0].Exact {
			t.Fatalf("%q does not match %q", text, template)
		}
		plain := strings.NewReplacer("é", "e", "à", "a").Replace(text)
		if len(m.Match("xx", plain)) == 0 {
			t.Fatalf("%q does not match %q", plain, template)
		}
	}
}

// The work of a run is counted, not timed: what it visits and remembers. fault-M17
func TestWorkGrowsNoFasterThanTheUtterance(t *testing.T) {
	lists := map[string]List{"x": wild(), "y": wild(), "name": values("a", "a a", "a b a", "aspirateur")}
	m := buildWith(t, "fr", lists, "a {x} a {y} a", "{name} {x} b", "({x} a;{y} a;b)", "[a ][a ][a ]{name}{name} {x}", "{1..9999:n} {x}")
	for _, words := range []string{"a ", "a b ", "aspirateru ", "please ", "vingt et un ", "jarvis a ", "x"} {
		for _, exact := range []bool{true, false} {
			short, long := work(m, strings.Repeat(words, 500), exact), work(m, strings.Repeat(words, 1000), exact)
			if long > short*21/10+200 {
				t.Errorf("%q (exact %v): %d steps for 500 times, %d for 1000", words, exact, short, long)
			}
		}
	}
}

func work(m *Matcher, text string, exact bool) int {
	c := m.languages["fr"]
	r := c.automaton.newRun(newUtterance(c.lang, text), exact)
	r.finders, r.conds, r.skips = c.finders, c.resolver.conds, c.skips
	r.all()
	steps := len(r.later) + len(r.captures) + r.visits
	r.done()
	return steps
}

func TestHostileUtterancesFindTheirWay(t *testing.T) {
	lists := map[string]List{"x": wild(), "y": wild(), "z": wild(), "name": values("a", "a a", "a a a")}
	m := buildWith(t, "fr", lists, "a {x} a {y} a {z} a", "{name} {x} b", "({x} a;{y} a;b)", "[a ][a ][a ][a ][a ][a ][a ][a ]{name}")
	text := strings.Repeat("a ", 2048)
	found := m.Match("fr", text)
	if len(found) != 1 || found[0].Template != "a {x} a {y} a {z} a" {
		t.Fatalf("found %d", len(found))
	}
	if got := found[0].SlotText; got["x"] != "a" || got["y"] != "a" || len(got["z"]) != 2*2042-1 {
		t.Errorf("x = %q, y = %q, z has %d characters", got["x"], got["y"], len(got["z"]))
	}
	if !slices.Equal(m.Match("fr", "please "+text)[0].names(), []string{"x", "y", "z"}) {
		t.Error("a polite word changed the slots")
	}
}

// names are the match's slots, sorted.
func (m Match) names() []string {
	out := keys(m.Slots)
	slices.Sort(out)
	return out
}

// FuzzYAML reads any file: what it is read as can be added to a matcher, or the
// error names the file.
func FuzzYAML(f *testing.F) {
	for _, s := range []string{
		"language: fr\nintents:\n  on:\n    data:\n      - sentences: [\"allume {x}\"]\nlists:\n  x: {wildcard: true}\n",
		"language: en\nlists:\n  n: {range: {from: 0, to: 10, step: 2, fractions: halves}}\nexpansion_rules: {a: \"<b>\", b: \"<a>\"}\n",
		"intents: [", "a: &a [*a]", "language: 5", "lists: {x: {values: [{in: a, out: {b: c}}]}}", "", "\x00",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := ParseYAML("f.yaml", data)
		if err != nil {
			if !strings.Contains(err.Error(), "f.yaml") {
				t.Errorf("%q: %v", data, err)
			}
			return
		}
		b := NewBuilder()
		for _, s := range file.Sentences("plugin") {
			_ = b.Add(s) // a sentence may be wrong by itself
		}
		_, _ = b.Build()
	})
}
