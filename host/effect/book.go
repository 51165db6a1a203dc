package effect

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jarvis-host/jarvis/host/scrub"
	"github.com/jarvis-host/jarvis/host/turn"
)

// How long receipts count.
const (
	// KeptFor is how long a receipt is kept.
	KeptFor = 90 * 24 * time.Hour
	// UndoFor is how long an effect can be taken back: later, what was before is
	// nobody's wish any more.
	UndoFor = 24 * time.Hour
	// looks is how many of a session's newest receipts are looked at for one
	// that can be taken back.
	looks = 50
)

// Book writes receipts down. Safe for concurrent use.
type Book struct {
	kept, passing Store
	scrubber      *scrub.Scrubber
	now           func() time.Time
}

// NewBook returns a book that keeps receipts in a store, without the secrets that
// a scrubber knows, and those of temporary sessions in memory, as they are.
func NewBook(kept Store, scrubber *scrub.Scrubber, now func() time.Time) *Book {
	return &Book{kept: kept, passing: NewMemory(), scrubber: scrubber, now: now}
}

// Open ends what a host that ran before left half done.
func (b *Book) Open(ctx context.Context) error {
	if err := b.kept.Abandon(ctx); err != nil {
		return fmt.Errorf("open receipts: %w", err)
	}
	return nil
}

// Intend writes a receipt before its call. Without one there must be no call.
func (b *Book) Intend(ctx context.Context, r Receipt) error {
	r.State, r.At = Intended, b.now()
	if !r.Temporary {
		r = b.clean(r)
	}
	if err := b.of(r.Temporary).PutReceipt(ctx, r); err != nil {
		return fmt.Errorf("write receipt: %w", err)
	}
	return nil
}

// Conclude says how the call of a receipt ended. What it answered with is kept
// where it can be taken back.
func (b *Book) Conclude(ctx context.Context, r Receipt, state turn.ToolState, summary string, data json.RawMessage) error {
	if !r.Undoable {
		data = nil
	}
	if !r.Temporary {
		summary, data = b.scrubber.ScrubKnown(summary), b.scrubber.ScrubKnownJSON(data)
	}
	if err := b.of(r.Temporary).EndReceipt(ctx, r.ID, state, summary, data, b.now()); err != nil {
		return fmt.Errorf("write how a call ended: %w", err)
	}
	return nil
}

// Prune removes the receipts that are too old, and of others what they keep to be
// taken back, once they can't be.
func (b *Book) Prune(ctx context.Context) error {
	now := b.now()
	old := Horizon{Receipts: now.Add(-KeptFor), Data: now.Add(-UndoFor)}
	// Those of temporary sessions are there to be taken back, and for nothing else.
	err := b.passing.PruneReceipts(ctx, Horizon{Receipts: old.Data})
	if err = errors.Join(err, b.kept.PruneReceipts(ctx, old)); err != nil {
		return fmt.Errorf("prune receipts: %w", err)
	}
	return nil
}

func (b *Book) of(temporary bool) Store {
	if temporary {
		return b.passing
	}
	return b.kept
}

// List lists receipts that are kept, newest first.
func (b *Book) List(ctx context.Context, q Query) (items []Receipt, next string, err error) {
	items, next, err = b.kept.Receipts(ctx, q)
	for i := range items { // a secret may be known since it was written
		items[i] = b.clean(items[i])
	}
	return items, next, err
}

// clean takes secrets that the host knows out of a receipt.
func (b *Book) clean(r Receipt) Receipt {
	r.Args, r.Data = b.scrubber.ScrubKnownJSON(r.Args), b.scrubber.ScrubKnownJSON(r.Data)
	r.Summary, r.RedressText = b.scrubber.ScrubKnown(r.Summary), b.scrubber.ScrubKnown(r.RedressText)
	return r
}

// Get returns a receipt of an end user; an empty user is anyone's. It answers
// ErrNotFound for another's.
func (b *Book) Get(ctx context.Context, user, id string) (Receipt, error) {
	for _, s := range []Store{b.kept, b.passing} {
		r, err := s.Receipt(ctx, id)
		if errors.Is(err, ErrNotFound) {
			continue
		}
		if err != nil {
			return Receipt{}, err
		}
		if user == "" || r.User == user {
			return r, nil
		}
	}
	return Receipt{}, ErrNotFound
}

// Last is the newest effect of a session that can be taken back, or ErrNothing.
func (b *Book) Last(ctx context.Context, user, session string) (Receipt, error) {
	var last Receipt
	for _, s := range []Store{b.kept, b.passing} {
		all, _, err := s.Receipts(ctx, Query{User: user, Session: session, Limit: looks})
		if err != nil {
			return Receipt{}, err
		}
		for _, r := range all {
			// A query with an empty session is one for all of them.
			if r.Session == session && b.Problem(r) == nil {
				if r.At.After(last.At) {
					last = r
				}
				break
			}
		}
	}
	if last.ID == "" {
		return Receipt{}, ErrNothing
	}
	return last, nil
}

// Untouched answers ErrTaken when an effect of a session was taken back since a
// time, other than with a key.
func (b *Book) Untouched(ctx context.Context, user, session string, since time.Time, key string) error {
	for _, s := range []Store{b.kept, b.passing} {
		all, _, err := s.Receipts(ctx, Query{User: user, Session: session, Limit: looks})
		if err != nil {
			return err
		}
		for _, r := range all {
			if r.Session == session && r.Redress != NotTried && !r.Redressed.Before(since) && r.RedressKey != key {
				return ErrTaken
			}
		}
	}
	return nil
}

// Why an effect can't be taken back.
var (
	ErrIrreversible = errors.New("its tool can't take anything back")
	ErrDidNotHappen = errors.New("it did not happen, or nobody knows whether it did")
	ErrTaken        = errors.New("it was taken back already, or that was tried")
	ErrTooLate      = errors.New("it is too long ago")
	// ErrHidden is of arguments or an answer that held a secret: what is kept is
	// not what was done, and its plugin might take back something else, or put
	// back the mark that stands in the secret's place.
	ErrHidden = errors.New("it held a secret, which is not kept")
)

// Problem says why an effect can't be taken back now; nil is that it can be
// tried.
func (b *Book) Problem(r Receipt) error {
	switch {
	case !r.happened():
		return ErrDidNotHappen
	case !r.Undoable:
		return ErrIrreversible
	case r.Redress != NotTried:
		return ErrTaken
	case b.now().Sub(r.At) > UndoFor:
		return ErrTooLate
	case r.hides():
		return ErrHidden
	default:
		return nil
	}
}

// Claim makes sure that nobody else takes an effect back; it answers ErrTaken
// when somebody does. It is on disk before the plugin is asked. Settle has to
// follow.
func (b *Book) Claim(ctx context.Context, r Receipt, a Attempt) error {
	a.Redress, a.At, a.Text = Trying, b.now(), ""
	mine, err := b.storeOf(ctx, r.ID).Redress(ctx, r.ID, NotTried, a)
	if err != nil {
		return fmt.Errorf("claim receipt: %w", err)
	}
	if !mine {
		return ErrTaken
	}
	return nil
}

// Settle says what came of a claim; NotTried gives it back.
func (b *Book) Settle(ctx context.Context, r Receipt, a Attempt) error {
	if a.At = b.now(); a.Redress == NotTried {
		a = Attempt{At: a.At}
	}
	a.Text = b.scrubber.ScrubKnown(a.Text)
	if _, err := b.storeOf(ctx, r.ID).Redress(ctx, r.ID, Trying, a); err != nil {
		return fmt.Errorf("settle receipt: %w", err)
	}
	return nil
}

func (b *Book) storeOf(ctx context.Context, id string) Store {
	if _, err := b.passing.Receipt(ctx, id); err == nil {
		return b.passing
	}
	return b.kept
}
