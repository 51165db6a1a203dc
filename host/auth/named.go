package auth

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/turn"
)

// maxNamed bounds the end users of one service.
const maxNamed = 10_000

// nameSeparator stands between a service's name and that of an end user whom it
// names: "openwebui/alice".
const nameSeparator = "/"

// Called is what a user is called in a conversation: an end user whom a service
// names goes without the service's name.
func (u User) Called() string {
	if u.Service == "" {
		return u.Name
	}
	_, name, _ := strings.Cut(u.Name, nameSeparator)
	return name
}

// For returns the principal with whom a service speaks for an end user whom it
// names, and makes the user at the first time. Names belong to the service: none
// leads to a user of the household, or to another service's. It counts as long
// as the service's credential does.
func (s *Service) For(ctx context.Context, service Principal, name string) (Principal, error) {
	name = strings.TrimSpace(name)
	if service.User.Role != turn.RoleService {
		return Principal{}, fmt.Errorf("speak for %q: %s is no service", name, service.User.ID)
	}
	if err := checkName("user", name, 1, maxName); err != nil {
		return Principal{}, err
	}
	u, err := s.namedUser(ctx, s.namedID(service.User.ID, name))
	if errors.Is(err, ErrNotFound) {
		u, err = s.addNamed(ctx, service.User, name)
	}
	if err != nil {
		return Principal{}, err
	}
	return service.speakingFor(u), nil
}

// speakingFor is a service's credential in the hands of one of its end users.
func (p Principal) speakingFor(u User) Principal {
	p.Service, p.User = p.User.ID, u
	return p
}

// namedID is the id of an end user, the same for the same name whatever the user
// is called later.
func (s *Service) namedID(service, name string) string {
	h := s.hash("named\x00" + service + "\x00" + name)
	return "u" + hex.EncodeToString(h[:12])
}

func (s *Service) namedUser(ctx context.Context, id string) (User, error) {
	s.mu.Lock()
	u, ok := s.named[id]
	generation := s.generation
	s.mu.Unlock()
	if ok {
		return u, nil
	}
	u, err := s.store.User(ctx, id)
	if err != nil {
		return User{}, fmt.Errorf("look up the named user: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.generation == generation && len(s.named) < maxCached {
		s.named[id] = u
	}
	return u, nil
}

func (s *Service) addNamed(ctx context.Context, service User, name string) (User, error) {
	users, err := s.store.Users(ctx)
	if err != nil {
		return User{}, fmt.Errorf("list users: %w", err)
	}
	n := 0
	for _, u := range users {
		if u.Service == service.ID {
			n++
		}
	}
	if n >= maxNamed {
		return User{}, &protocol.Problem{
			Code: protocol.Busy, Field: "user", Text: protocol.WordTooManyNamed, Args: []any{n}, Err: fmt.Errorf("%s names %d end users already", service.Name, n),
		}
	}
	u := User{
		ID: s.namedID(service.ID, name), Name: service.Name + nameSeparator + name, Role: turn.RoleUser,
		Service: service.ID, Created: s.now().UTC(),
	}
	fresh, err := s.putUser(ctx, u)
	if p, ok := errors.AsType[*protocol.Problem](err); ok && p.Code == protocol.Conflict {
		u.Name += " " + u.ID[:8] // someone was renamed to it
		fresh, err = s.putUser(ctx, u)
	}
	return fresh, err
}

// again is a principal that a service's credential speaks for, as it is now.
func (s *Service) again(ctx context.Context, service Principal, user string) (Principal, error) {
	u, err := s.namedUser(ctx, user)
	if errors.Is(err, ErrNotFound) || err == nil && u.Service != service.User.ID {
		return Principal{}, ErrUnauthenticated
	}
	if err != nil {
		return Principal{}, err
	}
	return service.speakingFor(u), nil
}
