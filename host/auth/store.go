package auth

import (
	"context"
	"errors"
	"time"

	"github.com/jarvis-host/jarvis/host/turn"
)

// ErrNotFound says that there is no such user or key.
var ErrNotFound = errors.New("no such user or key")

// ErrExists says that the name belongs to another user, or the id to another key.
var ErrExists = errors.New("it is taken")

// User is someone, or something, that holds credentials.
type User struct {
	ID      string
	Name    string // unique, as typed by the operator
	Role    turn.Role
	Lang    string   // "fr", "en", or empty: detected
	Zone    string   // IANA name, or empty: the host's
	Plugins []string // what a guest may use; others use all
	Service string   // the id of the service that names this end user, or empty
	Created time.Time
}

// KeyKind is what a key is for.
type KeyKind string

// The kinds of keys.
const (
	KindAPI     KeyKind = "api"     // a program's, in a header
	KindBrowser KeyKind = "browser" // a cookie's value
	KindTicket  KeyKind = "ticket"  // signs a browser in, once
)

// Key is a credential as it is kept: its hash, never its text.
type Key struct {
	ID      string
	User    string
	Label   string
	Hash    []byte // 32 bytes, unique
	Kind    KeyKind
	Created time.Time
	Expires time.Time // zero: never
	Revoked time.Time // zero: not
}

// Store keeps users and keys. What a method acknowledges with a nil error is
// durable. It is safe for concurrent use, also by several processes. Times are
// kept at least to the millisecond; a zero time comes back zero. Tests use
// authtest.Store, and every implementation passes authtest.Suite.
type Store interface {
	// PutUser adds a user, or replaces the one with its id. It answers
	// ErrExists when another user has that name.
	PutUser(ctx context.Context, u User) error
	// User answers ErrNotFound for an id that is not there.
	User(ctx context.Context, id string) (User, error)
	// Users lists all users, oldest first.
	Users(ctx context.Context) ([]User, error)
	// DeleteUser removes a user and its keys, or answers ErrNotFound.
	DeleteUser(ctx context.Context, id string) error

	// PutKey adds a key. It answers ErrNotFound when there is no such user, and
	// ErrExists when a key has its id, also one that is revoked.
	PutKey(ctx context.Context, k Key) error
	// KeyByHash answers ErrNotFound for a hash that is not there; a revoked or
	// expired key is found like any other.
	KeyByHash(ctx context.Context, hash []byte) (Key, error)
	// Keys lists a user's keys, oldest first; tickets and revoked ones too.
	Keys(ctx context.Context, user string) ([]Key, error)
	// RevokeKey sets the time from which a key is refused. A key that is revoked
	// already keeps its time; an unknown one is ErrNotFound.
	RevokeKey(ctx context.Context, id string, at time.Time) error
	// TakeKey finds a key of a kind by its hash and revokes it, in one step: of
	// any number of callers one gets it, the others get ErrNotFound, as for a
	// key that was revoked before.
	TakeKey(ctx context.Context, hash []byte, kind KeyKind, at time.Time) (Key, error)
	// PruneKeys forgets tickets and browser keys that expired or were revoked
	// before a time.
	PruneKeys(ctx context.Context, before time.Time) error

	// Version returns a number that differs after any change above by any
	// process. It is asked for several times a second: keep it cheap.
	Version(ctx context.Context) (int64, error)
}
