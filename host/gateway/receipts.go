package gateway

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/session"
	"github.com/jarvis-host/jarvis/host/turn"
)

// Receipt is the record of what a tool did in the world.
type Receipt struct {
	ID        string          `json:"id"`
	User      string          `json:"user"`
	Session   string          `json:"session,omitempty"`
	Turn      string          `json:"turn"`
	RequestID string          `json:"request_id,omitempty"`
	Plugin    string          `json:"plugin"`
	Tool      string          `json:"tool"`
	Origin    string          `json:"origin"`
	Arguments json.RawMessage `json:"arguments"`
	State     string          `json:"state"`
	Summary   string          `json:"summary,omitempty"`
	At        time.Time       `json:"at"`
	Ended     *time.Time      `json:"ended,omitempty"`
	Undoable  bool            `json:"undoable"`       // whether it can be taken back now
	Undo      string          `json:"undo,omitempty"` // what came of taking it back
	UndoAt    *time.Time      `json:"undo_at,omitempty"`
	UndoBy    string          `json:"undo_by,omitempty"`   // the user who took it back
	UndoText  string          `json:"undo_text,omitempty"` // what its plugin said to that
}

// ReceiptQuery chooses receipts.
type ReceiptQuery struct {
	User, Session, Plugin string // empty is all
	After                 string
	Limit                 int
}

// Undone is what came of taking an effect back.
type Undone struct {
	ID    string `json:"id"`
	State string `json:"state"`
	Text  string `json:"text"`
}

// Receipts tells what tools did, and takes it back. An end user has their own,
// an operator everybody's. Errors are *protocol.Problem. It is safe for
// concurrent use.
type Receipts interface {
	Receipts(ctx context.Context, who session.Identity, q ReceiptQuery) (items []Receipt, next string, err error)
	// UndoReceipt takes an effect back. The same key again is answered as the
	// first time; an empty one is none.
	UndoReceipt(ctx context.Context, who session.Identity, id, key string) (Undone, error)
}

func (s *Server) getReceipts(x *exchange) error {
	after, limit, err := x.listed()
	if err != nil {
		return err
	}
	q := ReceiptQuery{After: after, Limit: limit}
	for name, into := range map[string]*string{"session": &q.Session, "plugin": &q.Plugin, "user": &q.User} {
		if *into, err = x.queryID(name); err != nil {
			return err
		}
	}
	if x.who.User.Role != turn.RoleOperator {
		q.User = x.identity().User // whoever they name, it is their own that they see
	}
	items, next, err := s.o.Receipts.Receipts(x.r.Context(), x.identity(), q)
	if err != nil {
		return err
	}
	return x.json(http.StatusOK, list(items, next, func(r Receipt) Receipt { return r }))
}

func (s *Server) undoReceipt(x *exchange) error {
	id, err := x.paramID("id")
	if err != nil {
		return err
	}
	if err := x.noBody(); err != nil {
		return err
	}
	if err := x.allowChat(); err != nil {
		return err
	}
	key := x.r.Header.Get("Idempotency-Key")
	if key != "" {
		first, err := s.repeatUndo.use(x.who.User.ID, key, []byte(id), s.now())
		if err != nil {
			return err
		}
		defer first.Unlock()
		key = clientID(key)
	}
	undone, err := s.o.Receipts.UndoReceipt(x.r.Context(), x.identity(), id, key)
	if err != nil {
		return err
	}
	return x.json(http.StatusOK, undone)
}

// queryID reads an id from the query; there may be none.
func (x *exchange) queryID(name string) (string, error) {
	id := x.r.URL.Query().Get(name)
	if id == "" {
		return "", nil
	}
	if p := protocol.CheckID(name, id); p != nil {
		return "", p
	}
	return id, nil
}
