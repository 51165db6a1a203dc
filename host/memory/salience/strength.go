package salience

import (
	"math"
	"time"
)

// The forgetting curve of FSRS 4.5 (Ye, 2023): (1 + F t/S)^C, which is 0.9 when
// as many days have gone by as the stability S. It falls quickly first, slowly
// later, and never to nothing.
const (
	curve  = -0.5
	factor = 19.0 / 81.0
)

// Bounds of stability, in days.
const (
	firstStability = 3
	maxStability   = 3650
)

// Stability returns for how many days a new memory is well remembered: longer
// when it matters or moves.
func Stability(importance, arousal float64) float64 {
	return firstStability * (1 + 4*importance) * (1 + 3*arousal)
}

// Retrievability returns how well something is remembered, from 1 at once
// towards 0.
func Retrievability(stability float64, since time.Duration) float64 {
	days := math.Max(0, since.Hours()/24)
	return math.Pow(1+factor*days/math.Max(stability, 0.1), curve)
}

// Strengthen returns the stability after a use. A use of what was nearly
// forgotten strengthens more (the spacing effect).
func Strengthen(stability float64, since time.Duration) float64 {
	return math.Min(maxStability, stability*(1.2+2*(1-Retrievability(stability, since))))
}

// Item is what forgetting weighs.
type Item struct {
	Importance, Arousal float64
	Stability           float64
	At                  time.Time // when it was said or last used
	Pinned              bool
}

// Worth returns how much an item is worth keeping at a time, from 0 to 1. What
// is pinned is worth 1. A strong feeling is a floor that keeps it longer.
func Worth(i Item, now time.Time) float64 {
	if i.Pinned {
		return 1
	}
	r := Retrievability(i.Stability, now.Sub(i.At))
	return 0.6*i.Importance + 0.3*r*(0.5+0.5*i.Importance) + 0.1*i.Arousal*(0.5+0.5*r)
}

// Weigh returns the factor that what is well remembered and matters ranks
// higher by: between 0.85 and 1.
func Weigh(retrievability, importance float64) float64 {
	return 0.85 + 0.10*retrievability + 0.05*importance
}
