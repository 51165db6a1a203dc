package intent

// trie holds the phrases of one list. It is keyed by characters without their
// accents, so that one walk serves the exact and the folded pass; the exact
// spelling is compared where a phrase ends.
type trie struct {
	nodes []trieNode
	depth int // of the longest phrase
}

type trieNode struct {
	kids    []trieEdge
	phrases []phrase
	longest int // letters of the longest phrase through here
}

type trieEdge struct {
	folded rune
	to     int32
}

// phrase is one exact spelling and the values it stands for.
type phrase struct {
	spelling []rune
	letters  int
	values   []int32
}

func (n *trieNode) kid(folded rune) int32 {
	for _, e := range n.kids {
		if e.folded == folded {
			return e.to
		}
	}
	return -1
}

// walk calls visit for every phrase that begins at a position, shortest first.
func (t *trie) walk(u *utterance, at int, exact bool, visit func(end int, values []int32)) {
	node := int32(0)
	for to := at; to < len(u.folded); to++ {
		if node = t.nodes[node].kid(u.folded[to]); node < 0 {
			return
		}
		for _, p := range t.nodes[node].phrases {
			if !exact || equalRunes(p.spelling, u.runes[at:to+1]) {
				visit(to+1, p.values)
			}
		}
	}
}

func equalRunes(a, b []rune) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// trieBuilder collects phrases; the zero value is ready.
type trieBuilder struct {
	nodes []trieNode
	depth int
}

// add keeps values in the order in which they came.
func (b *trieBuilder) add(spelling []rune, value int32) {
	if len(b.nodes) == 0 {
		b.nodes = append(b.nodes, trieNode{})
	}
	letters := countLetters(spelling)
	node := int32(0)
	b.nodes[0].longest = max(b.nodes[0].longest, letters)
	for _, r := range spelling {
		node = b.step(node, fold(r))
		b.nodes[node].longest = max(b.nodes[node].longest, letters)
	}
	b.depth = max(b.depth, len(spelling))
	b.nodes[node].put(spelling, letters, value)
}

func (b *trieBuilder) step(from int32, folded rune) int32 {
	if to := b.nodes[from].kid(folded); to >= 0 {
		return to
	}
	to := int32(len(b.nodes))
	b.nodes = append(b.nodes, trieNode{})
	b.nodes[from].kids = append(b.nodes[from].kids, trieEdge{folded, to})
	return to
}

func (n *trieNode) put(spelling []rune, letters int, value int32) {
	for i, p := range n.phrases {
		if equalRunes(p.spelling, spelling) {
			if p.values[len(p.values)-1] != value {
				n.phrases[i].values = append(p.values, value)
			}
			return
		}
	}
	n.phrases = append(n.phrases, phrase{spelling, letters, []int32{value}})
}

func (b *trieBuilder) trie() *trie {
	if len(b.nodes) == 0 {
		b.nodes = append(b.nodes, trieNode{})
	}
	return &trie{nodes: b.nodes, depth: b.depth}
}

func countLetters(runes []rune) int {
	n := 0
	for _, r := range runes {
		if r != ' ' {
			n++
		}
	}
	return n
}
