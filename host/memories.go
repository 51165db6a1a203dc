package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/jarvis-host/jarvis/host/config"
	"github.com/jarvis-host/jarvis/host/memory"
	"github.com/jarvis-host/jarvis/host/memory/embedded"
	"github.com/jarvis-host/jarvis/host/memory/qdrant"
	"github.com/jarvis-host/jarvis/host/memory/talk"
	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/scrub"
)

// memoryDir is the folder of memories in the data directory.
const memoryDir = "memory"

// ownerAlone owns the memory of a data directory that has no accounts yet.
const ownerAlone = "owner"

// Memories are the memories of a data directory, opened for one command; the
// host itself may be running meanwhile.
type Memories struct {
	*memory.Memory
	// Owner is the end user that the command speaks for.
	Owner memory.Owner
	store memory.Store
	cfg   *config.Snapshot
	index *qdrant.Store // nil where no server is configured
}

// OpenMemories opens the memories that a configuration names for one end user:
// the one with this name or id, the first operator where name is empty. A name
// that has no account has a memory of its own.
func OpenMemories(ctx context.Context, cfg *config.Snapshot, name string) (*Memories, error) {
	user, err := userNamed(ctx, cfg, name)
	if err != nil {
		return nil, err
	}
	o, err := memory.OwnerOf(user)
	if err != nil {
		return nil, err
	}
	kept, err := embedded.Open(filepath.Join(cfg.Config().DataDir, memoryDir))
	if err != nil {
		return nil, err
	}
	m := &Memories{Owner: o, store: kept, cfg: cfg}
	if cfg.Config().Memory.Qdrant.URL != "" {
		if m.index, err = openIndex(cfg.Config(), kept, nil); err != nil {
			return nil, errors.Join(err, kept.Close())
		}
		m.store = m.index
	}
	m.Memory = memory.New(memoryOptions(cfg.Config(), m.store, scrub.New().Scrub, nil))
	return m, nil
}

// pushWithin bounds how long a command waits for the index.
const pushWithin = 5 * time.Second

// Push has the index, where there is one, follow what was changed. Its error
// says that it will later.
func (m *Memories) Push(ctx context.Context) error {
	if m.index == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, pushWithin)
	defer cancel()
	return m.index.Push(ctx, m.Owner)
}

// Erase forgets what was selected, for good, in the conversations too, and
// returns the ids that went.
func (m *Memories) Erase(ctx context.Context, chosen *memory.Selected) (gone []string, err error) {
	if _, err := os.Stat(filepath.Join(m.cfg.Config().DataDir, databaseFile)); errors.Is(err, fs.ErrNotExist) {
		return talk.Forget(ctx, m.Memory, m.Owner, chosen, nil)
	}
	accounts, err := OpenAccounts(ctx, m.cfg)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, accounts.Close()) }()
	return talk.Forget(ctx, m.Memory, m.Owner, chosen, func(ctx context.Context, user string, turns, items []string) error {
		_, err := accounts.db.Redact(ctx, user, turns, items)
		return err
	})
}

// Describe puts facts in the shape of the protocol, with the turns that they
// come from.
func (m *Memories) Describe(ctx context.Context, facts []memory.Fact) ([]protocol.Memory, error) {
	return describeFacts(ctx, m.Memory, m.Owner, facts)
}

// DescribeEpisode puts an episode in the shape of the protocol.
func (m *Memories) DescribeEpisode(e *memory.Episode) protocol.Memory { return episodeItem(e) }

// Close closes the store.
func (m *Memories) Close() error { return m.store.Close() }

func userNamed(ctx context.Context, cfg *config.Snapshot, name string) (id string, err error) {
	if _, err := os.Stat(filepath.Join(cfg.Config().DataDir, databaseFile)); errors.Is(err, fs.ErrNotExist) {
		if name == "" {
			name = ownerAlone
		}
		return name, nil
	}
	accounts, err := OpenAccounts(ctx, cfg)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, accounts.Close()) }()
	if name == "" {
		u, err := accounts.FirstOperator(ctx)
		return u.ID, err
	}
	users, err := accounts.Users(ctx)
	if err != nil {
		return "", fmt.Errorf("list users: %w", err)
	}
	for _, u := range users {
		if u.ID == name || u.Name == name {
			return u.ID, nil
		}
	}
	return name, nil
}

// IndexURL is where the index is; empty where there is none.
func (m *Memories) IndexURL() string { return m.cfg.Config().Memory.Qdrant.URL }
