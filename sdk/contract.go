package sdk

import (
	"context"
	"encoding/json"
	"iter"
	"time"
)

// Handler is the contract between the host and one plugin, without its wire.
// A [Plugin] implements it in the plugin's process; the client of package wire
// implements it in the host's; a test may call either directly.
//
// All methods may be called concurrently. Cancelling a context ends the call
// at once; no method outlives its context.
type Handler interface {
	// Describe returns the manifest. It is pure.
	Describe(ctx context.Context) (*Manifest, error)
	// Configure checks, and unless ValidateOnly is set takes over, a whole
	// configuration. Diagnostics with Fatal set mean that nothing changed.
	Configure(ctx context.Context, c Configuration) (*Configured, error)
	// Invoke runs one tool call. The sequence yields any number of Text and
	// Progress events and then exactly one end: Result, Problem, NeedInput or
	// NotMine. An error instead of an end means that the call was lost: the
	// process died, the deadline passed, the wire broke. Leaving the loop
	// cancels the call.
	Invoke(ctx context.Context, in *Invocation) iter.Seq2[Event, error]
	// Health says whether the plugin can work.
	Health(ctx context.Context) (Health, error)
	// Drain refuses new calls and waits for the running ones, at most for
	// grace. It returns how many were still running then.
	Drain(ctx context.Context, grace time.Duration) (unfinished int, err error)
}

// Configuration is what the operator set for a plugin.
type Configuration struct {
	Values       json.RawMessage // a JSON object
	ValidateOnly bool
	Granted      []Need // the needs that the operator approved
	HostVersion  string
	Host         HostAccess // where the host's services are
}

// Configured is a plugin's answer to a configuration.
type Configured struct {
	Diagnostics []Diagnostic
	// Tools are the tools on offer with this configuration; nil means those
	// of the manifest.
	Tools []ToolSpec
}

// Diagnostic is one finding about a configuration.
type Diagnostic struct {
	Fatal   bool
	Path    string // JSON pointer into the configuration, such as /units
	Summary string
	Detail  string
}

// Invocation is one tool call as it travels to the plugin.
type Invocation struct {
	Tool string
	Args json.RawMessage // a JSON object, already checked by the host
	Info CallInfo
	// State is the session state that the plugin returned last, or nil.
	State json.RawMessage
	// Answers are the person's answers to the questions (NeedInput) that
	// earlier runs of this call ended with, oldest first.
	Answers []Answer
}

// CallInfo says on whose behalf and where from a call comes.
type CallInfo struct {
	Call        string // unique id of the call
	Session     string
	User        string
	Locale      string // "fr" or "en"
	TimeZone    string // IANA name
	Origin      Origin
	Confirmed   bool // a person agreed to exactly these arguments
	RequestID   string
	TraceParent string // W3C trace context, or empty
	Utterance   string // what the person said, when a sentence or the floor led here
}

// Origin is what led to a call.
type Origin string

// The origins of a call.
const (
	OriginModel    Origin = "model"
	OriginSentence Origin = "sentence"
	OriginFloor    Origin = "floor"
	OriginAPI      Origin = "api"
)

// Answer is a person's answer to a question of a plugin.
type Answer struct {
	Value    string // the choice's value, the text, or "true"/"false"
	Declined bool   // the person said no, or nothing in time
}

// Event is one step of a tool call: Text, Progress, Result, Problem, NeedInput
// or NotMine.
type Event interface{ event() }

// Text is a piece of the answer that is ready before its end. The whole answer
// is all texts and then the result's text.
type Text struct{ Text string }

// Progress tells how far a long call has come.
type Progress struct {
	Fraction float64 // 0 to 1; negative when unknown
	Message  string  // in the person's language
}

// Result ends a call that worked.
type Result struct {
	// Text is said to the person, in the call's language.
	Text string
	// Speech replaces Text where the answer is spoken; empty is Text.
	Speech string
	// Data is the structured result (a JSON value), or nil.
	Data json.RawMessage
	// State is the session state to keep; nil leaves what was, and a JSON null
	// removes it. At most MaxState bytes.
	State json.RawMessage
	// Listen asks for the floor, or keeps it. A result without it gives the
	// floor back if this plugin held it.
	Listen *Listen
}

// MaxState is the most that a session state may weigh, in bytes.
const MaxState = 64 << 10

// Problem ends a call that did not work.
type Problem struct {
	Code      Code
	Message   string // for the person, in their language
	Detail    string // for the operator's log
	Retryable bool
}

// NeedInput ends a call that needs an answer of the person first. The host
// asks, then invokes again with the answer appended to Answers; at most
// MaxQuestions times a call.
type NeedInput struct {
	Kind    InputKind
	Text    string // the question, in the call's language
	Options []Option
}

// MaxQuestions is how often one call may ask the person.
const MaxQuestions = 3

// InputKind is the shape of an answer.
type InputKind string

// The kinds of questions.
const (
	InputConfirm InputKind = "confirm"
	InputChoice  InputKind = "choice"
	InputText    InputKind = "text"
)

// Option is one choice of a question.
type Option struct {
	Value string `json:"value"`
	Label string `json:"label"`
}

// NotMine ends a call of the plugin that holds the floor when the utterance
// does not concern it: the next stage answers, the plugin's state stands.
type NotMine struct {
	// Fallback is said when no sentence of another plugin knows better, before
	// a model is asked; empty leaves the utterance to the model.
	Fallback string
}

// Listen gives the floor: the session's next utterances go to Tool first, as
// the string argument Slot, until TTL has passed without one.
type Listen struct {
	Tool string
	Slot string
	TTL  time.Duration
}

func (Text) event()      {}
func (Progress) event()  {}
func (Result) event()    {}
func (Problem) event()   {}
func (NeedInput) event() {}
func (NotMine) event()   {}

// Health is a plugin's view of itself.
type Health struct {
	OK       bool
	Message  string
	InFlight int
}
