package compat

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/protocol"
)

// openRequest is POST /v1/chat/completions. Members that are not here are
// ignored, as clients send many.
type openRequest struct {
	Model               string          `json:"model"`
	Messages            []openMessage   `json:"messages"`
	Stream              bool            `json:"stream"`
	StreamOptions       openStream      `json:"stream_options"`
	Temperature         *float64        `json:"temperature"`
	MaxTokens           int             `json:"max_tokens"`
	MaxCompletionTokens int             `json:"max_completion_tokens"`
	N                   *int            `json:"n"`
	Tools               []openTool      `json:"tools"`
	ToolChoice          json.RawMessage `json:"tool_choice"`
	Format              *openFormat     `json:"response_format"`
	Effort              string          `json:"reasoning_effort"`
	Store               *bool           `json:"store"` // false: not into long-term memory
}

type openStream struct {
	Usage bool `json:"include_usage"`
}

type openMessage struct {
	Role       string          `json:"role"`
	Content    json.RawMessage `json:"content"`
	ToolCalls  []openCall      `json:"tool_calls"`
	ToolCallID string          `json:"tool_call_id"`
	Name       string          `json:"name"`
}

type openCall struct {
	Index    *int         `json:"index,omitempty"`
	ID       string       `json:"id"`
	Type     string       `json:"type"`
	Function openFunction `json:"function"`
}

type openFunction struct {
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	Parameters  json.RawMessage `json:"parameters,omitempty"`
	Arguments   string          `json:"arguments"`
}

type openTool struct {
	Type     string       `json:"type"`
	Function openFunction `json:"function"`
}

type openFormat struct {
	Type   string `json:"type"`
	Schema struct {
		Schema json.RawMessage `json:"schema"`
	} `json:"json_schema"`
}

func readOpen(body []byte) (*conversation, error) {
	var q openRequest
	if err := json.Unmarshal(body, &q); err != nil {
		return nil, unreadable(err)
	}
	if q.N != nil && *q.N != 1 {
		return nil, invalid("n", strconv.Itoa(*q.N), "1")
	}
	c := &conversation{
		model: q.Model, stream: q.Stream, usage: q.StreamOptions.Usage, temperature: q.Temperature,
		maxTokens: max(q.MaxTokens, q.MaxCompletionTokens), noTools: string(bytes.TrimSpace(q.ToolChoice)) == `"none"`,
		think:   q.Effort != "" && q.Effort != "none" && q.Effort != "minimal",
		forgets: q.Store != nil && !*q.Store,
	}
	for i, m := range q.Messages {
		msg, err := m.message(fmt.Sprintf("messages[%d]", i), c.messages)
		if err != nil {
			return nil, err
		}
		c.messages = append(c.messages, msg)
	}
	for i, t := range q.Tools {
		if t.Type != "function" || t.Function.Name == "" {
			return nil, invalid(fmt.Sprintf("tools[%d]", i), strconv.Quote(t.Type), "a function with a name")
		}
		c.tools = append(c.tools, llm.ToolDef{Name: t.Function.Name, Description: t.Function.Description, Parameters: t.Function.Parameters})
	}
	if err := q.Format.into(c); err != nil {
		return nil, err
	}
	return c, c.check()
}

// unreadable says what is wrong with a body that is not the JSON it has to be.
func unreadable(err error) error {
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return invalid(e.Field, "a "+e.Value, e.Type.String())
	}
	return &protocol.Problem{Code: protocol.Invalid, Text: protocol.WordJSON, Err: err}
}

func (f *openFormat) into(c *conversation) error {
	if f == nil {
		return nil
	}
	switch f.Type {
	case "", "text":
	case "json_object":
		c.format = json.RawMessage(`"json"`)
	case "json_schema":
		if len(f.Schema.Schema) == 0 {
			return invalid("response_format.json_schema.schema", "missing", "a JSON Schema")
		}
		c.format = f.Schema.Schema
	default:
		return invalid("response_format.type", strconv.Quote(f.Type), "text, json_object or json_schema")
	}
	return nil
}

// message reads one message; calls finds the name behind a tool's result.
func (m openMessage) message(at string, before []llm.Message) (llm.Message, error) {
	text, err := m.text(at)
	if err != nil {
		return llm.Message{}, err
	}
	out := llm.Message{Content: text}
	switch m.Role {
	case "system", "developer":
		out.Role = llm.System
	case "user":
		out.Role = llm.User
	case "assistant":
		out.Role = llm.Assistant
		for _, c := range m.ToolCalls {
			args := json.RawMessage(c.Function.Arguments)
			if len(bytes.TrimSpace(args)) == 0 {
				args = json.RawMessage("{}")
			}
			if !json.Valid(args) {
				return out, invalid(at+".tool_calls", "no JSON", "arguments as a JSON object in a string")
			}
			out.ToolCalls = append(out.ToolCalls, llm.ToolCall{ID: c.ID, Name: c.Function.Name, Arguments: args})
		}
	case "tool", "function":
		out.Role, out.ToolCallID, out.ToolName = llm.Tool, m.ToolCallID, m.Name
		for _, b := range before {
			for _, c := range b.ToolCalls {
				if c.ID == m.ToolCallID && out.ToolName == "" {
					out.ToolName = c.Name
				}
			}
		}
	default:
		return out, invalid(at+".role", strconv.Quote(m.Role), "system, developer, user, assistant or tool")
	}
	return out, nil
}

// text reads a content that is a text, or parts of one.
func (m openMessage) text(at string) (string, error) {
	raw := bytes.TrimSpace(m.Content)
	if len(raw) == 0 || string(raw) == "null" {
		return "", nil
	}
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text, nil
	}
	var parts []struct{ Type, Text string }
	if err := json.Unmarshal(raw, &parts); err != nil {
		return "", invalid(at+".content", "neither text nor parts", "a text or a list of parts")
	}
	var b strings.Builder
	for i, p := range parts {
		if p.Type != "text" && p.Type != "input_text" {
			return "", invalid(fmt.Sprintf("%s.content[%d].type", at, i), strconv.Quote(p.Type), "text: this host reads no images and no sound here")
		}
		b.WriteString(p.Text)
	}
	return b.String(), nil
}
