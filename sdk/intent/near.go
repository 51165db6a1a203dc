package intent

// lettersPerEdit is how many letters a list's value needs for each edit that a
// near miss may have.
const lettersPerEdit = 6

// maxNear is the longest utterance, in characters, in which near misses are
// looked for. Whoever says more than a few sentences gives no command whose name
// was misspelt, and looking costs the most of all.
const maxNear = 1024

// near finds phrases that are almost said at a position. An edit is a letter
// more, less, other, or swapped with its neighbour. The first letter is always
// right, digits are always right ("lamp 1" is not "lamp 2"), and a near miss is
// made of whole words.
func (t *trie) near(u *utterance, at int, visit func(end, edits int, values []int32)) {
	first := t.nodes[0].kid(u.folded[at])
	if first < 0 || len(u.folded) > maxNear || t.nodes[first].longest < lettersPerEdit {
		return
	}
	text := u.folded[at+1:]
	text = text[:min(len(text), t.depth+t.nodes[first].longest/lettersPerEdit)]
	s := &nearSearch{trie: t, u: u, at: at, text: text, visit: visit}
	row := make([]int, len(text)+1)
	for i := range row {
		row[i] = i
		if i > 0 && (isDigit(text[i-1]) || row[i-1] == tooFar) {
			row[i] = tooFar
		}
	}
	s.node(first, row)
}

// tooFar is a distance that no phrase allows.
const tooFar = 1 << 20

// nearSearch walks a trie with one row of edit distances for each depth: cell
// j is the distance between the path to the node and the text's first j runes.
type nearSearch struct {
	trie  *trie
	u     *utterance
	at    int
	text  []rune
	visit func(end, edits int, values []int32)
	path  []nearStep
	rows  [][]int // by depth, to be written over
}

type nearStep struct {
	letter rune
	before []int // the row before the letter
}

func (s *nearSearch) node(id int32, row []int) {
	n := &s.trie.nodes[id]
	allowed := n.longest / lettersPerEdit
	from, to := s.band(len(s.path), row)
	if least(row[from:to+1]) > allowed {
		return
	}
	for _, p := range n.phrases {
		s.report(p, row, from, to)
	}
	for _, e := range n.kids {
		next := s.row(row, e.folded)
		s.path = append(s.path, nearStep{e.folded, row})
		s.node(e.to, next)
		s.path = s.path[:len(s.path)-1]
	}
}

func (s *nearSearch) report(p phrase, row []int, from, to int) {
	for j := from; j <= to; j++ {
		end := s.at + 1 + j
		if row[j] <= p.letters/lettersPerEdit && s.u.wordEnd(end) {
			s.visit(end, row[j], p.values)
		}
	}
}

// row is the row after one more letter of the path, which stands until the next
// one of that depth: whatever is below a letter is done before its neighbour. Cells further from the
// diagonal than any phrase allows stay out of reach, which keeps a row's cost
// bounded.
func (s *nearSearch) row(before []int, letter rune) []int {
	depth := len(s.path) + 1
	if len(s.rows) < depth {
		s.rows = append(s.rows, make([]int, len(before)))
	}
	row := s.rows[depth-1]
	from, to := s.band(depth, row)
	for _, j := range []int{from - 1, to + 1} { // where neighbours look
		if j >= 0 && j < len(row) {
			row[j] = tooFar
		}
	}
	for j := from; j <= to; j++ {
		row[j] = s.cell(before, row, j, letter)
	}
	return row
}

// band is which cells of a row at a depth can be near enough: from the first to
// the last, which may be none. The others hold anything.
func (s *nearSearch) band(depth int, row []int) (from, to int) {
	width := s.trie.nodes[0].longest / lettersPerEdit
	from, to = max(0, depth-width), min(len(row)-1, depth+width)
	return min(from, to+1), to
}

func (s *nearSearch) cell(before, row []int, j int, letter rune) int {
	best := before[j] + editCost(letter, 0)
	if j == 0 {
		return min(best, tooFar)
	}
	said := s.text[j-1]
	best = min(best, row[j-1]+editCost(0, said))
	if said == letter {
		best = min(best, before[j-1])
	} else {
		best = min(best, before[j-1]+editCost(letter, said))
	}
	if n := len(s.path); n > 0 && j > 1 && s.swapped(j, letter) {
		best = min(best, s.path[n-1].before[j-2]+editCost(letter, said))
	}
	return min(best, tooFar)
}

// swapped tells whether the last two letters stand the other way round in the
// text.
func (s *nearSearch) swapped(j int, letter rune) bool {
	previous := s.path[len(s.path)-1].letter
	return s.text[j-1] == previous && s.text[j-2] == letter && previous != letter
}

// editCost is one, unless a digit is touched.
func editCost(a, b rune) int {
	if isDigit(a) || isDigit(b) {
		return tooFar
	}
	return 1
}

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

func least(row []int) int {
	m := tooFar
	for _, v := range row {
		m = min(m, v)
	}
	return m
}
