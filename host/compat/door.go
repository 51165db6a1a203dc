package compat

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/jarvis-host/jarvis/host/llm"
	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/session"
	"github.com/jarvis-host/jarvis/host/turn"
)

// Door speaks both protocols. It is safe for concurrent use.
type Door struct {
	version string
	now     func() time.Time
	paused  paused
}

// New returns a Door. parse reads a text as the reply to a question.
func New(version string, now func() time.Time, parse func(q *turn.Question, text string) turn.Reply) *Door {
	return &Door{version: version, now: now, paused: paused{now: now, parse: parse}}
}

// Close gives up the answers that wait for a reply.
func (d *Door) Close() { d.paused.close() }

// Route is one way in. Its handler gets the body read, and answers everything,
// errors too, in the protocol's own shape.
type Route struct {
	Method, Path string
	Impersonal   bool // the answer is the same for all
	Serve        func(w http.ResponseWriter, r *http.Request, body []byte, who session.Identity, e Engine)
}

// Routes lists what the door answers; paths are httprouter's templates.
func (d *Door) Routes() []Route {
	return []Route{
		{http.MethodPost, "/v1/chat/completions", false, d.openChat},
		{http.MethodGet, "/v1/models", true, d.openModels},
		{http.MethodGet, "/v1/models/:model", true, d.openModel},
		{http.MethodPost, "/v1/embeddings", false, d.openEmbed},
		{http.MethodPost, "/api/chat", false, d.ollamaChat},
		{http.MethodGet, "/api/tags", true, d.ollamaTags},
		{http.MethodGet, "/api/ps", true, d.ollamaTags},
		{http.MethodPost, "/api/show", true, d.ollamaShow},
		{http.MethodGet, "/api/version", true, d.ollamaVersion},
		{http.MethodPost, "/api/embed", false, d.ollamaEmbed},
		{http.MethodPost, "/api/pull", false, d.ollamaPull},
	}
}

// problem is an error with a code, in the words for whoever asked.
func problem(e Engine, who session.Identity, err error) (*protocol.Problem, string) {
	p, ok := errors.AsType[*protocol.Problem](err)
	if !ok {
		p = &protocol.Problem{Code: protocol.Internal, Err: err}
		if le, model := errors.AsType[*llm.Error](err); model {
			p.Code, p.RetryAfter, p.Text = classCode(le.Class), le.RetryAfter, "model.failed"
			if le.Class == llm.NoRoute || le.Class == llm.NotFound || le.Class == llm.TooLarge {
				p.Text, p.Message = "", le.Message
			}
		}
	}
	if p.Message != "" {
		return p, p.Message
	}
	key, args := p.Text, p.Args
	if key == "" {
		key, args = protocol.WordsOf(p.Code), nil
	}
	return p, e.Words(who.Lang, key, args...)
}

// classCode is the code of a model's failure.
func classCode(c llm.Class) protocol.Code {
	switch c {
	case llm.NotFound, llm.NoRoute:
		return protocol.NotFound
	case llm.Overloaded, llm.Resting:
		return protocol.Busy
	case llm.OverBudget:
		return protocol.RateLimited
	case llm.Refused:
		return protocol.Invalid
	case llm.TooLarge:
		return protocol.TooLarge
	case llm.Timeout:
		return protocol.Timeout
	default:
		return protocol.Unavailable
	}
}

// later says when trying again makes sense: what is busy is so for a while, even
// when nobody knows for how long.
func later(w http.ResponseWriter, p *protocol.Problem) {
	after := p.RetryAfter
	if p.Code == protocol.Busy {
		after = max(after, time.Second)
	}
	if after > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(after.Seconds()))))
	}
}

// reply writes one JSON answer.
func reply(w http.ResponseWriter, status int, v any) {
	raw, err := json.Marshal(v)
	if err != nil { // nothing here that JSON lacks
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(append(raw, '\n')) // whoever asked may be gone
}

// lines streams lines of an answer, each at once.
type lines struct {
	w    http.ResponseWriter
	kind string // the content type
	open bool
	gone bool
}

// write sends bytes; false means that the client is gone.
func (l *lines) write(b []byte) bool {
	if !l.open {
		h := l.w.Header()
		h.Set("Content-Type", l.kind)
		h.Set("Cache-Control", "no-cache")
		h.Set("X-Accel-Buffering", "no")
		l.w.WriteHeader(http.StatusOK)
		l.open = true
	}
	if _, err := l.w.Write(b); err != nil {
		l.gone = true
	} else if err := http.NewResponseController(l.w).Flush(); err != nil {
		l.gone = true
	}
	return !l.gone
}
