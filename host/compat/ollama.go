package compat

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/session"
)

// ollamaRequest is POST /api/chat. Members that are not here are ignored.
type ollamaRequest struct {
	Model    string          `json:"model"`
	Messages []ollamaMessage `json:"messages"`
	Stream   *bool           `json:"stream"`
	Tools    []openTool      `json:"tools"`
	Format   json.RawMessage `json:"format"`
	Think    json.RawMessage `json:"think"`
	Options  struct {
		Temperature *float64 `json:"temperature"`
		NumPredict  int      `json:"num_predict"`
	} `json:"options"`
}

type ollamaMessage struct {
	Role       string       `json:"role"`
	Content    string       `json:"content"`
	Thinking   string       `json:"thinking,omitempty"`
	ToolCalls  []ollamaCall `json:"tool_calls,omitempty"`
	ToolName   string       `json:"tool_name,omitempty"`
	ToolCallID string       `json:"tool_call_id,omitempty"`
	Images     []string     `json:"images,omitempty"`
}

type ollamaCall struct {
	ID       string `json:"id,omitempty"`
	Function struct {
		Index     *int            `json:"index,omitempty"`
		Name      string          `json:"name"`
		Arguments json.RawMessage `json:"arguments"`
	} `json:"function"`
}

func readOllama(body []byte) (*conversation, error) {
	var q ollamaRequest
	if err := json.Unmarshal(body, &q); err != nil {
		return nil, unreadable(err)
	}
	c := &conversation{
		model: q.Model, stream: q.Stream == nil || *q.Stream, temperature: q.Options.Temperature, maxTokens: max(0, q.Options.NumPredict),
		think: len(q.Think) > 0 && !bytes.Contains([]byte("false null"), bytes.TrimSpace(q.Think)),
	}
	if f := bytes.TrimSpace(q.Format); len(f) > 0 && string(f) != `""` && string(f) != "null" {
		c.format = json.RawMessage(f)
	}
	for i, m := range q.Messages {
		at := fmt.Sprintf("messages[%d]", i)
		if len(m.Images) > 0 {
			return nil, invalid(at+".images", "there", "no images: this host reads none here")
		}
		msg := llm.Message{Content: m.Content, ToolName: m.ToolName, ToolCallID: m.ToolCallID}
		switch role := llm.Role(strings.ToLower(m.Role)); role {
		case llm.System, llm.User, llm.Assistant, llm.Tool:
			msg.Role = role
		default:
			return nil, invalid(at+".role", fmt.Sprintf("%q", m.Role), "system, user, assistant or tool")
		}
		for n, call := range m.ToolCalls {
			args := call.Function.Arguments
			if len(args) == 0 {
				args = json.RawMessage("{}")
			}
			id := call.ID
			if id == "" {
				id = fmt.Sprintf("call_%d_%d", i, n)
			}
			msg.ToolCalls = append(msg.ToolCalls, llm.ToolCall{ID: id, Name: call.Function.Name, Arguments: args})
		}
		c.messages = append(c.messages, msg)
	}
	for _, t := range q.Tools {
		c.tools = append(c.tools, llm.ToolDef{Name: t.Function.Name, Description: t.Function.Description, Parameters: t.Function.Parameters})
	}
	if len(c.messages) == 0 && c.model != "" {
		return c, nil // asks that the model be loaded
	}
	return c, c.check()
}

// ollamaChunk is a line of a stream and a whole answer.
type ollamaChunk struct {
	Model     string        `json:"model"`
	CreatedAt time.Time     `json:"created_at"`
	Message   ollamaMessage `json:"message"`
	Done      bool          `json:"done"`
	Reason    string        `json:"done_reason,omitempty"`
	Total     int64         `json:"total_duration,omitempty"` // nanoseconds, as all of them
	Load      int64         `json:"load_duration,omitempty"`
	Prompt    int           `json:"prompt_eval_count,omitempty"`
	PromptFor int64         `json:"prompt_eval_duration,omitempty"`
	Eval      int           `json:"eval_count,omitempty"`
	EvalFor   int64         `json:"eval_duration,omitempty"`
}

// ollamaLines streams an answer as lines of JSON.
type ollamaLines struct {
	lines
	d     *Door
	model string
}

func (s *ollamaLines) send(c ollamaChunk) bool {
	c.Model, c.CreatedAt = s.model, s.d.now().UTC()
	c.Message.Role = "assistant"
	raw, err := json.Marshal(c)
	if err != nil {
		return false
	}
	return s.write(append(raw, '\n'))
}

func (s *ollamaLines) text(t string) bool {
	return s.send(ollamaChunk{Message: ollamaMessage{Content: t}})
}

func (s *ollamaLines) thinking(t string) bool {
	return s.send(ollamaChunk{Message: ollamaMessage{Thinking: t}})
}

func (s *ollamaLines) call(c llm.ToolCall) bool {
	return s.send(ollamaChunk{Message: ollamaMessage{ToolCalls: ollamaCalls([]llm.ToolCall{c})}})
}

func ollamaCalls(calls []llm.ToolCall) []ollamaCall {
	var out []ollamaCall
	for i, c := range calls {
		o := ollamaCall{ID: c.ID}
		o.Function.Index, o.Function.Name, o.Function.Arguments = &i, c.Name, c.Arguments
		out = append(out, o)
	}
	return out
}

func (d *Door) ollamaChat(w http.ResponseWriter, r *http.Request, body []byte, who session.Identity, e Engine) {
	c, err := readOllama(body)
	if err != nil {
		ollamaFail(w, e, who, err)
		return
	}
	began := d.now()
	if len(c.messages) == 0 {
		reply(w, http.StatusOK, ollamaChunk{Model: c.model, CreatedAt: began.UTC(), Message: ollamaMessage{Role: "assistant"}, Done: true, Reason: "load"})
		return
	}
	if !c.stream {
		s := &gathered{}
		end, err := d.answer(r.Context(), e, who, c, s)
		if err != nil {
			ollamaFail(w, e, who, err)
			return
		}
		out := d.ollamaEnd(end, began)
		out.Model, out.CreatedAt = c.model, d.now().UTC()
		out.Message = ollamaMessage{Role: "assistant", Content: s.said.String(), Thinking: s.thought.String(), ToolCalls: ollamaCalls(s.calls)}
		reply(w, http.StatusOK, out)
		return
	}
	s := &ollamaLines{lines: lines{w: w, kind: "application/x-ndjson"}, d: d, model: c.model}
	end, err := d.answer(r.Context(), e, who, c, s)
	switch {
	case errors.Is(err, errGone) || s.gone:
	case err != nil && !s.open:
		ollamaFail(w, e, who, err)
	case err != nil:
		_, text := problem(e, who, err)
		if raw, err := json.Marshal(map[string]string{"error": text}); err == nil {
			s.write(append(raw, '\n'))
		}
	default:
		s.send(d.ollamaEnd(end, began))
	}
}

func (d *Door) ollamaEnd(end ending, began time.Time) ollamaChunk {
	reason := string(end.reason)
	if reason == "" {
		reason = "stop"
	}
	u := end.usage
	return ollamaChunk{
		Done: true, Reason: reason, Total: max(1, d.now().Sub(began).Nanoseconds()), Load: u.Load.Nanoseconds(),
		Prompt: u.PromptTokens, PromptFor: u.Prompt.Nanoseconds(), Eval: u.CompletionTokens, EvalFor: u.Generate.Nanoseconds(),
	}
}

// ollamaFail answers in Ollama's shape: a text, not an object.
func ollamaFail(w http.ResponseWriter, e Engine, who session.Identity, err error) {
	p, text := problem(e, who, err)
	later(w, p)
	reply(w, p.Code.Status(), map[string]string{"error": text})
}

// tagged is a model's name as Ollama lists it.
func tagged(name string) string {
	if strings.Contains(name, ":") {
		return name
	}
	return name + ":latest"
}

func (d *Door) ollamaTags(w http.ResponseWriter, _ *http.Request, _ []byte, who session.Identity, e Engine) {
	list := []any{}
	for _, m := range e.Models(who) {
		name := tagged(m.Name)
		list = append(list, map[string]any{
			"name": name, "model": name, "modified_at": m.Since.UTC(), "size": 0, "digest": fmt.Sprintf("%x", sha256.Sum256([]byte(name))),
			"details":        map[string]any{"family": m.Owner, "families": []string{m.Owner}, "format": "jarvis", "parameter_size": "", "quantization_level": ""},
			"expires_at":     d.now().UTC().Add(time.Hour), // of /api/ps
			"context_length": m.Window,
		})
	}
	reply(w, http.StatusOK, map[string]any{"models": list})
}

func (d *Door) ollamaShow(w http.ResponseWriter, _ *http.Request, body []byte, who session.Identity, e Engine) {
	var q struct{ Model, Name string }
	if err := json.Unmarshal(body, &q); err != nil {
		ollamaFail(w, e, who, unreadable(err))
		return
	}
	want := tagged(q.Model + q.Name)
	for _, m := range e.Models(who) {
		if tagged(m.Name) != want {
			continue
		}
		can := []string{"completion"}
		if m.Tools {
			can = append(can, "tools")
		}
		if m.Embeds {
			can = append(can, "embedding")
		}
		reply(w, http.StatusOK, map[string]any{
			"modified_at": m.Since.UTC(), "template": "", "parameters": "", "capabilities": can,
			"details":    map[string]any{"family": m.Owner, "families": []string{m.Owner}, "format": "jarvis"},
			"model_info": map[string]any{"general.architecture": "jarvis", "jarvis.context_length": m.Window},
		})
		return
	}
	ollamaFail(w, e, who, &protocol.Problem{Code: protocol.NotFound, Message: fmt.Sprintf("model %q not found", q.Model+q.Name)})
}

// ollamaVersion tells a version of Ollama that has all that is answered here,
// for clients that ask for a lowest one.
func (d *Door) ollamaVersion(w http.ResponseWriter, _ *http.Request, _ []byte, _ session.Identity, _ Engine) {
	reply(w, http.StatusOK, map[string]string{"version": "0.12.0", "jarvis": d.version})
}

func (d *Door) ollamaEmbed(w http.ResponseWriter, r *http.Request, body []byte, who session.Identity, e Engine) {
	var q openEmbedRequest
	err := json.Unmarshal(body, &q)
	if err != nil {
		ollamaFail(w, e, who, unreadable(err))
		return
	}
	in, err := texts(q.Input)
	var out llm.Embeddings
	if err == nil {
		out, err = e.Embed(r.Context(), who, llm.EmbedRequest{Model: modelName(q.Model), Texts: in, Dimensions: q.Dimensions})
	}
	if err != nil {
		ollamaFail(w, e, who, err)
		return
	}
	reply(w, http.StatusOK, map[string]any{"model": q.Model, "embeddings": out.Vectors, "prompt_eval_count": out.Usage.PromptTokens, "total_duration": 1})
}

// ollamaPull says that a model is there; others are fetched at the provider.
func (d *Door) ollamaPull(w http.ResponseWriter, _ *http.Request, body []byte, who session.Identity, e Engine) {
	var q struct{ Model, Name string }
	if err := json.Unmarshal(body, &q); err != nil {
		ollamaFail(w, e, who, unreadable(err))
		return
	}
	want := tagged(q.Model + q.Name)
	for _, m := range e.Models(who) {
		if tagged(m.Name) == want {
			w.Header().Set("Content-Type", "application/x-ndjson")
			_, _ = w.Write([]byte("{\"status\":\"success\"}\n"))
			return
		}
	}
	ollamaFail(w, e, who, &protocol.Problem{Code: protocol.NotFound, Message: fmt.Sprintf("model %q is not here; fetch it where the provider runs", q.Model+q.Name)})
}
