package compat

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/session"
)

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
