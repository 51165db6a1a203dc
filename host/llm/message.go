package llm

import "encoding/json"

// Role is who speaks in a message.
type Role string

// The roles.
const (
	System    Role = "system"
	User      Role = "user"
	Assistant Role = "assistant"
	Tool      Role = "tool"
)

// Message is one entry of a conversation.
type Message struct {
	Role    Role
	Content string
	// ToolCalls are the calls that an assistant's message made. Each is
	// followed by a message of role Tool with its result.
	ToolCalls []ToolCall
	// ToolName and ToolCallID say which call a message of role Tool answers.
	ToolName   string
	ToolCallID string
	// Thinking is what the assistant reasoned before this message.
	Thinking string
}

// ToolCall is a model's wish that a tool be called. As an event it is a wish
// only: act on it after the answer's Finish.
type ToolCall struct {
	// ID is unique within the conversation; the provider makes one up when the
	// model's server sends none.
	ID   string
	Name string
	// Arguments is always a JSON object. Nothing has checked it against the
	// tool's schema.
	Arguments json.RawMessage
}

// ToolDef describes a tool to a model.
type ToolDef struct {
	Name        string
	Description string
	// Parameters is the JSON Schema of the arguments, an object; flat and plain
	// schemas are understood best. Nil stands for a tool without arguments.
	Parameters json.RawMessage
}
