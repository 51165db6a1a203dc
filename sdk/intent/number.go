package intent

import "strconv"

// numberSpec is how one language says numbers up to maxNumber.
type numberSpec struct {
	// say spells a number from 0 to maxNumber the usual way.
	say func(n int) string
	// under100 returns all spellings of a number from 0 to 99.
	under100 func(n int) []string
	// listed, unless 0, is how far under100 really goes.
	listed int
	// compact lets a number stand inside of what counts as a word.
	compact bool

	hundred, thousand         []string // after a multiplier
	oneHundred, oneThousand   []string // on their own
	minus, and, point, half   []string
	smallestHundreds          int  // the least multiplier before hundred
	smallestThousands         int  // the least multiplier before thousand
	hundredsBeyondNineHundred bool // "twenty-one hundred"
}

// NumberWords spells a whole number the way it is said. A language without
// number words, and a number beyond 999,999, gives digits.
func NumberWords(lang string, n int) string {
	spec := languageOf(lang).numbers
	switch {
	case spec == nil || n > maxNumber || n < -maxNumber:
		return strconv.Itoa(n)
	case n < 0:
		return spec.minus[0] + " " + spec.say(-n)
	}
	return spec.say(n)
}

// grammar understands one language's numbers in normalised utterances.
type grammar struct {
	spec    *numberSpec
	small   *trie // 0 to 99
	hundred phrases
	thousand, oneHundred, oneThousand,
	minus, and, point, half phrases
}

// phrases are normalised words of the same meaning.
type phrases []string

func newGrammar(l *language) *grammar {
	spec := l.numbers
	if spec == nil {
		return nil
	}
	b := &trieBuilder{}
	for n := range max(100, spec.listed) {
		for _, words := range spec.under100(n) {
			b.add(newUtterance(l, words).words(), int32(n))
		}
	}
	list := func(words []string) (out phrases) {
		for _, w := range words {
			out = append(out, string(newUtterance(l, w).words()))
		}
		return out
	}
	return &grammar{
		spec: spec, small: b.trie(),
		hundred: list(spec.hundred), thousand: list(spec.thousand),
		oneHundred: list(spec.oneHundred), oneThousand: list(spec.oneThousand),
		minus: list(spec.minus), and: list(spec.and), point: list(spec.point), half: list(spec.half),
	}
}

// number is a value read from an utterance, and where it ends. The value is in
// units while whole numbers are put together, and in tenths afterwards.
type number struct {
	end   int
	value int
}

// reading is one reading of one utterance's numbers.
type reading struct {
	*grammar
	u     *utterance
	exact bool
}

// numbers returns, in tenths, every number in words that begins at a position and ends
// with a word.
func (r reading) numbers(at int, fractions bool) []number {
	if !r.u.wordStart(at) && !r.spec.compact {
		return nil
	}
	sign, start := 1, at
	if next := r.word(at, r.minus); next >= 0 {
		sign, start = -1, next+1
	}
	var out []number
	for _, whole := range r.whole(start) {
		n := number{whole.end, 10 * sign * whole.value}
		out = append(out, n)
		if fractions {
			out = append(out, r.fraction(n, sign)...)
		}
	}
	return out
}

// whole reads numbers below a million.
func (r reading) whole(at int) []number {
	return r.scaled(at, scale{
		size: 1000, below: r.hundreds, words: r.thousand, bare: r.oneThousand,
		fits: func(n int) bool { return n >= r.spec.smallestThousands },
	})
}

func (r reading) hundreds(at int) []number {
	return r.scaled(at, scale{
		size: 100, below: r.units, words: r.hundred, bare: r.oneHundred,
		fits: r.multipliesHundred,
	})
}

func (r reading) multipliesHundred(n int) bool {
	if n < 10 {
		return n >= r.spec.smallestHundreds
	}
	return n%10 != 0 && (n < 20 || r.spec.hundredsBeyondNineHundred)
}

func (r reading) units(at int) (out []number) {
	r.small.walk(r.u, at, r.exact, func(end int, values []int32) {
		if r.u.wordEnd(end) || r.spec.compact {
			out = append(out, number{end, int(values[0])})
		}
	})
	return out
}

// scale is one step of a number's words: so many hundreds and the rest.
type scale struct {
	size        int
	below       func(at int) []number
	words, bare phrases
	fits        func(n int) bool
}

// scaled reads what the step below gives, alone or multiplied, with or without
// a rest.
func (r reading) scaled(at int, s scale) []number {
	out := s.below(at)
	if next := r.word(at, s.bare); next >= 0 {
		out = r.withRest(out, number{next, s.size}, s)
	}
	for _, n := range out {
		if next := r.word(n.end+1, s.words); next >= 0 && n.value < s.size && s.fits(n.value) {
			out = r.withRest(out, number{next, n.value * s.size}, s)
		}
	}
	return out
}

func (r reading) withRest(out []number, n number, s scale) []number {
	out = append(out, n)
	starts := []int{n.end + 1}
	if next := r.word(n.end+1, r.and); next >= 0 {
		starts = append(starts, next+1)
	}
	for _, at := range starts {
		for _, rest := range s.below(at) {
			if rest.value > 0 && rest.value < s.size {
				out = append(out, number{rest.end, n.value + rest.value})
			}
		}
	}
	return out
}

// fraction reads "virgule cinq" and "et demi" behind a whole number.
func (r reading) fraction(n number, sign int) (out []number) {
	if next := r.word(r.behind(n.end), r.half); next >= 0 {
		out = append(out, number{next, n.value + 5*sign})
	}
	if next := r.word(r.behind(n.end), r.point); next >= 0 {
		for _, digit := range r.units(r.behind(next)) {
			if digit.value < 10 {
				out = append(out, number{digit.end, n.value + digit.value*sign})
			}
		}
	}
	return out
}

// behind is where what follows a number's part begins.
func (r reading) behind(end int) int {
	if r.spec.compact && !r.u.wordEnd(end) {
		return end
	}
	return end + 1
}

// word returns where a phrase that stands at a position ends, or -1.
func (r reading) word(at int, list phrases) int {
	if at >= len(r.u.runes) {
		return -1
	}
	for _, phrase := range list {
		if to := r.phrase(at, phrase); to >= 0 && (r.u.wordEnd(to) || r.spec.compact) {
			return to
		}
	}
	return -1
}

func (r reading) phrase(at int, phrase string) int {
	for _, want := range phrase {
		switch {
		case at >= len(r.u.runes):
			return -1
		case r.u.runes[at] == want, !r.exact && r.u.folded[at] == fold(want):
			at++
		default:
			return -1
		}
	}
	return at
}
