package intent

import (
	"cmp"
	"slices"
	"sync"
)

// automaton recognises all sentences of one language. It is immutable and
// acyclic: every edge leads to a state with a higher number. States are shared
// by all sentences that begin alike.
type automaton struct {
	states []state // one more than there are, to end the last one's edges
	chars  []charEdge
	empty  []emptyEdge
	slots  []slotEdge
	ends   []int32 // sentences that end in a state
	pool   sync.Pool
}

// state holds the beginnings of its edges; they end where the next state's
// begin.
type state struct {
	first firsts
	space int32 // where a word boundary leads, or -1
	chars, empty,
	slots, ends uint32
}

type charEdge struct {
	folded, exact rune
	to            int32
}

type emptyEdge struct {
	first firsts // of the target, so that dead ends are never visited
	to    int32
}

type slotEdge struct {
	slotRef
	to int32
	// glued means that a word may go on behind the slot, as in {name}s: there
	// a wildcard may end inside a word.
	glued bool
}

// firsts is a set of the characters with which a state can go on, by their
// last six bits. It may hold too much, never too little.
type firsts uint64

const (
	atEnd   firsts = 1 // a sentence may end here
	anyChar firsts = ^firsts(0)
)

func firstsOf(folded rune) firsts { return 1 << (folded & 63) }

func (a *automaton) charsOf(s int32) []charEdge {
	return a.chars[a.states[s].chars:a.states[s+1].chars]
}

func (a *automaton) emptyOf(s int32) []emptyEdge {
	return a.empty[a.states[s].empty:a.states[s+1].empty]
}

func (a *automaton) endsOf(s int32) []int32 {
	return a.ends[a.states[s].ends:a.states[s+1].ends]
}

// maxStates bounds one language: about 200 MiB while compiling.
const maxStates = 4 << 20

// compiler grows an automaton, sentence by sentence. Its rule: where an item
// leads from a state is decided once (in where, or by the character edge that
// is already there), so sentences with the same beginning walk the same
// states.
type compiler struct {
	states []growing
	chars  []chainedChar
	links  []link // empty edges and ends
	slots  []chainedSlot
	where  map[whereKey]int32
}

type whereKey struct{ from, item int32 }

// growing is a state whose edges are still chains; -1 ends a chain.
type growing struct{ space, chars, empty, slots, ends int32 }

type chainedChar struct {
	exact    rune
	to, next int32
}

type link struct{ to, next int32 }

type chainedSlot struct {
	slotEdge
	next int32
}

func newCompiler() *compiler {
	c := &compiler{where: map[whereKey]int32{}}
	c.state()
	return c
}

func (c *compiler) state() int32 {
	c.states = append(c.states, growing{-1, -1, -1, -1, -1})
	return int32(len(c.states) - 1)
}

// sentence adds an item whose matches are matches of a sentence.
func (c *compiler) sentence(it *item, sentence int32) {
	last := c.space(c.item(0, it))
	c.links = append(c.links, link{sentence, c.states[last].ends})
	c.states[last].ends = int32(len(c.links) - 1)
}

// item returns the state that is reached by matching the item from a state.
func (c *compiler) item(from int32, it *item) int32 {
	switch it.kind {
	case textItem:
		return c.text(from, it.text)
	case sequenceItem:
		for _, kid := range it.kids {
			from = c.item(from, kid)
		}
		return from
	default:
		return c.shared(from, it)
	}
}

// shared compiles an item that has a state of its own at its end, once for
// each state that it begins in.
func (c *compiler) shared(from int32, it *item) int32 {
	key := whereKey{from, it.id}
	if to, ok := c.where[key]; ok {
		return to
	}
	var to int32
	switch it.kind {
	case slotItem:
		to = c.slot(from, it.slot)
	case permutationItem:
		to = c.permutation(from, it.kids)
	default:
		to = c.alternative(from, it.kids)
	}
	c.where[key] = to
	return to
}

func (c *compiler) text(from int32, text []rune) int32 {
	for _, r := range text {
		if r == ' ' {
			from = c.space(from)
		} else {
			from = c.char(from, r)
		}
	}
	return from
}

func (c *compiler) space(from int32) int32 {
	if c.states[from].space < 0 {
		to := c.state()
		c.states[from].space = to
	}
	return c.states[from].space
}

func (c *compiler) char(from int32, r rune) int32 {
	for i := c.states[from].chars; i >= 0; i = c.chars[i].next {
		if c.chars[i].exact == r {
			return c.chars[i].to
		}
	}
	to := c.state()
	c.chars = append(c.chars, chainedChar{r, to, c.states[from].chars})
	c.states[from].chars = int32(len(c.chars) - 1)
	return to
}

func (c *compiler) slot(from int32, ref slotRef) int32 {
	to := c.state()
	c.slots = append(c.slots, chainedSlot{slotEdge{slotRef: ref, to: to}, c.states[from].slots})
	c.states[from].slots = int32(len(c.slots) - 1)
	return to
}

// alternative joins the ends of its branches. The joining state is made last,
// so that edges lead upwards.
func (c *compiler) alternative(from int32, branches []*item) int32 {
	ends := make([]int32, len(branches))
	for i, b := range branches {
		ends[i] = c.item(from, b)
	}
	return c.joined(ends)
}

func (c *compiler) joined(ends []int32) int32 {
	slices.Sort(ends)
	to := c.state()
	for _, e := range slices.Compact(ends) {
		c.links = append(c.links, link{to, c.states[e].empty})
		c.states[e].empty = int32(len(c.links) - 1)
	}
	return to
}

// permutation has one state for each set of items that were said.
func (c *compiler) permutation(from int32, items []*item) int32 {
	said := make([]int32, 1<<len(items))
	said[0] = from
	for set := 1; set < len(said); set++ {
		var ends []int32
		for i, it := range items {
			if bit := 1 << i; set&bit != 0 {
				ends = append(ends, c.space(c.item(c.space(said[set^bit]), it)))
			}
		}
		said[set] = c.joined(ends)
	}
	return said[len(said)-1]
}

// freeze lays the edges out one after the other.
func (c *compiler) freeze() *automaton {
	a := &automaton{
		states: make([]state, len(c.states)+1),
		chars:  make([]charEdge, 0, len(c.chars)),
		slots:  make([]slotEdge, 0, len(c.slots)),
	}
	for i := range c.states {
		c.freezeState(a, i)
	}
	a.mark(len(c.states), -1)
	a.findFirsts()
	a.findGlued()
	return a
}

func (a *automaton) mark(i int, space int32) {
	a.states[i] = state{
		space: space, chars: uint32(len(a.chars)), empty: uint32(len(a.empty)),
		slots: uint32(len(a.slots)), ends: uint32(len(a.ends)),
	}
}

func (c *compiler) freezeState(a *automaton, i int) {
	g := c.states[i]
	a.mark(i, g.space)
	at := len(a.chars)
	for e := g.chars; e >= 0; e = c.chars[e].next {
		a.chars = append(a.chars, charEdge{fold(c.chars[e].exact), c.chars[e].exact, c.chars[e].to})
	}
	slices.SortFunc(a.chars[at:], func(x, y charEdge) int {
		return cmp.Or(cmp.Compare(x.folded, y.folded), cmp.Compare(x.exact, y.exact))
	})
	for e := g.empty; e >= 0; e = c.links[e].next {
		a.empty = append(a.empty, emptyEdge{to: c.links[e].to})
	}
	for e := g.slots; e >= 0; e = c.slots[e].next {
		a.slots = append(a.slots, c.slots[e].slotEdge)
	}
	for e := g.ends; e >= 0; e = c.links[e].next {
		a.ends = append(a.ends, c.links[e].to)
	}
}

// findFirsts works from the last state to the first: edges lead upwards.
func (a *automaton) findFirsts() {
	for s := len(a.states) - 2; s >= 0; s-- {
		st := &a.states[s]
		for _, e := range a.charsOf(int32(s)) {
			st.first |= firstsOf(e.folded)
		}
		for i := st.empty; i < a.states[s+1].empty; i++ {
			a.empty[i].first = a.states[a.empty[i].to].first
			st.first |= a.empty[i].first
		}
		if st.space >= 0 {
			st.first |= firstsOf(' ') | a.states[st.space].first
		}
		if st.slots < a.states[s+1].slots {
			st.first = anyChar
		}
		if st.ends < a.states[s+1].ends {
			st.first |= atEnd
		}
	}
}

// findGlued looks behind every slot for letters without a space before them.
func (a *automaton) findGlued() {
	letters := make([]bool, len(a.states)-1) // edges lead upwards
	for s := len(letters) - 1; s >= 0; s-- {
		letters[s] = len(a.charsOf(int32(s))) > 0
		for _, e := range a.emptyOf(int32(s)) {
			letters[s] = letters[s] || letters[e.to]
		}
	}
	for i := range a.slots {
		a.slots[i].glued = letters[a.slots[i].to]
	}
}
