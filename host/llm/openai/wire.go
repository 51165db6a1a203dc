package openai

import (
	"cmp"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/jarvis-host/jarvis/host/llm"
)

// chatRequest is the body of POST /chat/completions.
type chatRequest struct {
	Model         string         `json:"model"`
	Messages      []message      `json:"messages"`
	Stream        bool           `json:"stream"`
	StreamOptions *streamOptions `json:"stream_options,omitempty"`
	Tools         []tool         `json:"tools,omitempty"`
	Format        any            `json:"response_format,omitempty"`
	Temperature   *float64       `json:"temperature,omitempty"`
	MaxTokens     int            `json:"max_tokens,omitzero"`
	MaxCompletion int            `json:"max_completion_tokens,omitzero"`

	// How each kind of server is told not to let the model reason first.
	ReasoningEffort string         `json:"reasoning_effort,omitempty"`
	Reasoning       map[string]any `json:"reasoning,omitempty"`
	Template        map[string]any `json:"chat_template_kwargs,omitempty"`
}

type streamOptions struct {
	IncludeUsage bool `json:"include_usage"`
}

type message struct {
	Role       string     `json:"role"`
	Content    *string    `json:"content"` // null beside tool calls
	ToolCalls  []toolCall `json:"tool_calls,omitempty"`
	ToolCallID string     `json:"tool_call_id,omitempty"`
}

type toolCall struct {
	ID       string       `json:"id"`
	Type     string       `json:"type"`
	Function toolFunction `json:"function"`
}

type toolFunction struct {
	Name      string `json:"name"`
	Arguments string `json:"arguments"`
}

type tool struct {
	Type     string         `json:"type"`
	Function toolDefinition `json:"function"`
}

type toolDefinition struct {
	Name        string         `json:"name"`
	Description string         `json:"description,omitempty"`
	Parameters  jsontext.Value `json:"parameters"`
}

// chat puts a request into the server's words.
func (p *Provider) chat(r llm.Request, stream bool) chatRequest {
	out := chatRequest{
		Model: r.Model, Messages: []message{}, Stream: stream, Temperature: r.Temperature, Format: format(r.Format),
	}
	if stream {
		out.StreamOptions = &streamOptions{IncludeUsage: true}
	}
	most := r.MaxTokens
	if most <= 0 {
		most = p.cfg.MaxTokens
	}
	if p.flavour() == official {
		out.MaxCompletion = most // its newer models refuse the older name
	} else {
		out.MaxTokens = most
	}
	if !r.Think {
		p.dontThink(&out)
	}
	for _, m := range r.Messages {
		out.Messages = append(out.Messages, wireMessage(m))
	}
	for _, t := range r.Tools {
		out.Tools = append(out.Tools, wireTool(t))
	}
	return out
}

// dontThink says so in the server's own way. Servers of unknown kind are not
// told: they may refuse what they do not know.
func (p *Provider) dontThink(out *chatRequest) {
	switch p.flavour() {
	case openRouter:
		out.Reasoning = map[string]any{"enabled": false}
	case llamaCPP, vLLM:
		out.Template = map[string]any{"enable_thinking": false}
	case ollamaFace:
		out.ReasoningEffort = "none"
	default:
	}
}

// format puts a schema into the server's words.
func format(raw []byte) any {
	v := jsontext.Value(raw)
	switch v.Kind() {
	case '{':
		return map[string]any{"type": "json_schema", "json_schema": map[string]any{
			"name": "answer", "schema": v, "strict": true,
		}}
	case '"':
		return map[string]any{"type": "json_object"}
	default:
		return nil
	}
}

func wireMessage(m llm.Message) message {
	out := message{Role: string(m.Role), Content: &m.Content, ToolCallID: m.ToolCallID}
	if len(m.ToolCalls) > 0 && m.Content == "" {
		out.Content = nil
	}
	for _, c := range m.ToolCalls {
		arguments := string(c.Arguments)
		if arguments == "" {
			arguments = "{}"
		}
		out.ToolCalls = append(out.ToolCalls, toolCall{
			ID: c.ID, Type: "function", Function: toolFunction{Name: c.Name, Arguments: arguments},
		})
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

// chunk is one event of a streamed answer, or a whole answer: what is a delta
// in the one is a message in the other.
type chunk struct {
	Model   string         `json:"model"`
	Choices []choice       `json:"choices"`
	Usage   *usage         `json:"usage"`
	Timings *timings       `json:"timings"`
	Error   jsontext.Value `json:"error"`
}

type choice struct {
	Index        int       `json:"index"`
	Delta        delta     `json:"delta"`
	Message      delta     `json:"message"`
	FinishReason looseText `json:"finish_reason"`
}

type delta struct {
	Content   looseText   `json:"content"`
	Refusal   looseText   `json:"refusal"`
	ToolCalls []callDelta `json:"tool_calls"`

	// Reasoning goes by several names; some servers send it under two.
	ReasoningContent looseText `json:"reasoning_content"`
	Reasoning        looseText `json:"reasoning"`
	Thinking         looseText `json:"thinking"`
}

type callDelta struct {
	Index    *int   `json:"index"`
	ID       string `json:"id"`
	Function struct {
		Name      string         `json:"name"`
		Arguments jsontext.Value `json:"arguments"`
	} `json:"function"`
}

type usage struct {
	PromptTokens     int     `json:"prompt_tokens"`
	CompletionTokens int     `json:"completion_tokens"`
	Cost             float64 `json:"cost"` // OpenRouter's, in its credits
}

// timings are llama.cpp's own.
type timings struct {
	PromptN     int     `json:"prompt_n"`
	CacheN      int     `json:"cache_n"`
	PromptMS    float64 `json:"prompt_ms"`
	PredictedN  int     `json:"predicted_n"`
	PredictedMS float64 `json:"predicted_ms"`
}

// thought is what the model reasons, under whichever name it comes first.
func (d *delta) thought() string {
	return string(cmp.Or(d.ReasoningContent, d.Reasoning, d.Thinking))
}

// said is what the model says to the end user; a refusal is that too.
func (d *delta) said() string { return string(cmp.Or(d.Content, d.Refusal)) }

// looseText is a text that may be null, left out, or come in parts. Anything
// else is read over.
type looseText string

// UnmarshalJSONFrom implements [json.UnmarshalerFrom].
func (t *looseText) UnmarshalJSONFrom(d *jsontext.Decoder) error {
	switch d.PeekKind() {
	case '"':
		token, err := d.ReadToken()
		if err == nil {
			*t = looseText(token.String())
		}
		return err
	case '[':
		var parts []looseText
		err := json.UnmarshalDecode(d, &parts)
		*t = ""
		for _, p := range parts {
			*t += p
		}
		return err
	case '{':
		var part struct {
			Text looseText `json:"text"`
		}
		err := json.UnmarshalDecode(d, &part)
		*t = part.Text
		return err
	default:
		return d.SkipValue()
	}
}
