package gateway

import (
	"context"
	"crypto/rand"
	"net/http"
	"time"

	strict "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/turn"
)

// originalChat is the answer to POST /chat.
type originalChat struct {
	Response       string `json:"response"`
	Timestamp      string `json:"timestamp"`
	UserID         string `json:"user_id"`
	Model          string `json:"model"`
	MemorySaved    bool   `json:"memory_saved"`
	ConversationID string `json:"conversation_id"`
}

// originalRoutes are those that programs made for the original know.
func (s *Server) originalRoutes() []Route {
	return []Route{
		{http.MethodPost, "/chat", member, s.postOriginal},
		{http.MethodPost, "/chat/", member, s.postOriginal},
		{http.MethodPost, "/chat/secure", member, s.postOriginal},
		{http.MethodGet, "/chat/models", caller, s.originalModels},
	}
}

// postOriginal answers one message of the original's shape. A conversation_id goes
// on with a conversation, and answers what it asks; without one a new one begins.
func (s *Server) postOriginal(x *exchange) error {
	say, first, err := x.readOriginal()
	if err != nil {
		s.meter.ChatError("validation")
		return err
	}
	f := newFollower()
	defer s.o.Sessions.Unsubscribe(f)
	ctx, cancel := context.WithTimeout(x.r.Context(), x.config.ChatTimeout)
	defer cancel()
	if err := f.begin(ctx, x, say, first); err != nil {
		s.meter.Chat(x.secure, string(problemOf(err).Code))
		s.meter.ChatError("accept")
		return err
	}
	s.meter.Chat(x.secure, "ok")
	for {
		it, err := f.next(ctx)
		if err != nil {
			s.meter.ChatError("answer")
			return err
		}
		if it.ends() {
			return x.answerOriginal(f, it.data)
		}
	}
}

// readOriginal reads the body; an Idempotency-Key counts as it does elsewhere.
func (x *exchange) readOriginal() (say protocol.Say, first *repeat, err error) {
	data, err := x.read()
	if err != nil {
		return say, nil, err
	}
	message, remember, problem := decodeOriginal(data)
	if problem != nil {
		return say, nil, problem
	}
	var m struct {
		ConversationID jsontext.Value `json:"conversation_id"`
	}
	if err := strict.Unmarshal(data, &m); err != nil {
		return say, nil, err // it was read before
	}
	say = protocol.Say{Type: protocol.TypeSay, ID: "o-" + rand.Text(), Text: message, Session: text(m.ConversationID), Remember: remember}
	if p := say.Check(); p != nil {
		return say, nil, p
	}
	if key := x.r.Header.Get("Idempotency-Key"); key != "" {
		say.ID = clientID(key)
		first, err = x.s.repeat.use(x.who.User.ID, key, data, x.s.now())
	}
	return say, first, err
}

// answerOriginal answers with the end of a turn, or with the question that it
// waits for. A turn that failed is a failure here.
func (x *exchange) answerOriginal(f *follower, body []byte) error {
	var end struct {
		Text        string        `json:"text"`
		State       string        `json:"state"`
		Code        protocol.Code `json:"code"`
		MemorySaved bool          `json:"memory_saved"`
		Usage       *struct {
			Model string `json:"model"`
		} `json:"usage"`
	}
	if err := strict.Unmarshal(body, &end); err != nil {
		return err
	}
	if end.State == string(turn.Failed) {
		return &protocol.Problem{Code: end.Code, Message: end.Text}
	}
	a := originalChat{
		Response: end.Text, Timestamp: x.s.now().UTC().Format(time.RFC3339Nano), UserID: x.who.User.Called(),
		MemorySaved: end.MemorySaved, ConversationID: f.session,
	}
	if end.Usage != nil {
		a.Model = end.Usage.Model
	}
	return x.json(http.StatusOK, a)
}

// originalModels lists the models that answer.
func (s *Server) originalModels(x *exchange) error {
	list := struct {
		Models  []string `json:"models"`
		Default string   `json:"default"`
	}{Models: []string{}}
	if s.o.Models != nil {
		list.Models = append(list.Models, s.o.Models()...)
	}
	if s.o.Model != nil {
		list.Default = s.o.Model()
	}
	return x.json(http.StatusOK, list)
}
