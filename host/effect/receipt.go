package effect

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/jarvis-host/jarvis/host/scrub"
	"github.com/jarvis-host/jarvis/host/turn"
	"github.com/jarvis-host/jarvis/sdk"
)

// Intended is the state of a receipt whose call has not ended. When its turn is
// over, nobody knows how far it came.
const Intended turn.ToolState = "intended"

// Redress is what came of taking an effect back.
type Redress string

// What can have come of it.
const (
	NotTried   Redress = ""
	Trying     Redress = "trying"
	Undone     Redress = "undone"
	Refused    Redress = "refused"    // something else has changed since
	Impossible Redress = "impossible" // the plugin can't, or went wrong
	Unknown    Redress = "unknown"    // the host ended while its plugin tried
)

// Receipt is the record of one effect.
type Receipt struct {
	ID        string // the call's id, unguessable
	User      string
	Session   string // empty for a call outside of a conversation
	Turn      string
	RequestID string
	Plugin    string
	Tool      string
	Origin    sdk.Origin
	Locale    string
	Zone      string // of the end user, an IANA name
	Args      json.RawMessage
	// Data is what the call answered with, if it can be taken back: nothing else
	// needs it.
	Data      json.RawMessage
	State     turn.ToolState
	Summary   string    // what was seen of it, or why it failed
	At        time.Time // when it was written, before the call
	Ended     time.Time // zero while it is Intended
	Undoable  bool      // whether its tool declares that it can be taken back
	Redress   Redress
	Redressed time.Time // of the last try; zero if there was none
	Redresser string    // the user who tried
	// RedressKey tells the request that tried from others: whoever sends it again
	// is told the same. Empty is none.
	RedressKey  string
	RedressText string // what the plugin said to it

	// Temporary keeps it in memory only; it is not itself kept.
	Temporary bool
}

// Deed is what a plugin is asked about.
func (r *Receipt) Deed() *sdk.Deed {
	return &sdk.Deed{
		Tool: r.Tool, Args: r.Args, Data: r.Data,
		Info: sdk.CallInfo{
			Call: r.ID, Session: r.Session, User: r.User, Locale: r.Locale, TimeZone: r.Zone, Origin: r.Origin, RequestID: r.RequestID,
		},
	}
}

// happened says whether the call reached the world.
func (r *Receipt) happened() bool {
	switch r.State {
	case turn.ToolExecuted, turn.ToolVerified, turn.ToolUnverified:
		return true
	default:
		return false
	}
}

// hides says whether a secret was taken out of what is handed back to the plugin.
func (r *Receipt) hides() bool {
	return bytes.Contains(r.Args, []byte(scrub.Redacted)) || bytes.Contains(r.Data, []byte(scrub.Redacted))
}

// Errors of the book.
var (
	ErrNotFound = errors.New("there is no such receipt")
	// ErrNothing says that a session has nothing that can be taken back.
	ErrNothing = errors.New("there is no call that can be taken back")
	// ErrCursor says that a cursor is none that was given out.
	ErrCursor = errors.New("unknown cursor")
)

// Query chooses receipts, newest first, at most Limit of them; none when it is 0
// or less. The other members choose all when they are empty.
type Query struct {
	User, Session, Plugin string
	After                 string // a cursor
	Limit                 int
}

// Attempt is one try at taking an effect back: who tries, and what came of it.
type Attempt struct {
	Redress   Redress
	At        time.Time
	User, Key string
	Text      string // what the plugin said
}

// Horizon is what is too old: receipts that were written before a time go, and
// the data of those before another.
type Horizon struct{ Receipts, Data time.Time }

// Store keeps receipts. What a method acknowledges is durable. Safe for
// concurrent use. The conformance suite is in package dbtest; [Memory]
// implements it too.
type Store interface {
	// PutReceipt adds a receipt, or begins one anew that has its id.
	PutReceipt(ctx context.Context, r Receipt) error
	// EndReceipt says how a call ended. An unknown one is ErrNotFound.
	EndReceipt(ctx context.Context, id string, state turn.ToolState, summary string, data json.RawMessage, ended time.Time) error
	// Receipt returns one, or ErrNotFound.
	Receipt(ctx context.Context, id string) (Receipt, error)
	// Receipts lists the newest first; next is empty at the end. A cursor that
	// was not given out is ErrCursor.
	Receipts(ctx context.Context, q Query) (items []Receipt, next string, err error)
	// Redress changes what came of taking one back, if it is still from. It says
	// whether it was.
	Redress(ctx context.Context, id string, from Redress, to Attempt) (bool, error)
	// Abandon turns each that is Trying into Unknown: whoever tried is gone.
	Abandon(ctx context.Context) error
	// PruneReceipts removes what is beyond a horizon.
	PruneReceipts(ctx context.Context, old Horizon) error
}
