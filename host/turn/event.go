package turn

import "time"

// Event is one step of an answer: Delta, Progress, ToolStep, *Question or Done.
type Event interface{ event() }

// Delta is more of the answer's text.
type Delta struct {
	Text string
	// Foreign says that a plugin says it, see Message.
	Foreign bool
}

// Progress tells how the answer comes on while there is nothing of it to say:
// it is shown and not kept.
type Progress struct {
	Text string // in the end user's language
	// Position is the answer's place in a queue, 0 when it is in none, and ETA
	// how long the wait is thought to last, 0 when nothing is known.
	Position int
	ETA      time.Duration
}

// ToolStep is a change in a tool call's state.
type ToolStep struct {
	Call    string
	Plugin  string
	Tool    string
	State   ToolState
	Summary string
}

// ToolState is where a tool call stands.
type ToolState string

// The states of a tool call: running, then one of the others.
const (
	ToolRunning    ToolState = "running"
	ToolRead       ToolState = "read"
	ToolVerified   ToolState = "verified"
	ToolExecuted   ToolState = "executed"
	ToolUnverified ToolState = "unverified"
	ToolFailed     ToolState = "failed"
	ToolRefused    ToolState = "refused"
	ToolUndone     ToolState = "undone"
)

// Question asks the end user. Whoever consumes the answer's sequence fills in
// Reply before it asks for the next event: the turn waits inside the yield.
type Question struct {
	ID        string
	Kind      QuestionKind
	Text      string
	Options   []Option
	Call      string // the tool call it concerns, or empty
	ExpiresIn time.Duration
	// Resume is what its asker needs to go on when the host was started anew
	// meanwhile; a question without it does not outlive the host.
	Resume []byte
	// Reply is the consumer's.
	Reply Reply
}

// QuestionKind is the shape of a reply.
type QuestionKind string

// The kinds of questions.
const (
	AskConfirm QuestionKind = "confirm"
	AskChoice  QuestionKind = "choice"
	AskText    QuestionKind = "text"
)

// Option is one choice of a question.
type Option struct {
	Value string `json:"value"`
	Label string `json:"label"`
}

// Reply is what came of a question.
type Reply struct {
	Value string // the choice's value, the text, or "true"/"false"
	// Expired is set when no one answered in time, or the end user went on to
	// something else: it counts as no.
	Expired bool
}

// Done ends a turn.
type Done struct {
	// Text is the whole answer. The deltas, joined, are a prefix of it.
	Text        string
	State       Outcome
	Code        string // of the error table, when State is Failed
	Source      Source
	Degraded    bool // something that would have helped was not there
	Lang        string
	MemorySaved bool
	Memory      []Recollection // what was remembered for the answer
	Usage       *Usage
}

// Recollection is something remembered that an answer was given with.
type Recollection struct {
	ID    string    `json:"id"`
	Quote string    `json:"quote"`
	At    time.Time `json:"at"`
	// Foreign says that a tool or a plugin brought it in, and nobody said it.
	Foreign bool `json:"-"`
}

// Usage counts what a model read and wrote, in tokens.
type Usage struct {
	PromptTokens     int    `json:"prompt_tokens"`
	CompletionTokens int    `json:"completion_tokens"`
	Model            string `json:"model"`
}

func (Delta) event()     {}
func (Progress) event()  {}
func (ToolStep) event()  {}
func (*Question) event() {}
func (Done) event()      {}
