package intent

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// didYouMean names the known word nearest to an unknown one, as the end of an
// error message, or says nothing when none is near.
func didYouMean(word string, known []string) string {
	best, least := "", 1+len(word)/3
	slices.Sort(known)
	for _, k := range known {
		if d := distance(word, k); d <= least && (best == "" || d < distance(word, best)) {
			best = k
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// named is how many names a hint lists.
const named = 8

// thereAre lists what there is instead, if that is little.
func thereAre(lists []string) string {
	if len(lists) == 0 || len(lists) > named {
		return ""
	}
	slices.Sort(lists)
	return "; there are {" + strings.Join(lists, "}, {") + "}"
}

func keys[V any](m map[string]V) []string { return slices.Collect(maps.Keys(m)) }

// distance is the number of bytes to insert, delete or replace.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0]++
		for j := range len(b) {
			above := row[j+1]
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			row[j+1] = min(cost, above+1, row[j]+1)
			diagonal = above
		}
	}
	return row[len(b)]
}
