package llmtest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"

	"github.com/jarvis-host/jarvis/host/llm"
)

// Request is a chat or embedding request as a Server received it.
type Request struct {
	Path   string
	Header http.Header
	Body   []byte // as it came

	Model    string
	Messages []llm.Message
	Tools    []llm.ToolDef
	// Stream is true unless the request says otherwise.
	Stream bool
	// Think is nil when the request does not say.
	Think     any
	Format    json.RawMessage
	KeepAlive json.RawMessage
	Options   map[string]any
	Input     json.RawMessage // of an embedding request
}

// Text is the end user's last message.
func (q Request) Text() string {
	for _, m := range slices.Backward(q.Messages) {
		if m.Role == llm.User {
			return m.Content
		}
	}
	return ""
}

// Result is the tool's result that the request ends with, if it does.
func (q Request) Result() (text string, ok bool) {
	if len(q.Messages) == 0 {
		return "", false
	}
	last := q.Messages[len(q.Messages)-1]
	return last.Content, last.Role == llm.Tool
}

// RequestID is the request's X-Request-ID.
func (q Request) RequestID() string { return q.Header.Get("X-Request-ID") }

func (q Request) offers(c llm.ToolCall) bool {
	return slices.ContainsFunc(q.Tools, func(t llm.ToolDef) bool { return t.Name == c.Name })
}

type wireRequest struct {
	Model    string `json:"model"`
	Messages []struct {
		Role      llm.Role `json:"role"`
		Content   string   `json:"content"`
		Thinking  string   `json:"thinking"`
		ToolCalls []struct {
			ID       string `json:"id"`
			Function struct {
				Name      string          `json:"name"`
				Arguments json.RawMessage `json:"arguments"`
			} `json:"function"`
		} `json:"tool_calls"`
		ToolName   string `json:"tool_name"`
		ToolCallID string `json:"tool_call_id"`
	} `json:"messages"`
	Tools []struct {
		Function struct {
			Name        string          `json:"name"`
			Description string          `json:"description"`
			Parameters  json.RawMessage `json:"parameters"`
		} `json:"function"`
	} `json:"tools"`
	Stream    *bool           `json:"stream"`
	Think     any             `json:"think"`
	Format    json.RawMessage `json:"format"`
	KeepAlive json.RawMessage `json:"keep_alive"`
	Options   map[string]any  `json:"options"`
	Input     json.RawMessage `json:"input"`
}

// parseRequest reads a body as the real server does.
func parseRequest(path string, header http.Header, body []byte) (Request, error) {
	q := Request{Path: path, Header: header.Clone(), Body: body}
	var w wireRequest
	if err := json.NewDecoder(bytes.NewReader(body)).Decode(&w); err != nil {
		return q, err
	}
	q.Model, q.Think, q.Format, q.KeepAlive, q.Options = w.Model, w.Think, w.Format, w.KeepAlive, w.Options
	q.Input, q.Stream = w.Input, w.Stream == nil || *w.Stream
	for _, m := range w.Messages {
		out := llm.Message{
			Role: m.Role, Content: m.Content, Thinking: m.Thinking, ToolName: m.ToolName, ToolCallID: m.ToolCallID,
		}
		for _, c := range m.ToolCalls {
			out.ToolCalls = append(out.ToolCalls, llm.ToolCall{
				ID: c.ID, Name: c.Function.Name, Arguments: c.Function.Arguments,
			})
		}
		q.Messages = append(q.Messages, out)
	}
	for _, t := range w.Tools {
		q.Tools = append(q.Tools, llm.ToolDef{
			Name: t.Function.Name, Description: t.Function.Description, Parameters: t.Function.Parameters,
		})
	}
	return q, nil
}
