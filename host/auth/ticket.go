package auth

import (
	"context"
	"errors"
	"sync"
	"time"
)

// How long browsers' credentials live.
const (
	BrowserLife      = 30 * 24 * time.Hour
	SignInTicketLife = 10 * time.Minute
	SocketTicketLife = 30 * time.Second
)

// maxSocketTickets bounds the tickets for sockets that wait to be used.
const maxSocketTickets = 10_000

// ErrTooManyTickets says that too many tickets wait to be used.
var ErrTooManyTickets = errors.New("too many unused tickets")

// tickets are the single-use passes to a WebSocket. They live in memory: a host
// that restarts within their half minute has no socket to let in.
type tickets struct {
	mu sync.Mutex
	m  map[digest]socketTicket
}

type socketTicket struct {
	owner   Principal
	expires time.Time
}

// SignInTicket returns a ticket with which a browser signs in as a user, once,
// within SignInTicketLife. It is kept in the store, so that a ticket made by
// one process works in another.
func (s *Service) SignInTicket(ctx context.Context, user string) (string, error) {
	text := newText(TicketPrefix)
	_, err := s.put(ctx, text, Key{User: user, Label: "sign-in", Kind: KindTicket, Expires: s.now().Add(SignInTicketLife)})
	if err != nil {
		return "", err
	}
	return text, nil
}

// SignIn takes a ticket and returns a browser's key: its text is the cookie's
// value.
func (s *Service) SignIn(ctx context.Context, ticket, label string) (string, Principal, error) {
	if ticket == "" || len(ticket) > maxPresented {
		return "", Principal{}, ErrUnauthenticated
	}
	h := s.hash(ticket)
	k, err := s.store.TakeKey(ctx, h[:], KindTicket, s.now())
	if errors.Is(err, ErrNotFound) {
		return "", Principal{}, ErrUnauthenticated
	}
	if err != nil {
		return "", Principal{}, err
	}
	if !k.Expires.IsZero() && !s.now().Before(k.Expires) {
		return "", Principal{}, ErrUnauthenticated
	}
	return s.browserKey(ctx, k.User, label)
}

// LogIn returns a browser's key for whoever shows one of a program's.
func (s *Service) LogIn(ctx context.Context, key, label string) (string, Principal, error) {
	p, err := s.Authenticate(ctx, key)
	if err != nil {
		return "", Principal{}, err
	}
	if p.Kind != KindAPI {
		return "", Principal{}, ErrUnauthenticated
	}
	return s.browserKey(ctx, p.User.ID, label)
}

func (s *Service) browserKey(ctx context.Context, user, label string) (string, Principal, error) {
	text := newText(KeyPrefix)
	if _, err := s.put(ctx, text, Key{User: user, Label: label, Kind: KindBrowser, Expires: s.now().Add(BrowserLife)}); err != nil {
		return "", Principal{}, err
	}
	p, err := s.Authenticate(ctx, text)
	return text, p, err
}

// SocketTicket returns a ticket that opens one WebSocket with p's credential,
// within SocketTicketLife.
func (s *Service) SocketTicket(p Principal) (string, error) {
	text, now := newText(TicketPrefix), s.now()
	s.sockets.mu.Lock()
	defer s.sockets.mu.Unlock()
	if s.sockets.m == nil {
		s.sockets.m = map[digest]socketTicket{}
	}
	if len(s.sockets.m) >= maxSocketTickets {
		s.sockets.expire(now)
	}
	if len(s.sockets.m) >= maxSocketTickets {
		return "", ErrTooManyTickets
	}
	s.sockets.m[s.hash(text)] = socketTicket{owner: p, expires: now.Add(SocketTicketLife)}
	return text, nil
}

// TakeSocketTicket uses a ticket up and returns whom it lets in.
func (s *Service) TakeSocketTicket(ctx context.Context, ticket string) (Principal, error) {
	if ticket == "" || len(ticket) > maxPresented {
		return Principal{}, ErrUnauthenticated
	}
	h := s.hash(ticket)
	s.sockets.mu.Lock()
	t, ok := s.sockets.m[h]
	delete(s.sockets.m, h)
	s.sockets.mu.Unlock()
	if !ok || !s.now().Before(t.expires) {
		return Principal{}, ErrUnauthenticated
	}
	return s.Again(ctx, t.owner)
}

// expire needs t.mu.
func (t *tickets) expire(now time.Time) {
	for h, k := range t.m {
		if !now.Before(k.expires) {
			delete(t.m, h)
		}
	}
}
