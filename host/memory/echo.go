package memory

import (
	"hash/fnv"
	"slices"
)

// simhash is a fingerprint of terms in which near texts differ in few bits
// (Charikar, 2002).
func simhash(terms []string) uint64 {
	var votes [64]int
	for _, t := range terms {
		h := fnv.New64a()
		_, _ = h.Write([]byte(t)) // never fails
		for i, sum := 0, h.Sum64(); i < 64; i++ {
			votes[i] += int(sum>>i&1)*2 - 1
		}
	}
	var out uint64
	for i, v := range votes {
		if v > 0 {
			out |= 1 << i
		}
	}
	return out
}

// echoShare is the share of an answer's terms that were recalled, above which
// it says nothing new.
const echoShare = 0.8

// echoes says whether an answer repeats what was recalled for it: to keep it
// would make memories of memories.
func echoes(terms []string, recalled [][]string) bool {
	if len(terms) == 0 {
		return false
	}
	for _, r := range recalled {
		n := 0
		for _, t := range terms {
			if slices.Contains(r, t) {
				n++
			}
		}
		if float64(n) >= echoShare*float64(len(terms)) {
			return true
		}
	}
	return false
}
