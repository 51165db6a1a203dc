package telemetry

import "strings"

// finder tells in one pass which groups of keywords a text holds: most texts
// hold none, and are then done with.
type finder struct {
	starts [1 << 16]uint8 // by the first two bytes, 1 + the index of their list
	lists  [][]keyword
}

type keyword struct {
	text  string
	group uint64
}

// add puts keywords, in small letters and of two bytes at least, into a group.
func (f *finder) add(group uint64, words []string) {
	for _, w := range words {
		at := &f.starts[pair(w[0], w[1])]
		if *at == 0 {
			f.lists = append(f.lists, nil)
			*at = uint8(len(f.lists))
		}
		f.lists[*at-1] = append(f.lists[*at-1], keyword{w, group})
	}
}

func pair(a, b byte) int { return int(a)<<8 | int(b) }

// find returns the groups of which a keyword is in a text in small letters.
func (f *finder) find(lower string) (groups uint64) {
	for i := 1; i < len(lower); i++ {
		at := f.starts[pair(lower[i-1], lower[i])]
		if at == 0 {
			continue
		}
		for _, k := range f.lists[at-1] {
			if groups&k.group == 0 && strings.HasPrefix(lower[i-1:], k.text) {
				groups |= k.group
			}
		}
	}
	return groups
}

// small returns s with its letters small: those of ASCII, and the accented ones
// of French. Nothing changes its place.
func small(s string) string {
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
