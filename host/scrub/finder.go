package scrub

import (
	"strings"
	"sync"
)

// finder tells in one pass which keywords a text holds: most texts hold few, and
// only what those ask for is looked at.
type finder struct {
	starts [1 << 16]uint16 // by the first two bytes, 1 + the index of their list
	lists  [][]keyword
	rules  [][]int // by the number of a keyword, the numbers of its rules
	all    []rule
	known  map[string]int
}

type keyword struct {
	text string
	n    int
}

// rule finds what must go in a text that holds one of its keywords.
type rule interface {
	// find adds to cuts what must go from s; lower is s in small letters.
	find(s, lower string, cuts []span) []span
}

// stem is the number of all stems of names.
const stem = 0

// hints finds the rules that are worth trying on a text.
var hints = sync.OnceValue(func() *finder {
	f := &finder{known: map[string]int{}, rules: make([][]int, 1)}
	for _, w := range stems {
		f.put(w, stem)
	}
	for _, p := range patterns {
		f.add(p, p.keywords...)
	}
	for _, w := range sayings() {
		f.add(w, w.keyword)
	}
	for _, w := range factors {
		f.add(behindFactor{w}, w)
	}
	f.add(numbered{}, "a0=", "arg0=", "argv[0]=", "args[0]=")
	f.add(noted{}, "wifi", "wi-fi")
	f.add(remembered{}, passwordWords...)
	f.add(dialled{}, dials...)
	return f
})

// add has a rule tried, once, on texts that hold one of its keywords: small letters,
// two bytes at least.
func (f *finder) add(r rule, words ...string) {
	f.all = append(f.all, r)
	for _, word := range words {
		n, ok := f.known[word]
		if !ok {
			n = len(f.rules)
			f.known[word], f.rules = n, append(f.rules, nil)
			f.put(word, n)
		}
		f.rules[n] = append(f.rules[n], len(f.all)-1)
	}
}

// apply tries the rules of keywords on a text.
func (f *finder) apply(words []int, s, lower string, cuts []span) []span {
	if len(words) == 0 {
		return cuts
	}
	tried := make([]bool, len(f.all))
	for _, w := range words {
		for _, r := range f.rules[w] {
			if !tried[r] {
				tried[r] = true
				cuts = f.all[r].find(s, lower, cuts)
			}
		}
	}
	return cuts
}

func (f *finder) put(word string, n int) {
	at := &f.starts[pair(word[0], word[1])]
	if *at == 0 {
		f.lists = append(f.lists, nil)
		*at = uint16(len(f.lists))
	}
	f.lists[*at-1] = append(f.lists[*at-1], keyword{word, n})
}

func pair(a, b byte) int { return int(a)<<8 | int(b) }

// find returns where stems of names are in a text in small letters, and the
// numbers of the keywords that it holds.
func (f *finder) find(lower string, at, words []int) ([]int, []int) {
	for i := 1; i < len(lower); i++ {
		list := f.starts[pair(lower[i-1], lower[i])]
		if list == 0 {
			continue
		}
	next:
		for _, k := range f.lists[list-1] {
			switch {
			case !strings.HasPrefix(lower[i-1:], k.text):
			case k.n == stem:
				if len(at) == 0 || at[len(at)-1] != i-1 {
					at = append(at, i-1)
				}
			default:
				for _, n := range words {
					if n == k.n {
						continue next
					}
				}
				words = append(words, k.n)
			}
		}
	}
	return at, words
}

// small returns s with its letters small: those of ASCII, and the accented ones
// of French. Nothing changes its place.
func small(s string) string {
	for i := range len(s) {
		if c := s[i]; c >= 'A' && c <= 'Z' || c == 0xc3 {
			return lowered(s)
		}
	}
	return s
}

func lowered(s string) string {
	b := []byte(s)
	for i, c := range b {
		switch {
		case c >= 'A' && c <= 'Z':
			b[i] = c + 'a' - 'A'
		case c >= 0x80 && c <= 0x9e && c != 0x97 && i > 0 && b[i-1] == 0xc3:
			b[i] = c + 0x20 // À to Þ, without ×
		}
	}
	return string(b)
}

// sieve tells whether a text may hold one of many strings of four bytes or
// more; it errs only by saying yes.
type sieve [1 << 16]bool

func (v *sieve) add(s string) { v[fourBytes(s[0], s[1], s[2], s[3])] = true }

func (v *sieve) mayHold(text string) bool {
	for i := 3; i < len(text); i++ {
		if v[fourBytes(text[i-3], text[i-2], text[i-1], text[i])] {
			return true
		}
	}
	return false
}

func fourBytes(a, b, c, d byte) uint16 {
	const mix = 0x9e3779b1 // spreads the bits over the upper half
	return uint16((uint32(a) | uint32(b)<<8 | uint32(c)<<16 | uint32(d)<<24) * mix >> 16)
}
