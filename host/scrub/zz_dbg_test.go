package scrub

import (
	"bufio"
	"fmt"
	"os"
	"testing"
)

func TestDbg(t *testing.T) {
	f, _ := os.Open("/tmp/scrub/dbg.txt")
	sc := bufio.NewScanner(f)
	for sc.Scan() {
		l := sc.Text()
		low := small(l)
		st, ws := hints().find(low, nil, nil)
		fmt.Println("LINE", l, "look", lookOf(l), surprise(l)/max(1, len(l)))
		for _, n := range namesIn(l, st) {
			fmt.Printf("  name %q promise %d role %b\n", l[n.from:n.to], n.promise, n.role)
			for _, c := range binds(l, n, nil) {
				fmt.Printf("    bind %q\n", l[c.from:c.to])
			}
		}
		for _, w := range ws {
			for _, r := range hints().rules[w] {
				for _, c := range r.find(l, nil) {
					fmt.Printf("  rule %v %q\n", r, l[c.from:c.to])
				}
			}
		}
		for _, c := range tokens(l, st, nil) {
			fmt.Printf("  token %q\n", l[c.from:c.to])
		}
		for _, c := range packed(l, 0, nil) {
			fmt.Printf("  packed %q\n", l[c.from:c.to])
		}
		fmt.Println("  ->", New().Scrub(l))
	}
}
