package gateway

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/jarvis-host/jarvis/host/auth"
	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/turn"
)

// maxLabel bounds what a browser calls itself.
const maxLabel = 64

func (s *Server) getMe(x *exchange) error {
	return x.json(http.StatusOK, meOf(x.who.User))
}

func (s *Server) changeMe(x *exchange) error {
	var body struct {
		Lang *string `json:"lang"`
		TZ   *string `json:"tz"`
		Name *string `json:"name"`
	}
	if err := x.body(&body); err != nil {
		return err
	}
	u, err := s.o.Auth.UpdateUser(x.r.Context(), x.who.User.ID, func(u *auth.User) {
		set(&u.Lang, body.Lang)
		set(&u.Zone, body.TZ)
		set(&u.Name, body.Name)
	})
	if err != nil {
		return err
	}
	return x.json(http.StatusOK, meOf(u))
}

func set(to, from *string) {
	if from != nil {
		*to = *from
	}
}

// login gives a browser a cookie for a program's key.
func (s *Server) login(x *exchange) error {
	var body struct {
		Key string `json:"key"`
	}
	if err := x.body(&body); err != nil {
		return err
	}
	if body.Key == "" {
		return protocol.Missing("key")
	}
	cookie, p, err := s.o.Auth.LogIn(x.r.Context(), strings.TrimSpace(body.Key), x.browser())
	if err != nil {
		return x.refused(err)
	}
	x.setCookie(cookie)
	return x.json(http.StatusOK, meOf(p.User))
}

// logout takes a browser's cookie back; a program's key stays.
func (s *Server) logout(x *exchange) error {
	if err := x.noBody(); err != nil {
		return err
	}
	if x.who.Kind == auth.KindBrowser {
		if err := s.o.Auth.RevokeKey(x.r.Context(), x.who.User.ID, x.who.Key); err != nil {
			return err
		}
	}
	x.setCookie("")
	return x.empty()
}

// signIn gives a browser a cookie for a ticket, and leads it to the page.
func (s *Server) signIn(x *exchange) error {
	cookie, _, err := s.o.Auth.SignIn(x.r.Context(), x.r.URL.Query().Get("ticket"), x.browser())
	if errors.Is(err, auth.ErrUnauthenticated) {
		return x.refused(&protocol.Problem{Code: protocol.Unauthenticated, Text: protocol.WordTicket, Err: err})
	}
	if err != nil {
		return err
	}
	x.setCookie(cookie)
	x.Header().Set("Location", "/")
	x.WriteHeader(http.StatusSeeOther)
	return nil
}

// ticket lets a page open one WebSocket.
func (s *Server) ticket(x *exchange) error {
	if err := x.noBody(); err != nil {
		return err
	}
	text, err := s.o.Auth.SocketTicket(x.who)
	if err != nil {
		return err
	}
	return x.json(http.StatusOK, protocol.Ticket{Ticket: text, ExpiresIn: int(auth.SocketTicketLife.Seconds())})
}

func (s *Server) getKeys(x *exchange) error {
	keys, err := s.o.Auth.Keys(x.r.Context(), x.who.User.ID)
	if err != nil {
		return err
	}
	return x.json(http.StatusOK, list(keys, "", func(k auth.Key) protocol.Key {
		return protocol.Key{
			ID: k.ID, Label: k.Label, Kind: string(k.Kind), Created: stamp(k.Created), Expires: stamp(k.Expires),
			Current: k.ID == x.who.Key,
		}
	}))
}

// maxKeyLife bounds what a client asks for, in seconds: ten years.
const maxKeyLife = 10 * 365 * 24 * 3600

func (s *Server) createKey(x *exchange) error {
	data, err := x.read()
	if err != nil {
		return err
	}
	var body struct {
		Label     string `json:"label"`
		ExpiresIn int64  `json:"expires_in"` // seconds; 0: never
	}
	if p := decode(data, &body, true); p != nil {
		return p
	}
	if x.who.Service != "" { // it would outlive the service's own
		return &protocol.Problem{Code: protocol.Forbidden, Text: protocol.WordRole, Args: []any{string(turn.RoleService)}}
	}
	if body.ExpiresIn < 0 || body.ExpiresIn > maxKeyLife {
		return protocol.BadValue("expires_in", strconv.FormatInt(body.ExpiresIn, 10), "0.."+strconv.Itoa(maxKeyLife))
	}
	// The key itself knows which request made it, also after a restart. Its text is
	// kept nowhere: there is no answering as before.
	request := x.r.Header.Get("Idempotency-Key")
	if request != "" {
		first, err := s.repeatKey.use(x.who.User.ID, request, data, s.now())
		if err != nil {
			return err
		}
		defer first.Unlock()
	}
	text, k, err := s.o.Auth.CreateKeyOnce(x.r.Context(), x.who.User.ID, request, body.Label, time.Duration(body.ExpiresIn)*time.Second)
	if err != nil {
		return err
	}
	return x.json(http.StatusCreated, protocol.NewKey{ID: k.ID, Key: text, Label: k.Label, Created: stamp(k.Created), Expires: stamp(k.Expires)})
}

func (s *Server) revokeKey(x *exchange) error {
	id := x.params.ByName("id")
	if id == "" {
		id = x.r.URL.Query().Get("id")
	}
	if p := protocol.CheckID("id", id); p != nil {
		return p
	}
	if err := x.noBody(); err != nil {
		return err
	}
	if err := s.o.Auth.RevokeKey(x.r.Context(), x.who.User.ID, id); err != nil {
		return err
	}
	return x.empty()
}

// browser is what a browser's key is called.
func (x *exchange) browser() string {
	agent := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, x.r.UserAgent())
	return agent[:min(len(agent), maxLabel)]
}

func meOf(u auth.User) protocol.Me {
	return protocol.Me{ID: u.ID, Name: u.Called(), Role: string(u.Role), Lang: u.Lang, TZ: u.Zone}
}
