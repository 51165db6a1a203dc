package auth

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/turn"
)

const (
	maxName = 64 // code points of a user's name or a key's label
	// keptAfter is how long tickets and browser keys stay in the store after
	// they stopped counting.
	keptAfter = 24 * time.Hour
)

// NewUser describes a user to add.
type NewUser struct {
	Name    string
	Role    turn.Role
	Lang    string
	Zone    string
	Plugins []string
}

// AddUser adds a user. What is wrong with it comes back as *protocol.Problem.
func (s *Service) AddUser(ctx context.Context, n NewUser) (User, error) {
	u := User{
		ID: newID("u"), Name: strings.TrimSpace(n.Name), Role: n.Role, Lang: n.Lang, Zone: n.Zone,
		Plugins: n.Plugins, Created: s.now().UTC(),
	}
	return s.putUser(ctx, u)
}

// UpdateUser changes a user. Its id, role and time of creation stay.
func (s *Service) UpdateUser(ctx context.Context, id string, change func(*User)) (User, error) {
	u, err := s.store.User(ctx, id)
	if err != nil {
		return User{}, fmt.Errorf("read user: %w", err)
	}
	fresh := u
	change(&fresh)
	fresh.ID, fresh.Role, fresh.Created, fresh.Service = u.ID, u.Role, u.Created, u.Service
	fresh.Name = strings.TrimSpace(fresh.Name)
	if service, _, _ := strings.Cut(u.Name, nameSeparator); u.Service != "" && fresh.Name != u.Name {
		fresh.Name = service + nameSeparator + fresh.Name
	}
	return s.putUser(ctx, fresh)
}

// FindUser returns the user with a name or an id.
func (s *Service) FindUser(ctx context.Context, nameOrID string) (User, error) {
	users, err := s.store.Users(ctx)
	if err != nil {
		return User{}, fmt.Errorf("list users: %w", err)
	}
	for _, byName := range []bool{true, false} {
		i := slices.IndexFunc(users, func(u User) bool {
			return byName && u.Name == nameOrID || !byName && u.ID == nameOrID
		})
		if i >= 0 {
			return users[i], nil
		}
	}
	return User{}, fmt.Errorf("find user %q: %w", nameOrID, ErrNotFound)
}

// Users lists all users, oldest first.
func (s *Service) Users(ctx context.Context) ([]User, error) {
	return s.store.Users(ctx)
}

// RemoveUser removes a user and all its keys. The last operator stays.
func (s *Service) RemoveUser(ctx context.Context, id string) error {
	if err := s.Removable(ctx, id); err != nil {
		return err
	}
	defer s.Changed()
	if err := s.store.DeleteUser(ctx, id); err != nil {
		return fmt.Errorf("remove user: %w", err)
	}
	return nil
}

// Removable says why a user cannot be removed.
func (s *Service) Removable(ctx context.Context, id string) error {
	users, err := s.store.Users(ctx)
	if err != nil {
		return fmt.Errorf("list users: %w", err)
	}
	others := slices.ContainsFunc(users, func(u User) bool { return u.Role == turn.RoleOperator && u.ID != id })
	if slices.ContainsFunc(users, func(u User) bool { return u.ID == id && u.Role == turn.RoleOperator }) && !others {
		return &protocol.Problem{Code: protocol.Conflict, Text: protocol.WordLastOperator, Err: errors.New("the last operator cannot be removed")}
	}
	return nil
}

// CreateKey makes a program's key and returns its text, which is kept nowhere.
// A life of zero never ends.
func (s *Service) CreateKey(ctx context.Context, user, label string, life time.Duration) (string, Key, error) {
	return s.CreateKeyOnce(ctx, user, "", label, life)
}

// CreateKeyOnce is CreateKey for a request of a user's, which makes one key: asked
// again, the error is a conflict that names the key, whose text nobody knows any
// more. An empty request is another one each time.
func (s *Service) CreateKeyOnce(ctx context.Context, user, request, label string, life time.Duration) (string, Key, error) {
	if err := checkName("label", label, 0, maxName); err != nil {
		return "", Key{}, err
	}
	k := Key{User: user, Label: label, Kind: KindAPI}
	if request != "" {
		k.ID = requestedID(user, request)
	}
	if life > 0 {
		k.Expires = s.now().Add(life).UTC()
	}
	text := newText(KeyPrefix)
	id := k.ID
	k, err := s.put(ctx, text, k)
	if errors.Is(err, ErrExists) {
		return "", Key{}, &protocol.Problem{Code: protocol.Conflict, Field: "Idempotency-Key", Text: protocol.WordKeyMade, Args: []any{id}, Err: err}
	}
	if err != nil {
		return "", Key{}, err
	}
	return text, k, nil
}

// Keys lists a user's keys that still count, oldest first, without tickets.
func (s *Service) Keys(ctx context.Context, user string) ([]Key, error) {
	keys, err := s.store.Keys(ctx, user)
	if err != nil {
		return nil, fmt.Errorf("list keys: %w", err)
	}
	return slices.DeleteFunc(keys, func(k Key) bool { return k.Kind == KindTicket || !s.counts(k) }), nil
}

// RevokeKey refuses a key from now on. With a user, only one of that user's
// is found.
func (s *Service) RevokeKey(ctx context.Context, user, id string) error {
	if user != "" {
		keys, err := s.Keys(ctx, user)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(keys, func(k Key) bool { return k.ID == id }) {
			return fmt.Errorf("revoke key: %w", ErrNotFound)
		}
	}
	defer s.Changed()
	if err := s.store.RevokeKey(ctx, id, s.now()); err != nil {
		return fmt.Errorf("revoke key: %w", err)
	}
	return nil
}

// Prune forgets tickets and browser keys that stopped counting some time ago.
func (s *Service) Prune(ctx context.Context) error {
	if err := s.store.PruneKeys(ctx, s.now().Add(-keptAfter)); err != nil {
		return fmt.Errorf("prune keys: %w", err)
	}
	return nil
}

// put keeps a credential's hash.
func (s *Service) put(ctx context.Context, text string, k Key) (Key, error) {
	h := s.hash(text)
	k.ID, k.Hash, k.Created = cmp.Or(k.ID, newID("k")), h[:], s.now().UTC()
	defer s.Changed()
	if err := s.store.PutKey(ctx, k); err != nil {
		return Key{}, fmt.Errorf("keep key: %w", err)
	}
	return k, nil
}

func (s *Service) putUser(ctx context.Context, u User) (User, error) {
	if err := checkUser(u); err != nil {
		return User{}, err
	}
	defer s.Changed()
	err := s.store.PutUser(ctx, u)
	if errors.Is(err, ErrExists) {
		return User{}, &protocol.Problem{Code: protocol.Conflict, Field: "name", Text: protocol.WordNameTaken, Args: []any{u.Name}, Err: err}
	}
	if err != nil {
		return User{}, fmt.Errorf("keep user: %w", err)
	}
	return u, nil
}

func checkUser(u User) error {
	longest := maxName
	if u.Service != "" {
		longest += maxName + len(nameSeparator) // the service's name stands before it
	}
	if err := checkName("name", u.Name, 1, longest); err != nil {
		return err
	}
	if u.Role == turn.RoleService && strings.Contains(u.Name, nameSeparator) {
		return badValue("name", u.Name, "a service's name without "+nameSeparator)
	}
	switch u.Role {
	case turn.RoleUser, turn.RoleGuest, turn.RoleOperator, turn.RoleScraper, turn.RoleService:
	default:
		return badValue("role", string(u.Role), "user, guest, operator, scraper, service")
	}
	if len(u.Plugins) > 0 && u.Role != turn.RoleGuest {
		return badValue("plugins", strings.Join(u.Plugins, ","), "role guest")
	}
	if u.Lang != "" && !slices.Contains(protocol.Languages(), u.Lang) {
		return badValue("lang", u.Lang, strings.Join(protocol.Languages(), ", "))
	}
	// "Local" would be the host's zone under a name that says nothing.
	if _, err := time.LoadLocation(u.Zone); err != nil || u.Zone == "Local" {
		return badValue("tz", u.Zone, "Europe/Paris")
	}
	return nil
}

func checkName(field, name string, least, most int) error {
	n := utf8.RuneCountInString(name)
	odd := func(r rune) bool { return !unicode.IsPrint(r) }
	if n < least || n > most || !utf8.ValidString(name) || strings.ContainsFunc(name, odd) {
		return badValue(field, name, fmt.Sprintf("%d..%d", least, most))
	}
	return nil
}

func badValue(field, value, expected string) error {
	p := protocol.BadValue(field, value, expected)
	p.Err = fmt.Errorf("%q is not one of: %s", value, expected)
	return p
}
