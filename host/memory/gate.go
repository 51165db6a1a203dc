package memory

import (
	"slices"

	"github.com/jarvis-host/jarvis/host/memory/rank"
)

// The least coverage at which something recalled goes into a prompt: in a chat,
// and where the question is about what was said.
const (
	GateChat  = 0.42
	GateAsked = 0.30
)

// gateTop is how many of the best candidates the gate looks at.
const gateTop = 5

var coverageColumns = [2]int{slices.Index(rank.Names, "soft_win"), slices.Index(rank.Names, "cov_wide")}

// coverage says how much of the question the best candidates hold, from 0 to 1:
// whether there is an answer at all.
func coverage(rows [][]float64) float64 {
	best := 0.0
	for _, r := range rows[:min(gateTop, len(rows))] {
		best = max(best, (r[coverageColumns[0]]+r[coverageColumns[1]])/2)
	}
	return best
}
