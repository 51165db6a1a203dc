package analysis

import "slices"

// Group is one thing that a question asks for, with the stems that may stand
// for it: the word's own in either language, the likelier first.
type Group struct {
	Word  string // folded
	Stems []string
	// Proper is whether the word is written as a name.
	Proper bool
}

// Groups returns what a question is about, each thing once. A question in one
// language may meet a text in the other, so a word has the stems of both.
func Groups(text, lang string) (Text, []Group) {
	t := Analyze(text, lang)
	var out []Group
	for _, k := range t.Tokens {
		if k.Stop || slices.ContainsFunc(out, func(g Group) bool { return g.Stems[0] == k.Stem }) {
			continue
		}
		g := Group{Word: k.Folded, Stems: []string{k.Stem}, Proper: k.Proper}
		if !k.Number {
			for _, l := range []string{"en", "fr"} {
				if s := languages()[l].stemmed(k.Word); !slices.Contains(g.Stems, s) {
					g.Stems = append(g.Stems, s)
				}
			}
		}
		out = append(out, g)
	}
	return t, out
}
