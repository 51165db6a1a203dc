package agent

import (
	"encoding/json"
	"strings"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/tool"
	"github.com/jarvis-host/jarvis/host/turn"
)

// A model that can't call tools by itself is driven: its answer has to be one
// JSON object that either says something or names a tool. The tools stand in
// the rules, and their results come back as the end user's messages would.

// drive turns a request with tools into one with a format.
func drive(q llm.Request, picked []*tool.Offer) llm.Request {
	names := []any{"none"}
	var rules strings.Builder
	rules.WriteString("\nAnswer with one JSON object: {\"answer\": \"...\", \"tool\": \"none\"} to speak, or {\"answer\": \"\", \"tool\": \"NAME\", \"arguments\": {...}} to call one of these tools first:\n")
	for _, d := range definitions(picked) {
		names = append(names, d.Name)
		rules.WriteString("- " + d.Name + ": " + d.Description + " " + string(d.Parameters) + "\n")
	}
	messages := append([]llm.Message{}, q.Messages...)
	messages[0].Content += rules.String()
	q.Messages = messages
	q.Format, _ = json.Marshal(map[string]any{ // plain maps, which always encode
		"type": "object",
		"properties": map[string]any{
			"answer": map[string]any{"type": "string"}, "tool": map[string]any{"type": "string", "enum": names},
			"arguments": map[string]any{"type": "object"},
		},
		"required": []string{"answer", "tool"},
	})
	return q
}

// understood reads a driven model's answer: what it says goes out, what it
// wants called comes back. What is no such object is said as it is.
func (r *run) understood(content string) llm.Message {
	said := llm.Message{Role: llm.Assistant, Content: content}
	var a struct {
		Answer    string          `json:"answer"`
		Tool      string          `json:"tool"`
		Arguments json.RawMessage `json:"arguments"`
	}
	if err := json.Unmarshal([]byte(strings.TrimSpace(content)), &a); err != nil {
		r.emit(turn.Delta{Text: content})
		return said
	}
	if a.Tool != "" && a.Tool != "none" {
		if len(a.Arguments) == 0 {
			a.Arguments = json.RawMessage("{}")
		}
		said.ToolCalls = []llm.ToolCall{{ID: "driven", Name: a.Tool, Arguments: a.Arguments}}
		return said
	}
	if a.Answer != "" {
		r.emit(turn.Delta{Text: a.Answer})
	}
	return said
}
