package rank

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"
)

//go:embed data/model.json
var modelData []byte

// Model turns a row of features into a score: a weighted sum, and small trees
// for what a sum cannot say, such as that a time matters when "when" is asked.
// Its weights were chosen offline on the dialogues of LoCoMo's half that is set
// apart for choosing, each left out in turn (docs/memory.md).
type Model struct {
	weights    []float64 // by position in Names
	trees      []*tree
	treeWeight float64
}

// tree is a leaf with a value, or a question about one feature.
type tree struct {
	feature   int // -1 for a leaf
	value     float64
	low, high *tree // at most the value, and above it
}

// Default returns the model that is built in.
var Default = sync.OnceValue(func() *Model {
	m, err := ReadModel(modelData)
	if err != nil {
		panic(err) // embedded: the build would be broken
	}
	return m
})

// ReadModel reads a model: {"linear": {feature: weight}, "tree_weight": n,
// "trees": [tree]}, where a tree is a number or [feature, threshold, tree, tree].
func ReadModel(b []byte) (*Model, error) {
	var in struct {
		Linear     map[string]float64 `json:"linear"`
		TreeWeight float64            `json:"tree_weight"`
		Trees      []json.RawMessage  `json:"trees"`
	}
	if err := json.Unmarshal(b, &in); err != nil {
		return nil, fmt.Errorf("read ranking model: %w", err)
	}
	m := &Model{weights: make([]float64, len(Names)), treeWeight: in.TreeWeight}
	for name, w := range in.Linear {
		i := slices.Index(Names, name)
		if i < 0 {
			return nil, fmt.Errorf("read ranking model: no feature %q", name)
		}
		m.weights[i] = w
	}
	for _, raw := range in.Trees {
		t, err := readTree(raw)
		if err != nil {
			return nil, fmt.Errorf("read ranking model: %w", err)
		}
		m.trees = append(m.trees, t)
	}
	return m, nil
}

func readTree(raw json.RawMessage) (*tree, error) {
	var leaf float64
	if json.Unmarshal(raw, &leaf) == nil {
		return &tree{feature: -1, value: leaf}, nil
	}
	var parts []json.RawMessage
	if err := json.Unmarshal(raw, &parts); err != nil {
		return nil, err
	}
	var name string
	t := &tree{}
	if len(parts) != 4 {
		return nil, errors.New("a branch has a feature, a threshold and two trees")
	}
	if err := errors.Join(json.Unmarshal(parts[0], &name), json.Unmarshal(parts[1], &t.value)); err != nil {
		return nil, err
	}
	if t.feature = slices.Index(Names, name); t.feature < 0 {
		return nil, fmt.Errorf("no feature %q", name)
	}
	var err, err2 error
	t.low, err = readTree(parts[2])
	t.high, err2 = readTree(parts[3])
	return t, errors.Join(err, err2)
}

// Score returns how well a row answers; greater is better. Scores compare
// within one question only.
func (m *Model) Score(row []float64) float64 {
	sum := 0.0
	for i, w := range m.weights {
		sum += w * row[i]
	}
	for _, t := range m.trees {
		sum += m.treeWeight * t.at(row)
	}
	return sum
}

func (t *tree) at(row []float64) float64 {
	for t.feature >= 0 {
		if row[t.feature] <= t.value {
			t = t.low
		} else {
			t = t.high
		}
	}
	return t.value
}

// Part is what one feature adds to a score.
type Part struct {
	Feature string  `json:"feature"`
	Value   float64 `json:"value"`
	Adds    float64 `json:"adds"`
}

// Parts returns what moved a score most, the strongest first: the weighted sum's
// part of it.
func (m *Model) Parts(row []float64, most int) []Part {
	var out []Part
	for i, w := range m.weights {
		if w*row[i] != 0 {
			out = append(out, Part{Names[i], row[i], w * row[i]})
		}
	}
	slices.SortStableFunc(out, func(a, b Part) int {
		switch d := math.Abs(b.Adds) - math.Abs(a.Adds); {
		case d < 0:
			return -1
		case d > 0:
			return 1
		}
		return 0
	})
	return out[:min(len(out), most)]
}

// Chances turns the scores of one question into shares of its best one, from 0
// to 1.
func Chances(scores []float64) []float64 {
	best := math.Inf(-1)
	for _, s := range scores {
		best = math.Max(best, s)
	}
	out := make([]float64, len(scores))
	for i, s := range scores {
		out[i] = math.Exp((s - best) / temperature)
	}
	return out
}

// temperature is how many points of score halve a chance by e.
const temperature = 2
