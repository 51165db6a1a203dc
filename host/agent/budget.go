package agent

import (
	"sync"

	"github.com/jarvis-host/jarvis/host/llm"
)

// Shares of a model's window. What is left after the answer's share is the
// prompt's: the rules, the tools, what memory recalls, the utterance, and then
// as much of the conversation as fits, the newest first.
const (
	answerShare = 4 // one part in four, at most maxAnswer
	maxAnswer   = 1024
	resultShare = 4 // of the prompt, for one tool's result
)

// promptBudget is how many tokens a prompt may take in a window.
func promptBudget(window int) int { return window - min(window/answerShare, maxAnswer) }

// gauge corrects [llm.Request.Tokens], which is a guess, by what models said
// that prompts really took. Safe for concurrent use.
type gauge struct {
	mu     sync.Mutex
	factor map[string]float64 // by model: real tokens for one that was guessed
}

// Bounds and weight of one observation. A prompt that was in the provider's
// cache may be reported as next to nothing: such figures say nothing.
const (
	leastFactor, mostFactor = 0.3, 1.5
	freshness               = 0.2
	leastGuess              = 64
)

// saw takes in how many tokens a prompt took that was guessed to take so many.
func (g *gauge) saw(model string, guessed, counted int) {
	if guessed < leastGuess || counted <= 0 {
		return
	}
	seen := float64(counted) / float64(guessed)
	if seen < leastFactor {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.factor == nil {
		g.factor = map[string]float64{}
	}
	now, ok := g.factor[model]
	if !ok {
		now = 1
	}
	g.factor[model] = min(now+(min(seen, mostFactor)-now)*freshness, mostFactor)
}

// tokens is the better guess for a model.
func (g *gauge) tokens(model string, guessed int) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	f, ok := g.factor[model]
	if !ok {
		f = 1
	}
	return int(float64(guessed)*f) + 1
}

// guess is how many tokens a message takes, by the same rule as a request.
func guess(m llm.Message) int { return llm.Request{Messages: []llm.Message{m}}.Tokens() }
