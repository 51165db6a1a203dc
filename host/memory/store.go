package memory

import (
	"context"
	"errors"
	"time"
)

// Errors of a store.
var (
	// ErrNotFound says that the owner has no such item.
	ErrNotFound = errors.New("no such memory")
	// ErrExists says that an item with this id is there already.
	ErrExists = errors.New("a memory with this id exists already")
	// ErrDamaged says that the owner's memory cannot be read.
	ErrDamaged = errors.New("memory is damaged, and left as it is: restore a backup, or move the file aside to start empty")
)

// Store keeps the memories of every owner, each apart. What a method that
// changes something has acknowledged is on disk. All methods may be called
// concurrently; each is one transaction. Test with memorytest.Run, and with the
// embedded store in a temporary folder.
type Store interface {
	// Write adds and changes items. ErrExists where a new episode's id is taken:
	// nothing is written then.
	Write(context.Context, Owner, Batch) error
	// Stats returns figures of all an owner's episodes, and how many hold each term.
	Stats(ctx context.Context, o Owner, terms []string) (Stats, error)
	// Search returns candidates for a question, the likelier first.
	Search(context.Context, Owner, Search) (*Found, error)
	// Episodes returns episodes in their order.
	Episodes(context.Context, Owner, EpisodeFilter) ([]Episode, error)
	// Facts returns facts, the newest first.
	Facts(context.Context, Owner, FactFilter) ([]Fact, error)
	// Delete removes items so that no byte of them is left: the episodes, the
	// facts, the facts that have no other source than a removed episode, and
	// every index entry. It returns the ids that went.
	Delete(context.Context, Owner, ...string) ([]string, error)
	// Erase removes everything of an owner.
	Erase(context.Context, Owner) error
	// Owners lists who has a memory. With an error that is ErrDamaged, it lists all
	// but those whose memory can't be read.
	Owners(context.Context) ([]Owner, error)
	// Counts says how much an owner's memory holds.
	Counts(context.Context, Owner) (Counts, error)
	// Changes returns the newest entries of the log, newest first.
	Changes(ctx context.Context, o Owner, limit int) ([]Change, error)
	Close() error
}

// Mirror is a [Store] that has its candidates from an index elsewhere, which
// follows what is kept.
type Mirror interface {
	// Rebuild makes an owner's part of the index anew, and returns how many items
	// it holds then.
	Rebuild(context.Context, Owner) (int, error)
}

// Batch is what is written at once.
type Batch struct {
	At       time.Time // of the change log
	Episodes []Episode // new ones, in order
	Facts    []Fact    // new ones, and existing ones by their id
	// Strengths are new strengths by item id, of episodes and facts.
	Strengths map[string]Strength
	// Fade and Restore are ids to forget softly, and to remember again.
	Fade, Restore []string
	// Absorbed is up to which episode, by its Seq, a model has read; 0 leaves it.
	Absorbed int64
}

// Search is a question to the store.
type Search struct {
	Terms  []string // any of them may match, in the text or around it
	Limit  int      // candidates that match Terms, 200 where 0
	Kin    []string // further terms, whose best matches come after
	KinMax int      // candidates that match Kin
	// From and To are a time whose episodes are candidates too, DayMax at most.
	From, To time.Time
	DayMax   int

	Window  int      // neighbours on either side that come with each candidate
	Sides   bool     // also return the facts that hold one of Terms or Kin, or are among IDs
	Past    bool     // superseded facts too
	Faded   bool     // what was forgotten softly too
	IDs     []string // items that are candidates too
	Exclude string   // a session to leave out, such as the running one
}

// Found is what a search found.
type Found struct {
	Episodes []Hit
	Facts    []Fact
	// Degraded says that an index that should have helped could not; what is found
	// is found without it.
	Degraded bool
}

// Hit is a candidate with its surroundings.
type Hit struct {
	Episode
	Score         float64 // the store's own, greater is better
	Before, After []Turn  // neighbours in the session, nearest first
	// Stale is whether all that is known from it holds no longer.
	Stale bool
}

// Stats are figures of the owner's whole memory.
type Stats struct {
	Episodes int
	Length   float64        // mean terms per episode
	Having   map[string]int // episodes that hold a term of the search
	Speakers []string       // names of who spoke, the most frequent first
}

// EpisodeFilter chooses episodes. Its zero value chooses all remembered ones.
type EpisodeFilter struct {
	IDs      []string
	Session  string
	From, To time.Time // from inclusive, to exclusive
	After    int64     // sequence number
	Limit    int       // 0 is no limit
	Newest   bool      // newest first
	Faded    bool      // what was forgotten softly too
}

// FactFilter chooses facts. Its zero value chooses all that are remembered and
// hold.
type FactFilter struct {
	IDs     []string
	Sources []string // ids of episodes
	Past    bool     // superseded and ended ones too
	Faded   bool
	Limit   int
	// Profile chooses what is always good to know of the owner himself, what
	// matters most first: what is pinned, instructions, preferences, and what is
	// known under ProfilePredicates.
	Profile bool
}

// ProfilePredicates are the facts of a profile beside those that are pinned,
// instructions or preferences.
var ProfilePredicates = []string{"name", "called", "lives_in", "allergic_to"}

// Counts is how much a memory holds.
type Counts struct {
	Episodes, Facts, Past, Faded int
	Bytes                        int64
	Absorbed                     int64 // up to which episode a model has read
}
