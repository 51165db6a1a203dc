package intent

import (
	"cmp"
	"slices"
	"strings"
)

// Best orders matches as hassil's recognize_best does: those with a value of a
// list in the slot before those without, the longest said value of it first;
// then fewest wildcards, most literal letters, least wildcard text; and last
// the intents' names. An empty slot leaves the first rule out. The matches of
// exact spelling stay before those of the folded pass, because [Matcher.Match]
// never returns both.
func Best(matches []Match, slot string) []Match {
	out := slices.Clone(matches)
	slices.SortStableFunc(out, func(a, b Match) int {
		return cmp.Or(
			cmp.Compare(b.said(slot), a.said(slot)),
			cmp.Compare(a.Edits, b.Edits),
			cmp.Compare(a.Wildcards, b.Wildcards),
			cmp.Compare(b.Literal, a.Literal),
			cmp.Compare(a.WildcardChars, b.WildcardChars),
			strings.Compare(a.Intent, b.Intent),
		)
	})
	return out
}

// said is how long what was said for a slot is, when it is a value of a list;
// 0 when it is not said.
func (m *Match) said(slot string) int {
	if _, chosen := m.Chosen[slot]; !chosen {
		return 0
	}
	return len([]rune(m.SlotText[slot]))
}
