package llm

import (
	"context"
	"encoding/json"
	"iter"
	"slices"
)

// Provider generates text. Implementations are safe for concurrent use and
// keep nothing of a request after its stream has ended. Test what uses one with
// llmtest.Provider, or with llmtest.Server and a real client.
type Provider interface {
	// Name is the provider's name in the configuration, in logs and in errors.
	Name() string

	// Stream asks for an answer and yields its events as they come. Exactly one
	// Finish, the last event, ends a complete answer. Anything else ends with
	// one error: an *Error, or, when ctx ended, an error that wraps the
	// context's cause. A stream whose peer stops without its end marker is an
	// *Error of class Interrupted, never a Finish: what came before it,
	// tool calls above all, is not to be acted on.
	//
	// Nothing is sent before the loop starts. Leaving the loop or cancelling
	// ctx cancels the request upstream. A slow loop slows the peer down; events
	// are not queued.
	Stream(ctx context.Context, r Request) iter.Seq2[Event, error]

	// Probe asks what the provider is and which models it has. It generates
	// nothing and loads no model.
	Probe(ctx context.Context) (Info, error)
}

// Request is a conversation to continue.
type Request struct {
	// Model is the provider's name for a model. A Router fills it in when it is
	// empty.
	Model    string
	Messages []Message
	// Tools are those that the model may call in this answer.
	Tools []ToolDef
	// Format, if set, is the JSON Schema that the answer's text obeys, or the
	// JSON string "json".
	Format json.RawMessage
	// Temperature nil leaves the choice to the model.
	Temperature *float64
	// MaxTokens bounds the answer; 0 is the provider's own bound.
	MaxTokens int
	// Think lets a model that can do so reason before it answers.
	Think bool
	// RequestID names the turn in the peer's logs.
	RequestID string
	// TraceParent is the W3C trace context of the turn, or empty.
	TraceParent string

	// Route is the name of the route that the end user chose; empty leaves the
	// choice to the Router. This and all that follows is for the Router and for
	// the account: no provider sends it anywhere.
	Route string
	// User is the id of who the answer is for and pays, Role what that one may do
	// and Lang the language of the utterance; empty when unknown.
	User, Role, Lang string
}

// Tokens is about how long the request's prompt is, in tokens: a guess that
// rather says too much. The chosen ratio is one token for three bytes, which
// French and JSON come close to; English needs fewer tokens.
func (r Request) Tokens() int {
	n := len(r.Format)
	for _, m := range r.Messages {
		n += 12 + len(m.Content) + len(m.Thinking)
		for _, c := range m.ToolCalls {
			n += 12 + len(c.Name) + len(c.Arguments)
		}
	}
	for _, t := range r.Tools {
		n += 48 + len(t.Name) + len(t.Description) + len(t.Parameters)
	}
	return (n + 2) / 3
}

// Info is what a probe found.
type Info struct {
	Version string
	Models  []ModelInfo
	// Fetch is the command that gets the provider a model, without the model's
	// name; empty if there is none.
	Fetch string
	// Open says that the provider may answer for models that it does not list.
	Open bool
}

// Find returns the model that goes by a name or an alias. An open provider with
// one model means that one by every name.
func (i Info) Find(name string) (ModelInfo, bool) {
	at := slices.IndexFunc(i.Models, func(m ModelInfo) bool {
		return m.Name == name || slices.Contains(m.Aliases, name)
	})
	switch {
	case at >= 0:
		return i.Models[at], true
	case i.Open && len(i.Models) == 1:
		return i.Models[0], true
	default:
		return ModelInfo{}, false
	}
}

// ModelInfo describes one model.
type ModelInfo struct {
	Name string
	// Aliases are other names of the same model.
	Aliases []string
	// Capabilities is nil when the provider does not tell.
	Capabilities []Capability
	// ContextLength is the longest context the model was made for, in tokens; 0
	// when unknown.
	ContextLength int
	// Window is the context that a request through this provider gets, prompt
	// and answer together, in tokens; 0 when unknown.
	Window int
	// Loaded is the window of the copy in memory now; 0 when there is none.
	Loaded int
}

// Can reports whether the model has a capability, or does not tell.
func (m ModelInfo) Can(c Capability) bool {
	return m.Capabilities == nil || slices.Contains(m.Capabilities, c)
}

// Capability is something that not every model can do.
type Capability string

// The capabilities that the host asks for.
const (
	CanChat  Capability = "completion"
	CanTools Capability = "tools"
	CanThink Capability = "thinking"
	CanEmbed Capability = "embedding"
)
