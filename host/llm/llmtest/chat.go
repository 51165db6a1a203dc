package llmtest

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/jarvis-host/jarvis/host/llm"
)

// line is one object of a chat reply.
type line struct {
	Model     string      `json:"model"`
	CreatedAt time.Time   `json:"created_at"`
	Message   lineMessage `json:"message"`
	Done      bool        `json:"done"`

	DoneReason         string        `json:"done_reason,omitempty"`
	TotalDuration      time.Duration `json:"total_duration,omitempty"`
	LoadDuration       time.Duration `json:"load_duration,omitempty"`
	PromptEvalCount    int           `json:"prompt_eval_count,omitempty"`
	PromptEvalDuration time.Duration `json:"prompt_eval_duration,omitempty"`
	EvalCount          int           `json:"eval_count,omitempty"`
	EvalDuration       time.Duration `json:"eval_duration,omitempty"`
}

type lineMessage struct {
	Role      llm.Role   `json:"role"`
	Content   string     `json:"content"`
	Thinking  string     `json:"thinking,omitempty"`
	ToolCalls []lineCall `json:"tool_calls,omitempty"`
}

type lineCall struct {
	ID       string       `json:"id"`
	Function lineFunction `json:"function"`
}

type lineFunction struct {
	Index     int             `json:"index"`
	Name      string          `json:"name"`
	Arguments json.RawMessage `json:"arguments"`
}

// chat answers POST /api/chat.
func (s *Server) chat(w http.ResponseWriter, r *http.Request) {
	q, ok := s.read(w, r)
	if !ok {
		return
	}
	s.record(q)
	m, refused := s.check(q)
	if refused != nil {
		fail(w, refused.status, refused.text)
		return
	}
	keep, _ := keepAlive(q.KeepAlive) // checked above
	s.load(m, integer(q.Options, "num_ctx"), keep)
	if len(q.Messages) == 0 {
		reason := "load"
		if keep == 0 {
			reason = "unload"
		}
		reply(w, http.StatusOK, line{
			Model: q.Model, CreatedAt: s.now().UTC(), Message: lineMessage{Role: llm.Assistant}, Done: true, DoneReason: reason,
		})
		return
	}
	s.answer(w, r, q, m, native{})
}

// answer gives the scripted answer to a request, in one of the protocols.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, q Request, m Model, v voice) {
	a := s.compose(w, q, m)
	a.voice = v
	a.give(r.Context())
	switch {
	case a.ended:
	case s.closed():
		panic(http.ErrAbortHandler) // or else the response would end cleanly
	case r.Context().Err() != nil:
		announce(s.cancelled, q)
	}
}

// voice is how an answer is written in one of the protocols.
type voice interface {
	kind() string        // of a stream, as a Content-Type
	piece(l line) []byte // one line
	last(l line) []byte  // the final one
	fault(text string) []byte
	whole(l line) any
	refusal(status int, text string) any
	huge() (begin, end string) // what is around a very long text
}

// native is Ollama's own protocol.
type native struct{}

func (native) kind() string { return "application/x-ndjson" }

func (native) piece(l line) []byte { return append(encode(l), '\n') }

func (v native) last(l line) []byte { return v.piece(l) }

func (native) fault(text string) []byte { return append(encode(errorBody{text}), '\n') }

func (native) whole(l line) any { return l }

func (native) refusal(_ int, text string) any { return errorBody{text} }

func (native) huge() (begin, end string) {
	return `{"model":"toy","message":{"role":"assistant","content":"`, "\"},\"done\":false}\n"
}

func encode(v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		raw = []byte(`{"error":"write reply"}`)
	}
	return raw
}

func (s *Server) closed() bool {
	select {
	case <-s.closing:
		return true
	default:
		return false
	}
}

// answer is one scripted answer on its way.
type answer struct {
	s     *Server
	w     http.ResponseWriter
	voice voice
	q     Request
	rule  Rule
	lines []line
	final line
	began time.Time
	sent  int
	ended bool // all that was to be sent is sent
}

// compose lays an answer out.
func (s *Server) compose(w http.ResponseWriter, q Request, m Model) *answer {
	a := &answer{s: s, w: w, q: q, rule: s.pick(q), began: s.now()}
	if silent, said := q.Think.(bool); m.can(llm.CanThink) && (silent || !said) {
		for _, t := range Words(a.rule.Think) {
			a.add(lineMessage{Thinking: t})
		}
	}
	for _, c := range a.rule.chunks(q) {
		a.add(lineMessage{Content: c})
	}
	for _, c := range a.rule.ToolCalls {
		a.add(lineMessage{ToolCalls: []lineCall{s.call(c, 0)}})
	}
	if a.rule.Fault == ToolStorm {
		a.add(lineMessage{ToolCalls: s.storm(q)})
	}
	reason := a.rule.DoneReason
	if reason == "" {
		reason = "stop"
	}
	if n := integer(q.Options, "num_predict"); n > 0 && n < len(a.lines) && a.rule.Fault != Endless {
		a.lines, reason = a.lines[:n], "length"
	}
	a.final = line{Done: true, DoneReason: reason, EvalCount: max(len(a.lines), 1), PromptEvalCount: promptTokens(q)}
	if a.rule.NoPromptCount {
		a.final.PromptEvalCount = 0
	}
	return a
}

func (a *answer) add(m lineMessage) { a.lines = append(a.lines, line{Message: m}) }

// promptTokens is a rough count, the tools included.
func promptTokens(q Request) int {
	n := 4
	for _, m := range q.Messages {
		n += 3 + len(strings.Fields(m.Content))
	}
	for _, t := range q.Tools {
		n += 40 + len(t.Description)/4 + len(t.Parameters)/4
	}
	return n
}

// give sends the answer, or fails as the rule says.
func (a *answer) give(ctx context.Context) {
	if !a.wait(ctx, a.rule.Start) {
		return
	}
	switch a.rule.Fault {
	case Refuse:
		a.reset()
	case TooMany:
		a.refuse(http.StatusTooManyRequests, "too many requests")
	case Broken:
		a.refuse(http.StatusInternalServerError, "model runner has unexpectedly stopped")
	case Busy:
		a.refuse(http.StatusServiceUnavailable, "server busy, please try again.  maximum pending requests exceeded")
	case StallBefore:
		a.stall(ctx)
	default:
		if a.q.Stream {
			a.stream(ctx)
		} else {
			a.whole()
		}
	}
}

func (a *answer) refuse(status int, text string) {
	if a.rule.RetryAfter != "" {
		a.w.Header().Set("Retry-After", a.rule.RetryAfter)
	}
	reply(a.w, status, a.voice.refusal(status, text))
	a.ended = true
}

// reset drops the connection so that the client gets an error, not an end.
func (a *answer) reset() {
	conn, _, err := http.NewResponseController(a.w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // HTTP/2 has no connection to give
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}

// wait holds the answer back at a gate; false means that no one waits for it.
func (a *answer) wait(ctx context.Context, gate <-chan struct{}) bool {
	if gate == nil {
		return ctx.Err() == nil
	}
	select {
	case <-gate:
		return true
	case <-ctx.Done():
	case <-a.s.closing:
	}
	return false
}

// stall waits until the client goes away or the server is closed.
func (a *answer) stall(ctx context.Context) { a.wait(ctx, make(chan struct{})) }

// whole sends the answer as one object.
func (a *answer) whole() {
	out := a.finished()
	var content, thinking strings.Builder
	for _, l := range a.lines {
		content.WriteString(l.Message.Content)
		thinking.WriteString(l.Message.Thinking)
		out.Message.ToolCalls = append(out.Message.ToolCalls, l.Message.ToolCalls...)
	}
	out.Message.Content, out.Message.Thinking = content.String(), thinking.String()
	reply(a.w, http.StatusOK, a.voice.whole(out))
	a.ended = true
}

// finished is the final line, with what the answer took.
func (a *answer) finished() line {
	out := a.stamp(a.final)
	took := max(a.s.now().Sub(a.began), 4*time.Microsecond)
	out.TotalDuration, out.LoadDuration = took, took/4
	out.PromptEvalDuration, out.EvalDuration = took/4, took/2
	return out
}

func (a *answer) stamp(l line) line {
	l.Model, l.CreatedAt, l.Message.Role = a.q.Model, a.s.now().UTC(), llm.Assistant
	return l
}
