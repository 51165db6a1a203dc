package llm

import "time"

// Event is one step of an answer: Waiting, Pulse, Delta, Thinking, ToolCall or
// Finish.
type Event interface{ event() }

// Waiting tells that the answer has not begun because the provider's places
// are taken. Each Waiting replaces the one before.
type Waiting struct {
	// Position is the request's place in the queue; 1 is the next one.
	Position int
	// ETA is how long the wait is thought to last, from how long answers took
	// lately; 0 when nothing is known.
	ETA time.Duration
}

// Pulse tells that the provider works on what can't be told yet, such as a tool
// call's arguments.
type Pulse struct{}

// Delta is more of the answer's text, never empty.
type Delta struct{ Text string }

// Thinking is more of what the model reasons before it answers, never empty.
type Thinking struct{ Text string }

// Finish ends a complete answer.
type Finish struct {
	Reason Reason
	Usage  Usage
	// Route is the name of the route that answered, as a Router tells it.
	Route string
	// Fallback says that a Router would rather have had another route answer,
	// which could not: the answer is worth less than it might be.
	Fallback bool
}

// Reason is why a model stopped.
type Reason string

// The reasons that the host tells apart; a provider's other ones pass as they
// are.
const (
	// ReasonStop is a model that had said all.
	ReasonStop Reason = "stop"
	// ReasonLength is an answer cut off by MaxTokens or a full context.
	ReasonLength Reason = "length"
)

// Usage is what an answer cost. Figures that the provider left out are zero.
type Usage struct {
	PromptTokens     int
	CompletionTokens int
	Model            string
	// Provider is the name of who answered.
	Provider string
	// Cost is what the provider asks for the answer, in the currency of its
	// prices; 0 when it is free or has no price.
	Cost float64
	// Estimated says that the provider did not count the tokens: the figures are
	// the host's guess.
	Estimated bool
	// Total is the whole request as the provider saw it; Load, Prompt and
	// Generate are its parts.
	Total, Load, Prompt, Generate time.Duration
}

func (Waiting) event()  {}
func (Pulse) event()    {}
func (Delta) event()    {}
func (Thinking) event() {}
func (ToolCall) event() {}
func (Finish) event()   {}
