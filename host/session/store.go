package session

import (
	"context"
	"errors"
	"time"

	"github.com/jarvis-host/jarvis/host/turn"
)

// ErrNotFound says that there is no such session, or that it is another end
// user's: the two are never told apart.
var ErrNotFound = errors.New("session not found")

// ErrCursor says that a cursor is none that the store gave out.
var ErrCursor = errors.New("unknown cursor")

// Meta describes a session.
type Meta struct {
	ID        string
	User      string
	Title     string
	Created   time.Time
	Updated   time.Time
	Temporary bool
}

// Frame is one durable frame as clients get it.
type Frame struct {
	Seq  int64
	Turn string
	Type string
	Body []byte // the JSON object, seq included
}

// Entry is what one step of a turn keeps; all of it is on disk, or none.
type Entry struct {
	Frame Frame
	// ClientID is the client's message id of an accepted frame, else empty.
	ClientID string
	// Message is the conversation's entry that the step adds, or nil.
	Message *turn.Message
	// Vars are variables of the session that change with the step.
	Vars []Var
}

// Var is a small value beside a session; a nil Value removes it.
type Var struct {
	Name  string
	Value []byte
}

// OpenTurn is a turn that was accepted and has no done frame.
type OpenTurn struct {
	Session, Turn, User string
	Accepted            Frame // the first one
}

// Hit is one message that a search found.
type Hit struct {
	Session string
	Title   string
	Message turn.Message
}

// Store keeps sessions. What a method acknowledges with a nil error is durable.
// It is safe for concurrent use; only one goroutine appends to a session at a
// time. Every method that takes a user answers ErrNotFound for a session of
// another. The conformance suite is in package dbtest; the store in memory of
// this package serves temporary sessions and tests.
type Store interface {
	// CreateSession adds a session with its first entries; both are kept, or
	// neither.
	CreateSession(ctx context.Context, m Meta, entries ...Entry) error
	Session(ctx context.Context, user, id string) (Meta, error)
	// Sessions lists an end user's sessions, last used first, from the cursor
	// after ("" is the start); next is "" at the end.
	Sessions(ctx context.Context, user, after string, limit int) (items []Meta, next string, err error)
	RenameSession(ctx context.Context, user, id, title string) error
	// DeleteSession removes a session and all that belongs to it.
	DeleteSession(ctx context.Context, user, id string) error

	// Append keeps entries atomically. Their frames' seq continue the session's
	// without a gap; others are an error. A message's time moves the session to
	// the front of Sessions. It answers ErrNotFound for an unknown session.
	Append(ctx context.Context, session string, entries ...Entry) error
	// LastSeq returns the seq of the newest frame, 0 when there is none.
	LastSeq(ctx context.Context, session string) (int64, error)
	// Frames returns up to limit frames after seq, in order. The first may have
	// a seq above seq+1: those between are no longer kept.
	Frames(ctx context.Context, session string, after int64, limit int) ([]Frame, error)
	// Steps returns the newest accepted and tool frames of a session, up to
	// limit, oldest first.
	Steps(ctx context.Context, session string, limit int) ([]Frame, error)
	// Accepted returns the accepted frame of a client's message id.
	Accepted(ctx context.Context, session, clientID string) (Frame, bool, error)
	// Messages lists a session's messages, oldest first, from the cursor after.
	Messages(ctx context.Context, session, after string, limit int) (items []turn.Message, next string, err error)
	// Recent returns the last messages of a session, oldest first.
	Recent(ctx context.Context, session string, limit int) ([]turn.Message, error)
	// Search finds an end user's messages that hold all words of query, or words
	// that begin so, accents and case aside, newest first. [Words] tells what a
	// word is.
	Search(ctx context.Context, user, query string, limit int) ([]Hit, error)
	// OpenTurns lists the turns that a stopped host left open, in the order in
	// which each session accepted them.
	OpenTurns(ctx context.Context) ([]OpenTurn, error)
	// Redact empties, in an end user's sessions, the frames of turns, and of the
	// turns that have a frame which holds one of mentions, with [Blank], removes
	// their messages, and returns their ids. A session that began with such a turn
	// loses its title. No byte of what was said is left. A store that keeps receipts,
	// or answers to calls, takes what was said out of those too.
	Redact(ctx context.Context, user string, turns, mentions []string) (gone []string, err error)

	// Var and SetVar keep small values beside a session; see turn.Vars.
	Var(ctx context.Context, session, name string) ([]byte, error)
	SetVar(ctx context.Context, session, name string, value []byte) error
}
