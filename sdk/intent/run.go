package intent

import "slices"

// run is one pass over one utterance: all readings of all sentences at once,
// position by position. What it holds at a position is at most one reading for
// each state, so its work is at most the utterance's length times the size of
// the automaton, whatever the text.
type run struct {
	*automaton
	finders []*finder
	conds   []*condition
	skips   *trie
	u       *utterance
	exact   bool

	visited  []uint32 // by state: the stamp of its last visit
	stamp    uint32
	now      []thread // the states of this position, best reading first
	next     []thread // what characters lead to at the next position
	stack    []int32
	skipTo   []int     // where polite words that begin here end
	opening  []int     // positions with nothing but polite words before them
	later    []arrival // what slots and polite words lead to
	due      []int32   // by position: the last of its arrivals in later, or -1
	pending  int       // arrivals at positions to come
	visits   int       // states visited, the measure of a run's work
	wild     []openWildcard
	wildAt   map[int32]int // by slot edge: its place in wild
	captures []capture
	found    map[listAt][]hit
}

// thread is the best reading of what was said so far that leads to a state.
type thread struct {
	score   score
	state   int32
	capture int32 // its last capture, or -1
}

type arrival struct {
	thread
	next int32 // the arrival before it at the same position, or -1
}

// openWildcard is a wildcard that is still taking words.
type openWildcard struct {
	thread
	edge  int32
	start int
}

// capture is one slot of a reading, linked to the one before.
type capture struct {
	before   int32
	edge     int32
	from, to int32
	hit      hit
}

// listAt is a list at the current position.
type listAt struct {
	list, condition int32
}

// newRun takes scratch memory from the automaton's pool; done returns it.
func (a *automaton) newRun(u *utterance, exact bool) *run {
	r, ok := a.pool.Get().(*run)
	if !ok {
		r = &run{automaton: a, visited: make([]uint32, len(a.states)), wildAt: map[int32]int{}, found: map[listAt][]hit{}}
	}
	r.u, r.exact, r.visits = u, exact, 0
	r.due = slices.Grow(r.due[:0], len(u.runes)+1)[:len(u.runes)+1]
	for i := range r.due {
		r.due[i] = -1
	}
	return r
}

func (r *run) done() {
	r.u, r.pending = nil, 0
	r.now, r.next, r.later = r.now[:0], r.next[:0], r.later[:0]
	r.wild = r.wild[:0]
	clear(r.captures)
	r.captures = r.captures[:0]
	clear(r.wildAt)
	clear(r.found)
	r.pool.Put(r)
}

// all returns the readings of the whole utterance that end a sentence, best
// first.
func (r *run) all() []thread {
	last := len(r.u.runes)
	r.next = append(r.next, thread{state: 0, capture: -1})
	r.opening = append(r.opening[:0], 0)
	for at := 0; ; at++ {
		r.findSkips(at)
		r.arrive(at)
		r.close(at)
		if at == last {
			break
		}
		r.step(at)
		if len(r.next) == 0 && r.pending == 0 && len(r.wild) == 0 {
			return nil
		}
	}
	return slices.DeleteFunc(r.now, func(t thread) bool { return len(r.endsOf(t.state)) == 0 })
}

// arrive gathers in next, best first, all that leads to a position.
func (r *run) arrive(at int) {
	sorted := len(r.next)
	for i := r.due[at]; i >= 0; i = r.later[i].next {
		r.next = append(r.next, r.later[i].thread)
		r.pending--
	}
	r.endWildcards(at)
	if len(r.next) > sorted {
		slices.SortStableFunc(r.next, func(a, b thread) int { return a.score.compare(b.score) })
	}
}

// endWildcards lets every wildcard that has words end behind the last one, or
// inside a word where the template goes on without a space.
func (r *run) endWildcards(at int) {
	if len(r.wild) == 0 || at == 0 {
		return
	}
	inside := r.u.runes[at-1] != ' '
	for _, w := range r.wild {
		e, last := &r.slots[w.edge], at-1
		if inside {
			last = at
		}
		switch {
		case last-w.start < 1, inside && (!e.glued || !r.goesOn(e.to, at)):
			continue
		case !inside && len(r.skipTo) == 0 && !r.goesOn(e.to, at):
			continue
		}
		t := w.thread
		t.score = t.score.plusWildText(last - w.start)
		t.capture = r.captured(capture{before: t.capture, edge: w.edge, from: int32(w.start), to: int32(last)})
		t.state = e.to
		r.next = append(r.next, t)
	}
}

func (r *run) captured(c capture) int32 {
	r.captures = append(r.captures, c)
	return int32(len(r.captures) - 1)
}

// goesOn tells whether a state has a way to go at a position.
func (r *run) goesOn(state int32, at int) bool {
	return r.states[state].first&r.wanted(at) != 0
}

func (r *run) wanted(at int) firsts {
	if at == len(r.u.folded) {
		return atEnd
	}
	return firstsOf(r.u.folded[at])
}

func (r *run) arriveLater(at int, t thread) {
	r.later = append(r.later, arrival{t, r.due[at]})
	r.due[at] = int32(len(r.later) - 1)
	r.pending++
}

// close visits the states that need no character from those that were reached.
// Readings come best first and edges without a character change no score, so
// the first visit of a state is its best.
func (r *run) close(at int) {
	r.now = r.now[:0]
	if len(r.found) > 0 {
		clear(r.found)
	}
	if r.stamp++; r.stamp == 0 {
		clear(r.visited)
		r.stamp = 1
	}
	for _, t := range r.next {
		if r.visited[t.state] == r.stamp {
			continue
		}
		for _, to := range r.skipTo {
			r.arriveLater(to, thread{t.score.plusSkip(), t.state, t.capture})
		}
		r.closeFrom(at, t)
	}
	r.next = r.next[:0]
}

// findSkips finds where polite words that begin at a position end. Whoever
// arrives here arrives there too. Some are polite only in front of an utterance:
// behind its first word "dis" or "morning" mean something.
func (r *run) findSkips(at int) {
	r.skipTo = r.skipTo[:0]
	if !r.u.wordStart(at) {
		return
	}
	opening := slices.Contains(r.opening, at)
	r.skips.walk(r.u, at, false, func(to int, kinds []int32) {
		if !r.u.wordEnd(to) || !opening && !slices.Contains(kinds, skippedAnywhere) || slices.Contains(r.skipTo, to+1) {
			return
		}
		r.skipTo = append(r.skipTo, to+1)
		if opening {
			r.opening = append(r.opening, to+1)
		}
	})
}

func (r *run) closeFrom(at int, t thread) {
	wanted, start := r.wanted(at), r.u.wordStart(at)
	r.stack = append(r.stack[:0], t.state)
	for len(r.stack) > 0 {
		t.state = r.stack[len(r.stack)-1]
		r.stack = r.stack[:len(r.stack)-1]
		if r.visited[t.state] == r.stamp {
			continue
		}
		r.visited[t.state] = r.stamp
		st := &r.states[t.state]
		if st.first&wanted == 0 {
			continue
		}
		r.now = append(r.now, t)
		r.visits++
		r.openSlots(at, t)
		if start && st.space >= 0 {
			r.stack = append(r.stack, st.space)
		}
		for _, e := range r.emptyOf(t.state) {
			if e.first&wanted != 0 {
				r.stack = append(r.stack, e.to)
			}
		}
	}
}

// step follows the character at a position.
func (r *run) step(at int) {
	exact, folded := r.u.runes[at], r.u.folded[at]
	for _, t := range r.now {
		if folded == ' ' {
			if t.state = r.states[t.state].space; t.state >= 0 {
				r.next = append(r.next, t)
			}
			continue
		}
		edges := r.charsOf(t.state)
		t.score = t.score.plusLiteral()
		for i := firstEdge(edges, folded); i < len(edges) && edges[i].folded == folded; i++ {
			if !r.exact || edges[i].exact == exact {
				t.state = edges[i].to
				r.next = append(r.next, t)
			}
		}
	}
}

func firstEdge(edges []charEdge, folded rune) int {
	if len(edges) < 8 {
		for i, e := range edges {
			if e.folded >= folded {
				return i
			}
		}
		return len(edges)
	}
	i, _ := slices.BinarySearchFunc(edges, folded, func(e charEdge, r rune) int { return int(e.folded - r) })
	return i
}

// openSlots starts the lists and wildcards of a state.
func (r *run) openSlots(at int, t thread) {
	for i := r.states[t.state].slots; i < r.states[t.state+1].slots; i++ {
		e := &r.slots[i]
		f := r.finders[e.list]
		if f.wildcard {
			r.openWildcard(at, t, int32(i))
			continue
		}
		if at == len(r.u.runes) {
			continue
		}
		for _, h := range r.hits(at, e, f) {
			c := capture{before: t.capture, edge: int32(i), from: int32(at), to: int32(h.end), hit: h}
			r.arriveLater(h.end, thread{t.score.plusEdits(h.edits), e.to, r.captured(c)})
		}
	}
}

// openWildcard keeps, of all beginnings of one wildcard, the one that stays
// best however far the wildcard goes.
func (r *run) openWildcard(at int, t thread, edge int32) {
	start := at
	if !r.u.wordStart(at) {
		if !r.u.wordEnd(at) {
			return
		}
		start++
	}
	if start >= len(r.u.runes) {
		return
	}
	t.score = t.score.plusWildcard()
	w := openWildcard{t, edge, start}
	i, open := r.wildAt[edge]
	if !open {
		r.wildAt[edge] = len(r.wild)
		r.wild = append(r.wild, w)
	} else if w.lasting().compare(r.wild[i].lasting()) < 0 {
		r.wild[i] = w
	}
}

// lasting compares beginnings of one wildcard as if they ended together.
func (w openWildcard) lasting() score { return w.score.plusWildText(-w.start) }

// hits reads a list once for each position, whoever asks.
func (r *run) hits(at int, e *slotEdge, f *finder) []hit {
	key := listAt{e.list, e.condition}
	if hits, ok := r.found[key]; ok {
		return hits
	}
	hits := f.find(r.u, at, r.exact)
	if e.condition >= 0 && f.values != nil {
		hits = f.allowed(hits, r.conds[e.condition])
	}
	r.found[key] = hits
	return hits
}
