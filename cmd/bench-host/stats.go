package main

import (
	"slices"
	"time"
)

func quantile[T ~int64 | ~float64](values []T, q float64) T {
	if len(values) == 0 {
		return 0
	}
	s := slices.Sorted(slices.Values(values))
	return s[min(len(s)-1, int(q*float64(len(s))))]
}

func median[T ~int64 | ~float64](values []T) T { return quantile(values, 0.5) }

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
