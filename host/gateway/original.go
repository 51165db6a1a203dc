package gateway

import (
	"context"
	"crypto/rand"
	"sync"
	"time"
	"unicode/utf8"

	strict "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/session"
	"github.com/jarvis-host/jarvis/host/turn"
)

// originalAnswer is the answer to one message of the original's shape.
type originalAnswer struct {
	Response  string `json:"response"`
	Timestamp string `json:"timestamp"`
}

// originalError is the answer to one that is not accepted.
type originalError struct {
	Error     string `json:"error"`
	Timestamp string `json:"timestamp"`
}

// originalMessage is a message of the original's shape. Its user_id is for the
// client's own display: who speaks, the credential says.
type originalMessage struct {
	Message    jsontext.Value `json:"message"`
	SaveMemory jsontext.Value `json:"save_memory"`
}

// receiveOriginal handles one message of the original's shape. The session
// runs one at a time and in order, so that answers come in the order of the
// messages.
func (c *socket) receiveOriginal(ctx context.Context, data []byte) error {
	err := c.sayOriginal(ctx, data)
	if err != nil {
		p := problemOf(err)
		if p.Code == protocol.Internal {
			c.s.log.Error("message failed", keyRequest, c.request, keyError, err)
		}
		c.send(encode(originalError{Error: c.s.say(c.lang, p), Timestamp: c.s.timestamp()}))
	}
	return err
}

func (c *socket) sayOriginal(ctx context.Context, data []byte) error {
	message, remember, problem := decodeOriginal(data)
	if problem != nil {
		c.s.meter.ChatError("validation")
		return problem
	}
	p := *c.who.Load()
	if err := c.allow(p); err != nil {
		return err
	}
	return c.utter(ctx, p, protocol.Say{
		Type: protocol.TypeSay, ID: "o-" + rand.Text(), Text: message, Session: c.last.of(p).session, Remember: remember,
	})
}

// decodeOriginal reads a message of the original's shape, or tells which of
// its six errors it has.
func decodeOriginal(data []byte) (message string, remember *bool, problem *protocol.Problem) {
	bad := func(key string, args ...any) (string, *bool, *protocol.Problem) {
		return "", nil, &protocol.Problem{Code: protocol.Invalid, Field: "message", Text: key, Args: args}
	}
	if syntaxProblem(data) != nil {
		return bad(protocol.WordOriginalNotJSON)
	}
	var m originalMessage
	if strict.Unmarshal(data, &m) != nil || jsontext.Value(data).Kind() != '{' {
		return bad(protocol.WordOriginalNotObject)
	}
	if len(m.Message) == 0 {
		return bad(protocol.WordOriginalMissing)
	}
	if m.Message.Kind() != '"' {
		return bad(protocol.WordOriginalNotText)
	}
	message = text(m.Message)
	if protocol.CheckText("message", message) == nil {
		return message, boolean(m.SaveMemory), nil
	}
	if n := utf8.RuneCountInString(message); n > protocol.MaxText {
		_, _, p := bad(protocol.WordOriginalTooLong, protocol.MaxText, n)
		p.Code = protocol.TooLarge
		return "", nil, p
	}
	return bad(protocol.WordOriginalEmpty)
}

// boolean returns a JSON boolean, or nil for anything else: the original took
// what it could not read for the default.
func boolean(v jsontext.Value) *bool {
	switch v.Kind() {
	case 't':
		return new(true)
	case 'f':
		return new(false)
	default:
		return nil
	}
}

// answerOriginal sends the end of a turn, or the question that it waits for:
// the next message answers it.
func (c *socket) answerOriginal(f session.Frame) {
	if !c.asked.awaits(f) {
		return
	}
	var end struct {
		Text  string `json:"text"`
		State string `json:"state"`
	}
	if err := strict.Unmarshal(f.Body, &end); err != nil {
		c.s.log.Error("frame is damaged", keyRequest, c.request, keyError, err)
		return
	}
	if f.Type == protocol.TypeDone && end.State == string(turn.Failed) {
		c.send(encode(originalError{Error: end.Text, Timestamp: c.s.timestamp()}))
		return
	}
	c.send(encode(originalAnswer{Response: end.Text, Timestamp: c.s.timestamp()}))
}

// asked are the turns whose answers are still to come: whoever speaks the original's
// shape reads one answer for each message, and nothing that nobody asked for. It is
// safe for concurrent use.
type asked struct {
	mu    sync.Mutex
	turns map[string]struct{}
}

// awaits tells whether a frame is an answer, or a question.
func (a *asked) awaits(f session.Frame) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	_, open := a.turns[f.Turn]
	switch f.Type {
	case protocol.TypeAccepted:
		if a.turns == nil {
			a.turns = map[string]struct{}{}
		}
		a.turns[f.Turn] = struct{}{}
	case protocol.TypeQuestion:
		return open
	case protocol.TypeDone:
		delete(a.turns, f.Turn)
		return open
	}
	return false
}

// timestamp is the time as the original wrote it.
func (s *Server) timestamp() string {
	return s.now().UTC().Format("2006-01-02T15:04:05.000Z07:00")
}

// stamp writes a time as clients get it.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
