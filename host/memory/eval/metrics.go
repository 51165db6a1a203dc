package eval

import (
	"math"
	"slices"
)

// Recall is the share of the evidence among the first k.
func Recall(found, evidence []string, k int) float64 {
	hits := 0
	for _, e := range evidence {
		if slices.Contains(found[:min(k, len(found))], e) {
			hits++
		}
	}
	return float64(hits) / float64(len(evidence))
}

// NDCG is the normalised discounted cumulative gain of the first k, where each
// piece of evidence is worth the same.
func NDCG(found, evidence []string, k int) float64 {
	gain, ideal := 0.0, 0.0
	for i, id := range found[:min(k, len(found))] {
		if slices.Contains(evidence, id) {
			gain += 1 / math.Log2(float64(i)+2)
		}
	}
	for i := range min(k, len(evidence)) {
		ideal += 1 / math.Log2(float64(i)+2)
	}
	return gain / ideal
}

// AUC is the chance that a random positive scores above a random negative.
func AUC(positive, negative []float64) float64 {
	if len(positive) == 0 || len(negative) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(negative))
	sum := 0.0
	for _, p := range positive {
		low, _ := slices.BinarySearch(sorted, p)
		high, _ := slices.BinarySearch(sorted, math.Nextafter(p, math.Inf(1)))
		sum += float64(low) + float64(high-low)/2
	}
	return sum / float64(len(positive)*len(negative))
}
