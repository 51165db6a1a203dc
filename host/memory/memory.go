package memory

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
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
	Scrub func(string) string
	Now   func() time.Time
}

// Memory remembers and recalls. Safe for concurrent use as its store is.
type Memory struct {
	store Store
	scrub func(string) string
	now   func() time.Time
}

// New returns a Memory.
func New(o Options) *Memory {
	m := &Memory{store: o.Store, scrub: o.Scrub, now: o.Now}
	if m.scrub == nil {
		m.scrub = func(s string) string { return s }
	}
	if m.now == nil {
		m.now = time.Now
	}
	return m
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
}

// Remember keeps what was said, in order and in one durable write, and returns
// the episodes. Secrets are taken out first.
func (m *Memory) Remember(ctx context.Context, o Owner, said ...Said) ([]Episode, error) {
	batch := Batch{At: m.now()}
	for _, s := range said {
		e, err := m.episode(s, batch.At)
		if err != nil {
			return nil, err
		}
		batch.Episodes = append(batch.Episodes, e)
	}
	if len(batch.Episodes) == 0 {
		return nil, nil
	}
	if err := m.store.Write(ctx, o, batch); err != nil {
		return nil, err
	}
	return batch.Episodes, nil
}

func (m *Memory) episode(s Said, now time.Time) (Episode, error) {
	switch {
	case strings.TrimSpace(s.Text) == "":
		return Episode{}, fmt.Errorf("an empty text %w", ErrInvalid)
	case len(s.Text) > MaxText:
		return Episode{}, fmt.Errorf("a text of %d bytes, more than %d, %w", len(s.Text), MaxText, ErrInvalid)
	case !utf8.ValidString(s.Text):
		return Episode{}, fmt.Errorf("a text that is not UTF-8 %w", ErrInvalid)
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
	feeling := salience.Feel(text)
	e.Importance, e.Arousal, e.Valence = salience.Importance(text), feeling.Arousal, feeling.Valence
	e.Stability = salience.Stability(e.Importance, e.Arousal)
	return e, nil
}

// newID returns an id that nobody can guess.
func newID(prefix string) string { return prefix + "_" + strings.ToLower(rand.Text()) }
