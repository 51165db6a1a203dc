package host

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/jarvis-host/jarvis/host/auth"
	"github.com/jarvis-host/jarvis/host/config"
)

// Names of an export's first line.
const (
	personFormat  = "jarvis-person"
	personVersion = 1
)

// ExportPerson writes everything that is kept of a person as JSON lines: a header,
// {"user":...}, {"key":...}, {"session":...}, {"message":...} and so on, then
// {"memory":...} with each line of the archive of their memory.
func (a *Accounts) ExportPerson(ctx context.Context, cfg *config.Snapshot, u auth.User, w io.Writer) error {
	out := bufio.NewWriter(w)
	e := json.NewEncoder(out)
	e.SetEscapeHTML(false)
	if err := e.Encode(map[string]any{"format": personFormat, "version": personVersion, "exported": time.Now().UTC()}); err != nil {
		return err
	}
	err := a.db.Personal(ctx, u.ID, func(kind string, row map[string]any) error { return e.Encode(map[string]any{kind: row}) })
	if err != nil {
		return err
	}
	m, err := OpenMemories(ctx, cfg, u.ID)
	if err != nil {
		return err
	}
	var archive bytes.Buffer
	if err := errors.Join(m.Export(ctx, m.Owner, &archive), m.Close()); err != nil {
		return err
	}
	for line := range bytes.Lines(archive.Bytes()) {
		if err := e.Encode(map[string]json.RawMessage{"memory": bytes.TrimSpace(line)}); err != nil {
			return err
		}
	}
	return out.Flush()
}

// Receipt says what was erased of a person.
type Receipt struct {
	ID     string         `json:"id"`
	User   string         `json:"user"`
	Erased map[string]int `json:"erased"` // how many of each kind
	Began  time.Time      `json:"began"`
	Ended  time.Time      `json:"ended"`
	// Later is what follows when it can, and why; empty is nothing.
	Later string `json:"later,omitempty"`
}

// ErasePerson removes a person with everything that is kept of them, memory
// first, looks that nothing is left, and says what there was. With a service go
// the end users whom it named.
func (a *Accounts) ErasePerson(ctx context.Context, cfg *config.Snapshot, u auth.User) (Receipt, error) {
	r, err := a.eraseOne(ctx, cfg, u)
	if err != nil {
		return r, err
	}
	users, err := a.Users(ctx) // after its keys are gone: it names no more
	if err != nil {
		return r, err
	}
	for _, named := range users {
		if named.Service != u.ID {
			continue
		}
		more, err := a.eraseOne(ctx, cfg, named)
		if err != nil {
			return r, err
		}
		for kind, n := range more.Erased {
			r.Erased[kind] += n
		}
		r.Ended, r.Later = more.Ended, cmp.Or(r.Later, more.Later)
	}
	return r, nil
}

func (a *Accounts) eraseOne(ctx context.Context, cfg *config.Snapshot, u auth.User) (r Receipt, err error) {
	r = Receipt{ID: u.ID, User: u.Name, Erased: map[string]int{}, Began: time.Now().UTC()}
	if err := a.Removable(ctx, u.ID); err != nil {
		return r, err
	}
	m, err := OpenMemories(ctx, cfg, u.ID)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, m.Close()) }()
	if r.Erased, err = a.kept(ctx, m, u.ID); err != nil {
		return r, err
	}
	// Once begun it is done to its end: half an erasure helps nobody.
	ctx = context.WithoutCancel(ctx)
	if err := m.Memory.Erase(ctx, m.Owner); err != nil {
		return r, err
	}
	if err := a.RemoveUser(ctx, u.ID); err != nil {
		return r, err
	}
	left, err := a.kept(ctx, m, u.ID)
	if err != nil {
		return r, err
	}
	if len(left) > 0 {
		return r, fmt.Errorf("something of %s is left: %v; remove them again", u.Name, left)
	}
	if later := m.Push(ctx); later != nil {
		r.Later = "the memory index: " + later.Error()
	}
	r.Ended = time.Now().UTC()
	return r, nil
}

// kept counts what is kept of a person, by kind.
func (a *Accounts) kept(ctx context.Context, m *Memories, user string) (map[string]int, error) {
	out := map[string]int{}
	err := a.db.Personal(ctx, user, func(kind string, _ map[string]any) error { out[kind]++; return nil })
	if err != nil {
		return nil, err
	}
	c, err := m.Counts(ctx, m.Owner)
	if err != nil {
		return nil, err
	}
	if n := c.Episodes + c.Facts + c.Past + c.Faded; n > 0 {
		out["memory"] = n
	}
	return out, nil
}
