package llm

// loop notices a model that has begun to say the same over and over: one piece,
// or a text of several. It keeps nothing of an answer that is short, and looks
// only now and then.
type loop struct {
	last string // the latest piece
	same int    // how often it came in a row
	all  int    // bytes heard so far
	tail []byte // the latest bytes, at most twice what is looked at
	next int    // the count of bytes at which to look again
}

// minRounds is how often a text is said, at least, before it counts as said
// over and over.
const minRounds = 8

// hears takes in a piece of an answer and reports whether the model is stuck.
func (l *loop) hears(piece string, limits Limits) bool {
	if piece == "" {
		return false
	}
	if piece != l.last {
		l.last, l.same = piece, 0
	}
	l.same++
	if limits.Same > 0 && l.same > limits.Same {
		return true
	}
	return limits.Loop > 0 && l.turns(piece, limits.Loop)
}

// turns keeps the latest bytes and looks at them once there are enough new
// ones.
func (l *loop) turns(piece string, window int) bool {
	l.all += len(piece)
	if len(l.tail)+len(piece) > 2*window {
		l.tail = append(l.tail[:0], l.tail[max(len(l.tail)-window, 0):]...)
	}
	l.tail = append(l.tail, piece[max(len(piece)-window, 0):]...)
	if l.all < window || l.all < l.next {
		return false
	}
	l.next = l.all + window/4
	end := l.tail[max(len(l.tail)-window, 0):]
	return len(end) == window && period(end) <= window/minRounds
}

// period is the length of the shortest text that, repeated, makes up all of b:
// the length of b less that of its longest border, found as Knuth, Morris and
// Pratt do.
func period(b []byte) int {
	border := make([]int32, len(b))
	k := int32(0)
	for i := 1; i < len(b); i++ {
		for k > 0 && b[i] != b[k] {
			k = border[k-1]
		}
		if b[i] == b[k] {
			k++
		}
		border[i] = k
	}
	return len(b) - int(k)
}
