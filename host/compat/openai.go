package compat

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"strings"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/session"
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

// openChunk is both a chunk of a stream and a whole answer.
type openChunk struct {
	ID      string       `json:"id"`
	Object  string       `json:"object"`
	Created int64        `json:"created"`
	Model   string       `json:"model"`
	Choices []openChoice `json:"choices"`
	Usage   *openUsage   `json:"usage,omitempty"`
}

type openChoice struct {
	Index   int        `json:"index"`
	Delta   *openDelta `json:"delta,omitempty"`
	Message *openDelta `json:"message,omitempty"`
	Finish  *string    `json:"finish_reason"`
}

type openDelta struct {
	Role      string     `json:"role,omitempty"`
	Content   *string    `json:"content,omitempty"`
	Reasoning string     `json:"reasoning_content,omitempty"`
	ToolCalls []openCall `json:"tool_calls,omitempty"`
}

type openUsage struct {
	Prompt     int `json:"prompt_tokens"`
	Completion int `json:"completion_tokens"`
	Total      int `json:"total_tokens"`
}

func usageOf(u llm.Usage) *openUsage {
	return &openUsage{u.PromptTokens, u.CompletionTokens, u.PromptTokens + u.CompletionTokens}
}

func (d *Door) openChat(w http.ResponseWriter, r *http.Request, body []byte, who session.Identity, e Engine) {
	c, err := readOpen(body)
	if err != nil {
		openFail(w, e, who, err)
		return
	}
	head := openChunk{ID: "chatcmpl-" + rand.Text(), Created: d.now().Unix(), Model: c.model}
	if c.stream {
		d.openStream(w, r, who, e, c, head)
		return
	}
	s := &gathered{}
	end, err := d.answer(r.Context(), e, who, c, s)
	if err != nil {
		openFail(w, e, who, err)
		return
	}
	head.Object, head.Usage = "chat.completion", usageOf(end.usage)
	text := s.said.String()
	m := &openDelta{Role: "assistant", Content: &text, Reasoning: s.thought.String(), ToolCalls: openCalls(s.calls, false)}
	reason := openReason(end)
	head.Choices = []openChoice{{Message: m, Finish: &reason}}
	reply(w, http.StatusOK, head)
}

// gathered keeps a whole answer.
type gathered struct {
	said, thought strings.Builder
	calls         []llm.ToolCall
}

func (g *gathered) text(s string) bool       { g.said.WriteString(s); return true }
func (g *gathered) thinking(s string) bool   { g.thought.WriteString(s); return true }
func (g *gathered) call(c llm.ToolCall) bool { g.calls = append(g.calls, c); return true }

func openCalls(calls []llm.ToolCall, indexed bool) []openCall {
	var out []openCall
	for i, c := range calls {
		o := openCall{ID: c.ID, Type: "function", Function: openFunction{Name: c.Name, Arguments: string(c.Arguments)}}
		if indexed {
			o.Index = &i
		}
		out = append(out, o)
	}
	return out
}

func openReason(end ending) string {
	switch {
	case end.calls:
		return "tool_calls"
	case end.reason == llm.ReasonLength:
		return "length"
	default:
		return "stop"
	}
}

// openEvents streams an answer as server-sent events.
type openEvents struct {
	lines
	head  openChunk
	calls int
	begun bool
}

func (s *openEvents) send(choices []openChoice, usage *openUsage) bool {
	c := s.head
	c.Object, c.Choices, c.Usage = "chat.completion.chunk", choices, usage
	raw, err := json.Marshal(c)
	if err != nil {
		return false
	}
	return s.write(append(append([]byte("data: "), raw...), "\n\n"...))
}

func (s *openEvents) delta(d openDelta) bool {
	if !s.begun {
		s.begun = true
		empty := ""
		if !s.send([]openChoice{{Delta: &openDelta{Role: "assistant", Content: &empty}}}, nil) {
			return false
		}
	}
	return s.send([]openChoice{{Delta: &d}}, nil)
}

func (s *openEvents) text(t string) bool     { return s.delta(openDelta{Content: &t}) }
func (s *openEvents) thinking(t string) bool { return s.delta(openDelta{Reasoning: t}) }

func (s *openEvents) call(c llm.ToolCall) bool {
	o := openCalls([]llm.ToolCall{c}, true)
	*o[0].Index = s.calls
	s.calls++
	return s.delta(openDelta{ToolCalls: o})
}

func (d *Door) openStream(w http.ResponseWriter, r *http.Request, who session.Identity, e Engine, c *conversation, head openChunk) {
	s := &openEvents{lines: lines{w: w, kind: "text/event-stream"}, head: head}
	end, err := d.answer(r.Context(), e, who, c, s)
	switch {
	case errors.Is(err, errGone) || s.gone:
		return
	case err != nil && !s.open:
		openFail(w, e, who, err)
		return
	case err != nil: // too late for a status: the protocol has a frame for it
		_, body := openError(e, who, err)
		if raw, err := json.Marshal(body); err == nil {
			s.write(append(append([]byte("data: "), raw...), "\n\n"...))
		}
		return // without [DONE]: a cut answer must not look whole
	}
	reason := openReason(end)
	if !s.begun && !s.text("") {
		return
	}
	if !s.send([]openChoice{{Delta: &openDelta{}, Finish: &reason}}, nil) {
		return
	}
	if c.usage && !s.send([]openChoice{}, usageOf(end.usage)) {
		return
	}
	s.write([]byte("data: [DONE]\n\n"))
}

// openFailure is an error in OpenAI's shape.
type openFailure struct {
	Error struct {
		Message string  `json:"message"`
		Type    string  `json:"type"`
		Param   *string `json:"param"`
		Code    string  `json:"code"`
	} `json:"error"`
}

func openError(e Engine, who session.Identity, err error) (*protocol.Problem, openFailure) {
	p, text := problem(e, who, err)
	var f openFailure
	f.Error.Message, f.Error.Code, f.Error.Type = text, string(p.Code), "api_error"
	if p.Field != "" {
		f.Error.Param = &p.Field
	}
	switch p.Code {
	case protocol.Invalid, protocol.TooLarge, protocol.Unsupported, protocol.NotFound:
		f.Error.Type = "invalid_request_error"
	case protocol.RateLimited:
		f.Error.Type = "rate_limit_error"
	default:
	}
	return p, f
}

func openFail(w http.ResponseWriter, e Engine, who session.Identity, err error) {
	p, f := openError(e, who, err)
	later(w, p)
	reply(w, p.Code.Status(), f)
}

// openEntry is a model in OpenAI's list.
type openEntry struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Created int64  `json:"created"`
	OwnedBy string `json:"owned_by"`
}

func entry(m Model) openEntry { return openEntry{m.Name, "model", m.Since.Unix(), m.Owner} }

func (d *Door) openModels(w http.ResponseWriter, _ *http.Request, _ []byte, who session.Identity, e Engine) {
	data := []openEntry{}
	for _, m := range e.Models(who) {
		data = append(data, entry(m))
	}
	reply(w, http.StatusOK, map[string]any{"object": "list", "data": data})
}

func (d *Door) openModel(w http.ResponseWriter, r *http.Request, _ []byte, who session.Identity, e Engine) {
	name := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	for _, m := range e.Models(who) {
		if m.Name == name {
			reply(w, http.StatusOK, entry(m))
			return
		}
	}
	openFail(w, e, who, &protocol.Problem{Code: protocol.NotFound, Field: "model"})
}

// openEmbedRequest is POST /v1/embeddings.
type openEmbedRequest struct {
	Model      string          `json:"model"`
	Input      json.RawMessage `json:"input"`
	Encoding   string          `json:"encoding_format"`
	Dimensions int             `json:"dimensions"`
}

// texts reads an input that is one text or several.
func texts(raw json.RawMessage) ([]string, error) {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		return []string{one}, nil
	}
	var many []string
	if len(raw) == 0 || json.Unmarshal(raw, &many) != nil || len(many) == 0 {
		return nil, invalid("input", "no text", "a text or a list of texts")
	}
	return many, nil
}

// modelName is a model's name for the engine: the assistant has none of its own.
func modelName(name string) string {
	if base, _, _ := strings.Cut(name, ":"); base == Assistant {
		return ""
	}
	return name
}

func (d *Door) openEmbed(w http.ResponseWriter, r *http.Request, body []byte, who session.Identity, e Engine) {
	var q openEmbedRequest
	err := json.Unmarshal(body, &q)
	if err != nil {
		err = unreadable(err)
	}
	var in []string
	if err == nil {
		in, err = texts(q.Input)
	}
	if err == nil && q.Encoding != "" && q.Encoding != "float" && q.Encoding != "base64" {
		err = invalid("encoding_format", strconv.Quote(q.Encoding), "float or base64")
	}
	var out llm.Embeddings
	if err == nil {
		out, err = e.Embed(r.Context(), who, llm.EmbedRequest{Model: modelName(q.Model), Texts: in, Dimensions: q.Dimensions})
	}
	if err != nil {
		openFail(w, e, who, err)
		return
	}
	data := []any{}
	for i, v := range out.Vectors {
		var embedding any = v
		if q.Encoding == "base64" {
			embedding = packed(v)
		}
		data = append(data, map[string]any{"object": "embedding", "index": i, "embedding": embedding})
	}
	reply(w, http.StatusOK, map[string]any{
		"object": "list", "data": data, "model": q.Model,
		"usage": map[string]int{"prompt_tokens": out.Usage.PromptTokens, "total_tokens": out.Usage.PromptTokens},
	})
}

// packed is a vector as little-endian 32-bit floats in base64.
func packed(v []float32) string {
	b := make([]byte, 0, 4*len(v))
	for _, f := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(f))
	}
	return base64.StdEncoding.EncodeToString(b)
}
