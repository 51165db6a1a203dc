package session

import (
	"context"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/turn"
)

// Cursors of Sessions begin with where they point: temporary sessions come
// before the others.
const (
	inMemory = "t"
	onDisk   = "d"
)

// maxRename is the length of a title that an end user gives, in code points.
const maxRename = 200

// Sessions lists an end user's sessions, last used first, temporary ones before
// the others.
func (m *Manager) Sessions(ctx context.Context, who Identity, after string, limit int) (items []Meta, next string, err error) {
	if rest, ok := strings.CutPrefix(after, onDisk); ok {
		return m.kept(ctx, who, nil, rest, limit)
	}
	if after != "" && !strings.HasPrefix(after, inMemory) {
		return nil, "", badCursor(ErrCursor)
	}
	items, next, err = m.temp.Sessions(ctx, who.User, strings.TrimPrefix(after, inMemory), limit)
	switch {
	case err != nil:
		return nil, "", badCursor(err)
	case next != "":
		return items, inMemory + next, nil
	case len(items) >= limit:
		return items, onDisk, nil
	default:
		return m.kept(ctx, who, items, "", limit-len(items))
	}
}

// kept adds sessions of the store to those before them.
func (m *Manager) kept(ctx context.Context, who Identity, before []Meta, after string, limit int) ([]Meta, string, error) {
	items, next, err := m.o.Store.Sessions(ctx, who.User, after, limit)
	if err != nil {
		return nil, "", badCursor(err)
	}
	if next != "" {
		next = onDisk + next
	}
	return append(before, items...), next, nil
}

// Session describes one of who's sessions.
func (m *Manager) Session(ctx context.Context, who Identity, id string) (Meta, error) {
	meta, _, err := m.find(ctx, who.User, id)
	return meta, err
}

// Rename gives a session another title.
func (m *Manager) Rename(ctx context.Context, who Identity, id, title string) error {
	if p := protocol.CheckText("title", title); p != nil {
		return p
	}
	if n := utf8.RuneCountInString(title); n > maxRename {
		return &protocol.Problem{
			Code: protocol.TooLarge, Field: "title", Text: protocol.WordTooLong, Args: []any{"title", maxRename, n},
		}
	}
	_, store, err := m.find(ctx, who.User, id)
	if err != nil {
		return err
	}
	return store.RenameSession(ctx, who.User, id, m.o.Clean(title))
}

// Delete stops what runs in a session and removes the session with all that
// belongs to it.
func (m *Manager) Delete(ctx context.Context, who Identity, id string) error {
	for {
		closed, err := within(ctx, m, who.User, id, (*actor).remove)
		if err != nil || closed == nil {
			return err
		}
		select {
		case <-closed: // again, now that nothing runs
		case <-m.quit:
			return drainingProblem()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// remove deletes the session, or returns when what runs will have ended.
func (a *actor) remove() (closed <-chan struct{}, err error) {
	if a.run != nil {
		return a.halt(turn.Stopped), nil
	}
	if err := a.store.DeleteSession(context.Background(), a.meta.User, a.meta.ID); err != nil {
		return nil, unavailable(err)
	}
	if a.parked != nil {
		a.unplace()
	}
	a.dead = true
	return nil, nil
}

// Messages lists a session's messages, oldest first.
func (m *Manager) Messages(ctx context.Context, who Identity, id, after string, limit int) (items []turn.Message, next string, err error) {
	_, store, err := m.find(ctx, who.User, id)
	if err != nil {
		return nil, "", err
	}
	items, next, err = store.Messages(ctx, id, after, limit)
	if err != nil {
		return nil, "", badCursor(err)
	}
	return items, next, nil
}

// Search finds who's messages, newest first.
func (m *Manager) Search(ctx context.Context, who Identity, query string, limit int) ([]Hit, error) {
	hits, err := m.temp.Search(ctx, who.User, query, limit)
	if err != nil {
		return nil, err
	}
	kept, err := m.o.Store.Search(ctx, who.User, query, limit)
	if err != nil {
		return nil, err
	}
	if len(hits) > 0 {
		kept = append(kept, hits...)
		slices.SortStableFunc(kept, func(x, y Hit) int { return y.Message.At.Compare(x.Message.At) })
	}
	return kept[:min(limit, len(kept))], nil
}

// badCursor blames the client for a cursor that the store does not know.
func badCursor(err error) error {
	if errors.Is(err, ErrCursor) {
		return &protocol.Problem{Code: protocol.Invalid, Field: "after", Err: err}
	}
	return err
}
