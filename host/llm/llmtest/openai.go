package llmtest

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
	"time"

	"github.com/jarvis-host/jarvis/host/llm"
)

// openVoice is OpenAI's protocol, as Ollama's own face of it has it: tool calls
// come whole, but their arguments as text.
type openVoice struct {
	id      string
	model   string
	created int64
	figures bool // whether the client wants them
}

type openChunk struct {
	ID      string       `json:"id"`
	Object  string       `json:"object"`
	Created int64        `json:"created"`
	Model   string       `json:"model"`
	System  string       `json:"system_fingerprint"`
	Choices []openChoice `json:"choices"`
	Usage   *openUsage   `json:"usage,omitempty"`
}

type openChoice struct {
	Index   int        `json:"index"`
	Delta   *openDelta `json:"delta,omitempty"`
	Message *openDelta `json:"message,omitempty"`
	Reason  *string    `json:"finish_reason"`
}

type openDelta struct {
	Role      llm.Role   `json:"role"`
	Content   string     `json:"content"`
	Reasoning string     `json:"reasoning,omitempty"`
	ToolCalls []openCall `json:"tool_calls,omitempty"`
}

type openCall struct {
	ID       string       `json:"id"`
	Index    int          `json:"index"`
	Type     string       `json:"type"`
	Function openFunction `json:"function"`
}

type openFunction struct {
	Name      string `json:"name"`
	Arguments string `json:"arguments"`
}

type openUsage struct {
	Prompt     int `json:"prompt_tokens"`
	Completion int `json:"completion_tokens"`
	Total      int `json:"total_tokens"`
}

type openError struct {
	Error openProblem `json:"error"`
}

type openProblem struct {
	Message string  `json:"message"`
	Type    string  `json:"type"`
	Param   *string `json:"param"`
	Code    *string `json:"code"`
}

func (v openVoice) kind() string { return "text/event-stream" }

func (v openVoice) chunk(choices ...openChoice) openChunk {
	return openChunk{
		ID: v.id, Object: "chat.completion.chunk", Created: v.created, Model: v.model, System: "fp_ollama", Choices: choices,
	}
}

func event(v any) []byte { return []byte("data: " + string(encode(v)) + "\n\n") }

func deltaOf(m lineMessage) *openDelta {
	d := &openDelta{Role: llm.Assistant, Content: m.Content, Reasoning: m.Thinking}
	for _, c := range m.ToolCalls {
		d.ToolCalls = append(d.ToolCalls, openCall{
			ID: c.ID, Index: c.Function.Index, Type: "function",
			Function: openFunction{Name: c.Function.Name, Arguments: string(c.Function.Arguments)},
		})
	}
	return d
}

func (v openVoice) piece(l line) []byte { return event(v.chunk(openChoice{Delta: deltaOf(l.Message)})) }

func (v openVoice) last(l line) []byte {
	out := event(v.chunk(openChoice{Delta: deltaOf(l.Message), Reason: &l.DoneReason}))
	if v.figures {
		c := v.chunk()
		c.Choices, c.Usage = []openChoice{}, usageOf(l)
		out = append(out, event(c)...)
	}
	return append(out, "data: [DONE]\n\n"...)
}

func usageOf(l line) *openUsage {
	return &openUsage{Prompt: l.PromptEvalCount, Completion: l.EvalCount, Total: l.PromptEvalCount + l.EvalCount}
}

func (v openVoice) fault(text string) []byte {
	return event(v.refusal(http.StatusInternalServerError, text))
}

func (v openVoice) whole(l line) any {
	if len(l.Message.ToolCalls) > 0 {
		l.DoneReason = "tool_calls"
	}
	out := v.chunk(openChoice{Message: deltaOf(l.Message), Reason: &l.DoneReason})
	out.Object, out.Usage = "chat.completion", usageOf(l)
	return out
}

func (v openVoice) refusal(status int, text string) any {
	kind := "api_error"
	switch status {
	case http.StatusBadRequest:
		kind = "invalid_request_error"
	case http.StatusNotFound:
		kind = "not_found_error"
	}
	return openError{openProblem{Message: text, Type: kind}}
}

func (v openVoice) huge() (begin, end string) {
	return `data: {"choices":[{"index":0,"delta":{"content":"`, "\"}}]}\n\n"
}

// openChat answers POST /v1/chat/completions.
func (s *Server) openChat(w http.ResponseWriter, r *http.Request) {
	v := openVoice{id: "chatcmpl-" + s.number(), created: s.now().Unix()}
	q, ok := s.readOpen(w, r, &v)
	if !ok {
		return
	}
	s.record(q)
	if len(q.Messages) == 0 {
		reply(w, http.StatusBadRequest, v.refusal(http.StatusBadRequest, "[] is too short - 'messages'"))
		return
	}
	m, refused := s.check(q)
	if refused != nil {
		reply(w, refused.status, v.refusal(refused.status, refused.text))
		return
	}
	s.load(m, 0, defaultKeepAlive)
	v.model = q.Model
	s.answer(w, r, q, m, v)
}

// number is a number that no other answer has.
func (s *Server) number() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	return fmt.Sprint(s.calls)
}

type openRequest struct {
	Model    string `json:"model"`
	Messages []struct {
		Role      llm.Role        `json:"role"`
		Content   json.RawMessage `json:"content"`
		ToolCalls []openCall      `json:"tool_calls"`
		ToolID    string          `json:"tool_call_id"`
	} `json:"messages"`
	Stream  bool `json:"stream"`
	Options struct {
		Usage bool `json:"include_usage"`
	} `json:"stream_options"`
	Format struct {
		Type   string `json:"type"`
		Schema struct {
			Schema json.RawMessage `json:"schema"`
		} `json:"json_schema"`
	} `json:"response_format"`
	MaxTokens     int    `json:"max_tokens"`
	MaxCompletion int    `json:"max_completion_tokens"`
	Effort        string `json:"reasoning_effort"`

	Input    json.RawMessage `json:"input"`
	Encoding string          `json:"encoding_format"`
}

// readOpen takes in a request in OpenAI's words; if it can't be read, it has
// been answered.
func (s *Server) readOpen(w http.ResponseWriter, r *http.Request, v *openVoice) (Request, bool) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var in openRequest
	var q Request
	if err == nil {
		// The tools have the same form in both protocols.
		if err = json.Unmarshal(body, &in); err == nil {
			q, err = parseOpen(r, body, in)
		}
	}
	v.figures = in.Options.Usage
	if text := q.wrong(err); text != "" {
		reply(w, http.StatusBadRequest, v.refusal(http.StatusBadRequest, text))
		return q, false
	}
	return q, true
}

func parseOpen(r *http.Request, body []byte, in openRequest) (Request, error) {
	var tools struct {
		Tools json.RawMessage `json:"tools"`
	}
	_ = json.Unmarshal(body, &tools) // it was read before
	if tools.Tools == nil {
		tools.Tools = json.RawMessage("null")
	}
	q, err := parseRequest(r.URL.Path, r.Header, []byte(`{"tools":`+string(tools.Tools)+`}`))
	if err != nil {
		return q, err
	}
	q.Body, q.Model, q.Stream, q.Input, q.Options = body, in.Model, in.Stream, in.Input, map[string]any{}
	if n := max(in.MaxTokens, in.MaxCompletion); n > 0 {
		q.Options["num_predict"] = float64(n)
	}
	if in.Effort != "" {
		q.Think = in.Effort != "none"
	}
	q.Format = in.Format.Schema.Schema
	for _, m := range in.Messages {
		out := llm.Message{Role: m.Role, Content: contentOf(m.Content), ToolCallID: m.ToolID}
		for _, c := range m.ToolCalls {
			out.ToolCalls = append(out.ToolCalls, llm.ToolCall{ID: c.ID, Name: c.Function.Name, Arguments: json.RawMessage(c.Function.Arguments)})
		}
		q.Messages = append(q.Messages, out)
	}
	return q, nil
}

// contentOf reads a text, or the text of its parts.
func contentOf(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var parts []struct {
		Text string `json:"text"`
	}
	_ = json.Unmarshal(raw, &parts)
	var all strings.Builder
	for _, p := range parts {
		all.WriteString(p.Text)
	}
	return all.String()
}

type openModel struct {
	ID      string `json:"id"`
	Object  string `json:"object"`
	Created int64  `json:"created"`
	OwnedBy string `json:"owned_by"`
}

// openModels answers GET /v1/models.
func (s *Server) openModels(w http.ResponseWriter, _ *http.Request) {
	list := struct {
		Object string      `json:"object"`
		Data   []openModel `json:"data"`
	}{"list", []openModel{}}
	for _, m := range s.models() {
		list.Data = append(list.Data, openModel{ID: m.full(), Object: "model", Created: made().Unix(), OwnedBy: "library"})
	}
	reply(w, http.StatusOK, list)
}

type openVector struct {
	Object    string `json:"object"`
	Embedding any    `json:"embedding"`
	Index     int    `json:"index"`
}

// openEmbed answers POST /v1/embeddings.
func (s *Server) openEmbed(w http.ResponseWriter, r *http.Request) {
	var v openVoice
	q, ok := s.readOpen(w, r, &v)
	if !ok {
		return
	}
	s.record(q)
	refuse := func(status int, text string) { reply(w, status, v.refusal(status, text)) }
	if _, found := s.model(q.Model); !found {
		refuse(http.StatusNotFound, fmt.Sprintf("model %q not found, try pulling it first", q.Model))
		return
	}
	texts, ok := inputs(q.Input)
	if !ok || len(texts) == 0 {
		refuse(http.StatusBadRequest, "invalid input")
		return
	}
	var in openRequest
	_ = json.Unmarshal(q.Body, &in) // it was read before
	out := struct {
		Object string       `json:"object"`
		Data   []openVector `json:"data"`
		Model  string       `json:"model"`
		Usage  openUsage    `json:"usage"`
	}{Object: "list", Model: q.Model}
	for i, text := range texts {
		out.Data = append(out.Data, openVector{Object: "embedding", Embedding: encoded(Vector(text), in.Encoding), Index: i})
		out.Usage.Prompt += len(strings.Fields(text)) + 2
	}
	out.Usage.Total = out.Usage.Prompt
	reply(w, http.StatusOK, out)
}

// encoded is a vector as it is asked for.
func encoded(v []float32, encoding string) any {
	if encoding != "base64" {
		return v
	}
	var raw []byte
	for _, x := range v {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(x))
	}
	return base64.StdEncoding.EncodeToString(raw)
}

// pullLayers are what a pull goes through, with their sizes in bytes.
var pullLayers = []int64{4_000_000, 1_000}

// pull answers POST /api/pull: the model is there afterwards.
func (s *Server) pull(w http.ResponseWriter, r *http.Request) {
	q, ok := s.read(w, r)
	if !ok {
		return
	}
	s.record(q)
	if strings.Contains(q.Model, "nope") {
		w.Header().Set("Content-Type", "application/x-ndjson")
		_, _ = w.Write(native{}.fault("pull model manifest: file does not exist"))
		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	step := func(v map[string]any) bool {
		_, err := w.Write(append(encode(v), '\n'))
		s.pace(r.Context(), pullPause)
		return err == nil && http.NewResponseController(w).Flush() == nil && r.Context().Err() == nil
	}
	if !step(map[string]any{"status": "pulling manifest"}) || !s.layers(q.Model, step) {
		return
	}
	for _, status := range []string{"verifying sha256 digest", "writing manifest", "success"} {
		if status == "success" {
			s.adopt(q.Model)
		}
		if !step(map[string]any{"status": status}) {
			return
		}
	}
}

// pullPause is how long each step of a pull takes.
const pullPause = time.Millisecond

func (s *Server) layers(name string, step func(map[string]any) bool) bool {
	for i, total := range pullLayers {
		digest := Model{Name: fmt.Sprint(name, i)}.digest()
		layer := map[string]any{"status": "pulling " + digest[:12], "digest": "sha256:" + digest, "total": total}
		if !step(layer) {
			return false
		}
		for part := int64(1); part <= 4; part++ {
			layer["completed"] = total * part / 4
			if !step(layer) {
				return false
			}
		}
	}
	return true
}

// adopt adds a model to those that the server has.
func (s *Server) adopt(name string) {
	if _, found := s.model(name); found {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script.Models = append(s.script.Models[:len(s.script.Models):len(s.script.Models)], Model{
		Name: name, Capabilities: []llm.Capability{llm.CanChat, llm.CanTools}, ContextLength: 131_072,
	})
}
