package memory

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"hash/fnv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/jarvis-host/jarvis/host/memory/analysis"
	"github.com/jarvis-host/jarvis/host/memory/salience"
)

// MaxText is the longest text of one item, in bytes.
const MaxText = 64 << 10

// ErrInvalid says that something cannot be kept as it is; the message says why.
var ErrInvalid = errors.New("cannot be remembered")

// Options are what a [Memory] works with.
type Options struct {
	Store Store
	// Scrub replaces secrets in a text. It is asked before anything is stored.
	Scrub  func(string) string
	Now    func() time.Time
	Limits Limits
	// Embedder makes vectors; nil is none: words alone find then.
	Embedder Embedder
}

// Limits bound what is kept of one owner.
type Limits struct {
	// Episodes is how many are kept; beyond, what is worth least fades. 0 is no
	// limit.
	Episodes int
	// Retention is how long an episode is kept; 0 is for ever.
	Retention time.Duration
	// Faded is how long what faded can be brought back; 30 days when 0.
	Faded time.Duration
}

const defaultFaded = 30 * 24 * time.Hour

// Memory remembers and recalls. Safe for concurrent use as its store is.
type Memory struct {
	store  Store
	scrub  func(string) string
	now    func() time.Time
	limits Limits
	embed  Embedder
	locks  [64]sync.Mutex // of owners, by a hash: what is read to be changed
}

// New returns a Memory.
func New(o Options) *Memory {
	m := &Memory{store: o.Store, scrub: o.Scrub, now: o.Now, limits: o.Limits, embed: o.Embedder}
	if m.scrub == nil {
		m.scrub = func(s string) string { return s }
	}
	if m.now == nil {
		m.now = time.Now
	}
	m.limits.Faded = cmp.Or(m.limits.Faded, defaultFaded)
	return m
}

// alone keeps other changes of an owner's memory out until the returned
// function is called.
func (m *Memory) alone(o Owner) func() {
	h := fnv.New32a()
	_, _ = h.Write([]byte(o.user)) // never fails
	l := &m.locks[h.Sum32()%uint32(len(m.locks))]
	l.Lock()
	return l.Unlock
}

// Said is something that was said, to be remembered.
type Said struct {
	ID      string // made when empty
	Session string
	Turn    string
	Role    Role // RoleUser when empty
	Speaker string
	Text    string
	Lang    string    // told by the text when empty
	At      time.Time // now when zero
	Zone    string
	Flags   Flags
	// Recalled are the texts that had been recalled for an assistant's answer. An
	// answer that repeats them is not kept.
	Recalled []string
}

// Kept is what was remembered.
type Kept struct {
	Episodes []Episode
	Facts    []Fact // new ones, and those that changed or ended by it
}

// Remember keeps what was said, in order and in one durable write, with the
// facts that rules find in it. Secrets are taken out first.
func (m *Memory) Remember(ctx context.Context, o Owner, said ...Said) (*Kept, error) {
	batch := Batch{At: m.now()}
	for _, s := range said {
		e, err := m.episode(s, batch.At)
		if err != nil {
			return nil, err
		}
		if !echoed(&s, &e) {
			batch.Episodes = append(batch.Episodes, e)
		}
	}
	if len(batch.Episodes) == 0 {
		return &Kept{}, nil
	}
	defer m.alone(o)()
	var err error
	if batch.Facts, err = m.learn(ctx, o, batch.Episodes); err != nil {
		return nil, err
	}
	if err := m.store.Write(ctx, o, batch); err != nil {
		return nil, err
	}
	return &Kept{Episodes: batch.Episodes, Facts: batch.Facts}, nil
}

// echoed says whether an answer only repeats what was recalled for it.
func echoed(s *Said, e *Episode) bool {
	if e.Role != RoleAssistant {
		return false
	}
	recalled := make([][]string, len(s.Recalled))
	for i, text := range s.Recalled {
		recalled[i] = analysis.Terms(text, e.Lang)
	}
	return echoes(e.Terms, recalled)
}

func (m *Memory) episode(s Said, now time.Time) (Episode, error) {
	if err := checkText(s.Text); err != nil {
		return Episode{}, err
	}
	e := Episode{
		ID: s.ID, Session: s.Session, Turn: s.Turn, Role: s.Role, Speaker: s.Speaker,
		Text: m.scrub(s.Text), At: s.At, Zone: s.Zone, Flags: s.Flags,
	}
	if e.Text != s.Text {
		e.Flags |= FlagRedacted
	}
	if e.ID == "" {
		e.ID = newID("e")
	}
	if e.Role == "" {
		e.Role = RoleUser
	}
	if e.At.IsZero() {
		e.At = now
	}
	text := analysis.Analyze(e.Text, s.Lang)
	e.Lang, e.Terms = text.Lang, text.Terms()
	e.Simhash = simhash(e.Terms)
	feeling := salience.Feel(text)
	e.Importance, e.Arousal, e.Valence = salience.Importance(text), feeling.Arousal, feeling.Valence
	e.Stability = salience.Stability(e.Importance, e.Arousal)
	return e, nil
}

// checkText says what is wrong with the text of an item.
func checkText(text string) error {
	switch {
	case strings.TrimSpace(text) == "":
		return fmt.Errorf("an empty text %w", ErrInvalid)
	case len(text) > MaxText:
		return fmt.Errorf("a text of %d bytes, more than %d, %w", len(text), MaxText, ErrInvalid)
	case !utf8.ValidString(text):
		return fmt.Errorf("a text that is not UTF-8 %w", ErrInvalid)
	}
	return nil
}

// newID returns an id that nobody can guess.
func newID(prefix string) string { return prefix + "_" + strings.ToLower(rand.Text()) }
