package sdk

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/jarvis-host/jarvis/sdk/intent"
)

// FeatureDynamicTools says that a plugin may have tools that its manifest does not.
const FeatureDynamicTools = "dynamic_tools"

// Manifest is what a plugin says of itself. It is pure: the same at every
// call, before any configuration and without any grant, so that a plugin can
// be judged before it is trusted.
type Manifest struct {
	ID          string       `json:"id"`          // [a-z][a-z0-9_]{0,63}, unique in a host
	Version     string       `json:"version"`     // semantic version of the plugin itself
	Description string       `json:"description"` // one sentence for operators
	SDK         string       `json:"sdk"`         // what it was built with, such as "go/0.1.0"
	Languages   []string     `json:"languages,omitempty"`
	MinHost     string       `json:"min_host,omitempty"` // lowest host version it runs on; empty is any
	Features    []string     `json:"features,omitempty"` // such as [FeatureDynamicTools]; unknown ones are ignored
	Tools       []ToolSpec   `json:"tools"`
	Vocabulary  []Vocabulary `json:"vocabulary,omitempty"`
	Needs       []Need       `json:"needs,omitempty"`
	// ConfigSchema is a JSON Schema of type object, or nil when the plugin
	// takes no configuration.
	ConfigSchema json.RawMessage `json:"config_schema,omitempty"`
}

// ToolSpec describes one callable: for the host's checks, for the model's tool
// list and for the sentences that call it without a model.
type ToolSpec struct {
	Name         string          `json:"name"`
	Description  string          `json:"description"`
	InputSchema  json.RawMessage `json:"input_schema"`            // JSON Schema of type object
	OutputSchema json.RawMessage `json:"output_schema,omitempty"` // nil when the tool answers with text only
	Effect       Effect          `json:"effect"`
	Idempotent   bool            `json:"idempotent,omitempty"`
	OpenWorld    bool            `json:"open_world,omitempty"` // talks to the world outside this host
	Confirm      Confirm         `json:"confirm,omitzero"`
	Sentences    []Sentences     `json:"sentences,omitempty"`
	Timeout      time.Duration   `json:"timeout_ns,omitempty"`   // 0 is the host's default
	Stateful     bool            `json:"stateful,omitempty"`     // keeps session state; calls of a session are serialised
	MaxParallel  int             `json:"max_parallel,omitempty"` // 0 is the host's default
	Verifiable   bool            `json:"verifiable,omitempty"`   // see Reviser
	Undoable     bool            `json:"undoable,omitempty"`     // see Reviser
}

// Effect says what a call changes in the world. What is not said counts as
// destructive.
type Effect int

// The effects, from unknown to worst.
const (
	EffectUnspecified Effect = iota
	EffectReadOnly
	EffectAdditive
	EffectDestructive
)

// String returns the effect's name as it stands in manifests and logs.
func (e Effect) String() string {
	switch e {
	case EffectReadOnly:
		return "read_only"
	case EffectAdditive:
		return "additive"
	case EffectDestructive, EffectUnspecified:
		return "destructive"
	}
	return "destructive"
}

// MarshalText implements [encoding.TextMarshaler].
func (e Effect) MarshalText() ([]byte, error) { return []byte(e.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (e *Effect) UnmarshalText(text []byte) error {
	for _, known := range []Effect{EffectReadOnly, EffectAdditive, EffectDestructive} {
		if known.String() == string(text) {
			*e = known
			return nil
		}
	}
	return fmt.Errorf("effect is %q, expected read_only, additive or destructive", text)
}

// Confirm says when a person has to agree before a call, and to which text.
type Confirm struct {
	When ConfirmWhen `json:"when"`
	// Text holds the question per language ("fr", "en"). Names in braces are
	// replaced by the call's arguments: "Open {door}?"; {arguments} stands for all
	// of them, as JSON.
	Text map[string]string `json:"text,omitempty"`
}

// ConfirmWhen names the callers that need a person's agreement.
type ConfirmWhen int

// When a confirmation is asked.
const (
	ConfirmNever     ConfirmWhen = iota
	ConfirmWhenModel             // when a model chose the call
	ConfirmAlways                // whoever calls
)

// String returns the name as it stands in manifests: never, when_model or
// always.
func (w ConfirmWhen) String() string {
	switch w {
	case ConfirmNever:
		return "never"
	case ConfirmWhenModel:
		return "when_model"
	case ConfirmAlways:
	}
	return "always"
}

// MarshalText implements [encoding.TextMarshaler].
func (w ConfirmWhen) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

// UnmarshalText implements [encoding.TextUnmarshaler].
func (w *ConfirmWhen) UnmarshalText(text []byte) error {
	for _, known := range []ConfirmWhen{ConfirmNever, ConfirmWhenModel, ConfirmAlways} {
		if known.String() == string(text) {
			*w = known
			return nil
		}
	}
	return fmt.Errorf("confirm is %q, expected never, when_model or always", text)
}

// Sentences are the templates of one language that call a tool without a
// model, in the language of package intent.
type Sentences struct {
	Lang     string         `json:"lang"`
	Patterns []string       `json:"patterns,omitempty"`
	Slots    map[string]any `json:"slots,omitempty"` // fixed arguments of every pattern here
	Examples []Example      `json:"examples,omitempty"`
	// Rules and Lists are known here only, and come before the plugin's
	// vocabulary.
	Rules map[string]string      `json:"rules,omitempty"`
	Lists map[string]intent.List `json:"lists,omitempty"`
	// Requires and Excludes are conditions on a match's context, as package
	// intent has them.
	Requires map[string]any `json:"requires,omitempty"`
	Excludes map[string]any `json:"excludes,omitempty"`
}

// Example is an utterance that must match, and the arguments it must yield.
type Example struct {
	Text string         `json:"text"`
	Args map[string]any `json:"args,omitempty"`
}

// Vocabulary is what a plugin's sentences of one language share.
type Vocabulary struct {
	Lang  string                 `json:"lang"`
	Rules map[string]string      `json:"rules,omitempty"`
	Lists map[string]intent.List `json:"lists,omitempty"`
}

// Need is something a plugin wants from the outside: it has it only where the
// operator granted it.
type Need struct {
	Kind   string `json:"kind"`   // net, secret, fs, exec, ...
	Scope  string `json:"scope"`  // "host:port", "config:/pointer", a name, a path
	Reason string `json:"reason"` // for the operator who decides
}
