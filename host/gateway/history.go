package gateway

import (
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/session"
	"github.com/jarvis-host/jarvis/host/turn"
)

// Bounds of what a list or a search answers and is asked.
const (
	defaultLimit = 50
	maxLimit     = 200
	maxCursor    = 256 // bytes
	maxTitle     = 200 // code points
	maxQuery     = 256
)

func (s *Server) getSessions(x *exchange) error {
	after, limit, err := x.listed()
	if err != nil {
		return err
	}
	items, next, err := s.o.Sessions.Sessions(x.r.Context(), x.identity(), after, limit)
	if err != nil {
		return err
	}
	return x.json(http.StatusOK, list(items, next, sessionOf))
}

func (s *Server) getSession(x *exchange) error {
	id, err := x.paramID("id")
	if err != nil {
		return err
	}
	m, err := s.o.Sessions.Session(x.r.Context(), x.identity(), id)
	if err != nil {
		return err
	}
	return x.json(http.StatusOK, sessionOf(m))
}

func (s *Server) renameSession(x *exchange) error {
	id, err := x.paramID("id")
	if err != nil {
		return err
	}
	var body struct {
		Title string `json:"title"`
	}
	if err := x.body(&body); err != nil {
		return err
	}
	body.Title = strings.TrimSpace(body.Title)
	if body.Title == "" {
		return &protocol.Problem{Code: protocol.Invalid, Field: "title", Text: protocol.WordEmpty, Args: []any{"title"}}
	}
	if n := utf8.RuneCountInString(body.Title); n > maxTitle {
		return &protocol.Problem{Code: protocol.TooLarge, Field: "title", Text: protocol.WordTooLong, Args: []any{"title", maxTitle, n}}
	}
	if err := s.o.Sessions.Rename(x.r.Context(), x.identity(), id, body.Title); err != nil {
		return err
	}
	return s.getSession(x)
}

func (s *Server) deleteSession(x *exchange) error {
	id, err := x.paramID("id")
	if err != nil {
		return err
	}
	if err := s.o.Sessions.Delete(x.r.Context(), x.identity(), id); err != nil {
		return err
	}
	return x.empty()
}

func (s *Server) getMessages(x *exchange) error {
	id, err := x.paramID("id")
	if err != nil {
		return err
	}
	after, limit, err := x.listed()
	if err != nil {
		return err
	}
	items, next, err := s.o.Sessions.Messages(x.r.Context(), x.identity(), id, after, limit)
	if err != nil {
		return err
	}
	return x.json(http.StatusOK, list(items, next, messageOf))
}

func (s *Server) stopSession(x *exchange) error {
	id, err := x.paramID("id")
	if err != nil {
		return err
	}
	if err := x.noBody(); err != nil {
		return err
	}
	if err := s.o.Sessions.Stop(x.r.Context(), x.identity(), id, ""); err != nil {
		return err
	}
	return x.empty()
}

func (s *Server) search(x *exchange) error {
	_, limit, err := x.listed()
	if err != nil {
		return err
	}
	q := strings.TrimSpace(x.r.URL.Query().Get("q"))
	if q == "" {
		return protocol.Missing("q")
	}
	if n := utf8.RuneCountInString(q); n > maxQuery {
		return &protocol.Problem{Code: protocol.TooLarge, Field: "q", Text: protocol.WordTooLong, Args: []any{"q", maxQuery, n}}
	}
	if !utf8.ValidString(q) {
		return protocol.BadValue("q", q, "UTF-8")
	}
	hits, err := s.o.Sessions.Search(x.r.Context(), x.identity(), q, limit)
	if err != nil {
		return err
	}
	return x.json(http.StatusOK, list(hits, "", func(h session.Hit) protocol.Hit {
		return protocol.Hit{Session: h.Session, Title: h.Title, Message: messageOf(h.Message)}
	}))
}

// paramID reads an id of the host's from the path.
func (x *exchange) paramID(name string) (string, error) {
	id := x.params.ByName(name)
	if p := protocol.CheckID(name, id); p != nil {
		return "", p
	}
	return id, nil
}

// listed reads where a list goes on and how much of it is wanted.
func (x *exchange) listed() (after string, limit int, err error) {
	q := x.r.URL.Query()
	after, limit = q.Get("after"), defaultLimit
	if len(after) > maxCursor || !utf8.ValidString(after) {
		return "", 0, protocol.BadValue("after", after, "next")
	}
	if text := q.Get("limit"); text != "" {
		limit, err = strconv.Atoi(text)
		if err != nil || limit < 1 || limit > maxLimit {
			return "", 0, protocol.BadValue("limit", text, "1.."+strconv.Itoa(maxLimit))
		}
	}
	return after, limit, nil
}

// list puts items in the shape of every list.
func list[From, To any](items []From, next string, convert func(From) To) protocol.List[To] {
	all := make([]To, 0, len(items))
	for _, i := range items {
		all = append(all, convert(i))
	}
	return protocol.List[To]{Items: all, Next: next}
}

func sessionOf(m session.Meta) protocol.Session {
	return protocol.Session{ID: m.ID, Title: m.Title, Created: stamp(m.Created), Updated: stamp(m.Updated), Temporary: m.Temporary}
}

func messageOf(m turn.Message) protocol.Message {
	return protocol.Message{ID: m.ID, Turn: m.Turn, Role: string(m.Role), Text: m.Text, At: stamp(m.At), State: string(m.State)}
}
