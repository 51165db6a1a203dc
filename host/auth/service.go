package auth

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/jarvis-host/jarvis/host/turn"
)

// ErrUnauthenticated is the answer to every credential that does not count:
// unknown, expired and revoked ones are not told apart.
var ErrUnauthenticated = errors.New("credential not accepted")

const (
	// maxCached bounds the credentials that are remembered between requests.
	maxCached = 4096
	// freshFor is how long another process's changes may go unseen.
	freshFor = 250 * time.Millisecond
)

// ConfiguredKey is the Principal's key id for a key that the configuration
// holds, not the store.
const ConfiguredKey = "configured"

// Principal is who a credential stands for.
type Principal struct {
	User    User
	Service string // the id of the service that speaks for User, or empty
	Key     string // the key's id
	Kind    KeyKind
	Expires time.Time // zero: never

	hash digest
}

// Options are what a Service needs.
type Options struct {
	Store  Store
	Secret []byte // see LoadSecret
	// OperatorKeys are operator's keys from outside the store.
	OperatorKeys []string
	Now          func() time.Time
}

// Service checks credentials and manages users and keys. It is safe for
// concurrent use.
type Service struct {
	store  Store
	secret []byte
	now    func() time.Time

	mu         sync.Mutex
	cache      map[digest]cached
	named      map[string]User // whom services speak for, by id
	generation uint64          // moves when the cache is emptied
	version    int64           // the store's, when last asked
	asked      time.Time
	configured []digest

	sockets tickets
}

type cached struct {
	key  Key
	user User
}

// New returns a Service.
func New(o Options) (*Service, error) {
	if len(o.Secret) != secretBytes {
		return nil, fmt.Errorf("make auth service: the secret has %d bytes, want %d", len(o.Secret), secretBytes)
	}
	s := &Service{store: o.Store, secret: o.Secret, now: o.Now, cache: map[digest]cached{}, named: map[string]User{}}
	if s.now == nil {
		s.now = time.Now
	}
	s.SetOperatorKeys(o.OperatorKeys)
	return s, nil
}

// SetOperatorKeys replaces the operator's keys from outside the store.
func (s *Service) SetOperatorKeys(keys []string) {
	var hashes []digest
	for _, k := range keys {
		if k = strings.TrimSpace(k); k != "" {
			hashes = append(hashes, s.hash(k))
		}
	}
	s.mu.Lock()
	s.configured = hashes
	s.mu.Unlock()
	s.Changed()
}

// Authenticate returns who a credential stands for. ErrUnauthenticated says
// that it does not count, any other error that the store does not answer.
func (s *Service) Authenticate(ctx context.Context, presented string) (Principal, error) {
	if presented == "" || len(presented) > maxPresented {
		return Principal{}, ErrUnauthenticated
	}
	return s.byHash(ctx, s.hash(presented))
}

// Again checks that a principal's credential still counts, and returns the
// principal as it is now.
func (s *Service) Again(ctx context.Context, p Principal) (Principal, error) {
	now, err := s.byHash(ctx, p.hash)
	if err != nil || p.Service == "" {
		return now, err
	}
	return s.again(ctx, now, p.User.ID)
}

// Changed forgets what was remembered of users and keys.
func (s *Service) Changed() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.forget()
}

// Changes returns a number that differs after any change of users or keys, by
// this process or another.
func (s *Service) Changes(ctx context.Context) (uint64, error) {
	return s.refresh(ctx)
}

func (s *Service) byHash(ctx context.Context, h digest) (Principal, error) {
	generation, err := s.refresh(ctx)
	if err != nil {
		return Principal{}, err
	}
	if s.isConfigured(h) {
		return s.configuredOperator(ctx, h)
	}
	c, err := s.lookup(ctx, h, generation)
	if err != nil {
		return Principal{}, err
	}
	if !s.counts(c.key) || c.key.Kind == KindTicket {
		return Principal{}, ErrUnauthenticated
	}
	return principal(c.key, c.user), nil
}

func (s *Service) lookup(ctx context.Context, h digest, generation uint64) (cached, error) {
	s.mu.Lock()
	c, ok := s.cache[h]
	s.mu.Unlock()
	if ok {
		return c, nil
	}
	key, err := s.store.KeyByHash(ctx, h[:])
	if errors.Is(err, ErrNotFound) || err == nil && subtle.ConstantTimeCompare(key.Hash, h[:]) != 1 {
		return cached{}, ErrUnauthenticated
	}
	if err != nil {
		return cached{}, fmt.Errorf("look up key: %w", err)
	}
	user, err := s.store.User(ctx, key.User)
	if errors.Is(err, ErrNotFound) {
		return cached{}, ErrUnauthenticated
	}
	if err != nil {
		return cached{}, fmt.Errorf("look up the key's user: %w", err)
	}
	c = cached{key: key, user: user}
	s.remember(h, c, generation)
	return c, nil
}

// remember keeps what was read, unless something changed meanwhile.
func (s *Service) remember(h digest, c cached, generation uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.generation != generation {
		return
	}
	if len(s.cache) >= maxCached {
		for old := range s.cache { // any one
			delete(s.cache, old)
			break
		}
	}
	s.cache[h] = c
}

// refresh empties the cache when the store changed, and returns the cache's
// generation.
func (s *Service) refresh(ctx context.Context) (uint64, error) {
	now := s.now()
	s.mu.Lock()
	generation, since := s.generation, now.Sub(s.asked)
	s.mu.Unlock()
	if since >= 0 && since < freshFor {
		return generation, nil
	}
	version, err := s.store.Version(ctx)
	if err != nil {
		return 0, fmt.Errorf("ask for changed keys: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if version != s.version {
		s.version = version
		s.forget()
	}
	s.asked = now
	return s.generation, nil
}

// forget needs s.mu.
func (s *Service) forget() {
	clear(s.cache)
	clear(s.named)
	s.generation++
}

func (s *Service) isConfigured(h digest) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	found := 0
	for _, c := range s.configured {
		found |= subtle.ConstantTimeCompare(c[:], h[:])
	}
	return found == 1
}

// configuredOperator is the first operator: a key from outside has no user of
// its own.
func (s *Service) configuredOperator(ctx context.Context, h digest) (Principal, error) {
	u, err := s.operator(ctx)
	if errors.Is(err, ErrNotFound) {
		return Principal{}, ErrUnauthenticated
	}
	return Principal{User: u, Key: ConfiguredKey, Kind: KindAPI, hash: h}, err
}

func (s *Service) operator(ctx context.Context) (User, error) {
	users, err := s.store.Users(ctx)
	if err != nil {
		return User{}, fmt.Errorf("list users: %w", err)
	}
	for _, u := range users {
		if u.Role == turn.RoleOperator {
			return u, nil
		}
	}
	return User{}, ErrNotFound
}

func (s *Service) counts(k Key) bool {
	now := s.now()
	return (k.Revoked.IsZero() || now.Before(k.Revoked)) && (k.Expires.IsZero() || now.Before(k.Expires))
}

func principal(k Key, u User) Principal {
	return Principal{User: u, Key: k.ID, Kind: k.Kind, Expires: k.Expires, hash: digest(k.Hash)}
}
