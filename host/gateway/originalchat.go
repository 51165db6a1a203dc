package gateway

import (
	"cmp"
	"context"
	"net/http"

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
	return x.chat(decodeOriginalChat, func(ctx context.Context, f *follower) error {
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
	})
}

func decodeOriginalChat(data []byte) (protocol.Say, error) {
	message, remember, problem := decodeOriginal(data)
	if problem != nil {
		return protocol.Say{}, problem
	}
	var m struct {
		ConversationID jsontext.Value `json:"conversation_id"`
	}
	if err := strict.Unmarshal(data, &m); err != nil {
		return protocol.Say{}, err // it was read before
	}
	if k := m.ConversationID.Kind(); len(m.ConversationID) > 0 && k != '"' && k != 'n' {
		return protocol.Say{}, &protocol.Problem{
			Code: protocol.Invalid, Field: "conversation_id", Text: protocol.WordType, Args: []any{"conversation_id", protocol.WordTypeString},
		}
	}
	say := protocol.Say{Text: message, Session: text(m.ConversationID), Remember: remember}
	if say.Session != "" {
		if p := protocol.CheckID("conversation_id", say.Session); p != nil {
			return say, p
		}
	}
	return say, nil
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
		return &protocol.Problem{Code: cmp.Or(end.Code, protocol.Internal), Message: end.Text}
	}
	a := originalChat{
		Response: end.Text, Timestamp: x.s.timestamp(), UserID: x.who.User.Called(),
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
