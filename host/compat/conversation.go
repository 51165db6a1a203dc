package compat

import (
	"encoding/json"
	"strings"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/turn"
)

// conversation is a request of either protocol, read and checked.
type conversation struct {
	model    string
	messages []llm.Message
	tools    []llm.ToolDef
	format   json.RawMessage
	stream   bool
	usage    bool // OpenAI: a last chunk with the usage

	temperature *float64
	maxTokens   int
	think       bool
	forgets     bool // nothing of it is for the long-term memory
	noTools     bool // the program wants text whatever tools there are
}

// Bounds of a request.
const (
	maxMessages = 2000
	maxTools    = 128
)

// check refuses what can't be answered.
func (c *conversation) check() error {
	switch {
	case c.model == "":
		return invalid("model", "missing", "the name of a model, such as jarvis")
	case len(c.messages) == 0:
		return invalid("messages", "empty", "at least one message")
	case len(c.messages) > maxMessages:
		return invalid("messages", "too many", "at most 2000")
	case len(c.tools) > maxTools:
		return invalid("tools", "too many", "at most 128")
	}
	return nil
}

func invalid(field, found, expected string) error {
	return &protocol.Problem{Code: protocol.Invalid, Field: field, Message: field + " is " + found + ", expected " + expected}
}

// assistant reports whether the whole assistant is to answer: its name, no
// tools of the program's own, nothing but free text wanted, no background task.
func (c *conversation) assistant() bool {
	return c.named() && len(c.tools) == 0 && c.format == nil && !c.task() && c.lastIsUser()
}

// named reports whether the model is the assistant, under any of the tags that
// programs append.
func (c *conversation) named() bool {
	name, _, _ := strings.Cut(c.model, ":")
	return name == Assistant
}

// task reports whether a chat page asks for a title or tags in the background,
// which no limit, tool or memory should see.
func (c *conversation) task() bool {
	return c.lastIsUser() && strings.HasPrefix(strings.TrimSpace(c.last().Content), "### Task:")
}

func (c *conversation) last() llm.Message { return c.messages[len(c.messages)-1] }

func (c *conversation) lastIsUser() bool { return c.last().Role == llm.User }

// history is what was said before the last message, for the assistant: it has
// a system prompt of its own, and programs' tool traffic means nothing to it.
func (c *conversation) history() []turn.Message {
	var out []turn.Message
	for _, m := range c.messages[:len(c.messages)-1] {
		switch {
		case m.Content == "":
		case m.Role == llm.User:
			out = append(out, turn.Message{Role: turn.FromUser, Text: m.Content})
		case m.Role == llm.Assistant:
			out = append(out, turn.Message{Role: turn.FromAssistant, Text: m.Content, State: turn.Answered})
		}
	}
	return out
}

// request is the conversation for a model.
func (c *conversation) request() llm.Request {
	q := llm.Request{
		Messages: c.messages, Tools: c.tools, Format: c.format, Temperature: c.temperature,
		MaxTokens: c.maxTokens, Think: c.think,
	}
	if c.noTools {
		q.Tools = nil
	}
	if !c.named() {
		q.Route = c.model
	}
	return q
}
