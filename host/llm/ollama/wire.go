package ollama

import (
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/jarvis-host/jarvis/host/llm"
)

// chatRequest is the body of POST /api/chat.
type chatRequest struct {
	Model     string         `json:"model"`
	Messages  []message      `json:"messages"`
	Stream    bool           `json:"stream"`
	Think     any            `json:"think"` // a bool, or a level
	Tools     []tool         `json:"tools,omitempty"`
	Format    jsontext.Value `json:"format,omitempty"`
	KeepAlive any            `json:"keep_alive,omitempty"` // -1, or a duration
	Options   options        `json:"options"`
	// Left to itself the server drops what does not fit its window without a word,
	// before and while it answers. False makes it refuse, or end the answer.
	Truncate bool `json:"truncate"`
	Shift    bool `json:"shift"`
}

type options struct {
	NumCtx      int      `json:"num_ctx"`
	NumPredict  int      `json:"num_predict"`
	Temperature *float64 `json:"temperature,omitempty"`
}

type message struct {
	Role       string     `json:"role"`
	Content    string     `json:"content"`
	Thinking   string     `json:"thinking,omitempty"`
	ToolCalls  []toolCall `json:"tool_calls,omitempty"`
	ToolName   string     `json:"tool_name,omitempty"`
	ToolCallID string     `json:"tool_call_id,omitempty"`
}

type toolCall struct {
	ID       string       `json:"id,omitempty"`
	Function toolFunction `json:"function"`
}

type toolFunction struct {
	Name      string         `json:"name"`
	Arguments jsontext.Value `json:"arguments"`
}

type tool struct {
	Type     string         `json:"type"`
	Function toolDefinition `json:"function"`
}

type toolDefinition struct {
	Name        string         `json:"name"`
	Description string         `json:"description"`
	Parameters  jsontext.Value `json:"parameters"`
}

// chunk is one line of a streamed answer.
type chunk struct {
	Model      string         `json:"model"`
	Message    message        `json:"message"`
	Done       bool           `json:"done"`
	DoneReason string         `json:"done_reason"`
	Error      jsontext.Value `json:"error"`

	PromptEvalCount int `json:"prompt_eval_count"`
	EvalCount       int `json:"eval_count"`

	TotalDuration      nanoseconds `json:"total_duration"`
	LoadDuration       nanoseconds `json:"load_duration"`
	PromptEvalDuration nanoseconds `json:"prompt_eval_duration"`
	EvalDuration       nanoseconds `json:"eval_duration"`
}

// nanoseconds is how the server writes durations.
type nanoseconds int64

func (c *chunk) finish() llm.Finish {
	return llm.Finish{
		Reason: llm.Reason(c.DoneReason),
		Usage: llm.Usage{
			PromptTokens: c.PromptEvalCount, CompletionTokens: c.EvalCount, Model: c.Model,
			Total: time.Duration(c.TotalDuration), Load: time.Duration(c.LoadDuration),
			Prompt: time.Duration(c.PromptEvalDuration), Generate: time.Duration(c.EvalDuration),
		},
	}
}

// chat puts a request into the server's words.
func (p *Provider) chat(r llm.Request) chatRequest {
	out := chatRequest{
		Model: r.Model, Messages: make([]message, 0, len(r.Messages)), Stream: true, Think: think(r), Format: jsontext.Value(r.Format), KeepAlive: p.keepAlive(),
		Options: options{NumCtx: p.cfg.NumCtx, NumPredict: p.cfg.MaxTokens, Temperature: r.Temperature},
	}
	if r.MaxTokens > 0 {
		out.Options.NumPredict = r.MaxTokens
	}
	for _, m := range r.Messages {
		out.Messages = append(out.Messages, wireMessage(m))
	}
	for _, t := range r.Tools {
		out.Tools = append(out.Tools, wireTool(t))
	}
	return out
}

// keepAlive is how long the model stays in memory, as the server reads it; nil
// leaves it to the server.
func (p *Provider) keepAlive() any {
	switch d := p.cfg.KeepAlive; {
	case d < 0:
		return -1
	case d > 0:
		return d.String()
	default:
		return nil
	}
}

// think is said in every request: a server that is told nothing lets a model
// that can think do so. One family of models knows levels only.
func think(r llm.Request) any {
	if !r.Think && strings.HasPrefix(r.Model, "gpt-oss") {
		return "low"
	}
	return r.Think
}

func wireMessage(m llm.Message) message {
	out := message{
		Role: string(m.Role), Content: m.Content, Thinking: m.Thinking,
		ToolName: m.ToolName, ToolCallID: m.ToolCallID,
	}
	for _, c := range m.ToolCalls {
		out.ToolCalls = append(out.ToolCalls, toolCall{ID: c.ID, Function: toolFunction{
			Name: c.Name, Arguments: orEmptyObject(jsontext.Value(c.Arguments)),
		}})
	}
	return out
}

func wireTool(t llm.ToolDef) tool {
	parameters := jsontext.Value(t.Parameters)
	if len(parameters) == 0 {
		parameters = jsontext.Value(`{"type":"object","properties":{}}`)
	}
	return tool{Type: "function", Function: toolDefinition{
		Name: t.Name, Description: t.Description, Parameters: parameters,
	}}
}

func orEmptyObject(v jsontext.Value) jsontext.Value {
	if len(v) == 0 {
		return jsontext.Value(`{}`)
	}
	return v
}
