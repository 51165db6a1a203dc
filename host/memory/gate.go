package memory

import (
	"slices"

	"github.com/jarvis-host/jarvis/host/memory/rank"
)

// The least coverage at which something recalled goes into a prompt: in a chat,
// and where the question is about what was said.
const (
	GateChat  = 0.35
	GateAsked = 0.26
)

const (
	// gateTop is how many of the best candidates the gate looks at.
	gateTop = 5
	// gateKin is what words count more that say the same as one of the question,
	// such as in the other language, than they do where candidates are ranked.
	gateKin = 0.2
	// gateDoubt is the share of coverage that is taken from a candidate whose score
	// is 0 or less; none is from one of gateSure or more.
	gateDoubt, gateSure = 0.7, 14
)

var softColumn, sameColumn = slices.Index(rank.Names, "soft_win"), slices.Index(rank.Names, "kin_same_win")

// coverage says how much of the question one of the best candidates holds, from 0
// to 1, and less the less it ranks for an answer: whether there is one at all.
// The constants were chosen on three of the five dialogues and three of the six
// people of the household, and checked on the others.
func coverage(rows [][]float64, scores []float64) float64 {
	best := 0.0
	for i, r := range rows[:min(gateTop, len(rows))] {
		held := min(1, r[softColumn]+gateKin*r[sameColumn])
		sure := min(1, max(0, scores[i]/gateSure))
		best = max(best, held*(1-gateDoubt*(1-sure)))
	}
	return best
}
