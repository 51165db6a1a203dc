package intent

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// slowDistance is the same distance by the book: edits, and swaps of
// neighbours.
func slowDistance(a, b []rune) int {
	d := make([][]int, len(a)+1)
	for i := range d {
		d[i] = make([]int, len(b)+1)
		for j := range d[i] {
			switch {
			case i == 0 || j == 0:
				d[i][j] = i + j
			default:
				cost := 1
				if a[i-1] == b[j-1] {
					cost = 0
				}
				d[i][j] = min(d[i-1][j]+1, d[i][j-1]+1, d[i-1][j-1]+cost)
				if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
					d[i][j] = min(d[i][j], d[i-2][j-2]+1)
				}
			}
		}
	}
	return d[len(a)][len(b)]
}

func TestTheSearchForNearMissesAgreesWithTheDistanceByTheBook(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	word := func(n int) string {
		var b strings.Builder
		for range n {
			b.WriteByte("abc"[rng.IntN(3)])
		}
		return b.String()
	}
	for range 3000 {
		value := "x" + word(5+rng.IntN(20))
		said := "x" + word(5+rng.IntN(20))
		if rng.IntN(2) == 0 {
			at := 1 + rng.IntN(len(value)-2)
			said = value[:at] + word(1+rng.IntN(2)) + value[at+1:]
		}
		b := &trieBuilder{}
		b.add([]rune(value), 7)
		b.add([]rune("x"+word(30)), 8)
		u := newUtterance(languageOf("en"), said)
		got := -1
		b.trie().near(u, 0, func(end, edits int, values []int32) {
			if end == len(said) && values[0] == 7 {
				got = edits
			}
		})
		want := slowDistance([]rune(value), []rune(said))
		if want > len(value)/lettersPerEdit {
			want = -1
		}
		if got != want {
			t.Fatalf("%s said %s: %d edits, want %d", value, said, got, want)
		}
	}
}
