package llm

import "time"

// Event is one step of an answer: Delta, Thinking, ToolCall or Finish.
type Event interface{ event() }

// Delta is more of the answer's text, never empty.
type Delta struct{ Text string }

// Thinking is more of what the model reasons before it answers, never empty.
type Thinking struct{ Text string }

// Finish ends a complete answer.
type Finish struct {
	Reason Reason
	Usage  Usage
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
	// Total is the whole request as the provider saw it; Load, Prompt and
	// Generate are its parts.
	Total, Load, Prompt, Generate time.Duration
}

func (Delta) event()    {}
func (Thinking) event() {}
func (ToolCall) event() {}
func (Finish) event()   {}
