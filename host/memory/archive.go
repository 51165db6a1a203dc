package memory

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/jarvis-host/jarvis/host/memory/analysis"
)

// The archive of a memory is JSON, an object a line (docs/memory.md): first a
// header, then each episode in order, then each fact.
const (
	archiveFormat  = "jarvis-memory"
	archiveVersion = 1
	maxArchiveLine = 4 << 20
)

// ErrArchive says that what is read is no archive, or a damaged one.
var ErrArchive = errors.New("read archive of memories")

type archiveLine struct {
	Format   string    `json:"format,omitempty"`
	Version  int       `json:"version,omitempty"`
	Exported time.Time `json:"exported,omitzero"`
	Episode  *Episode  `json:"episode,omitempty"`
	Fact     *Fact     `json:"fact,omitempty"`
}

// Export writes everything of an owner, what faded and what is past too.
func (m *Memory) Export(ctx context.Context, o Owner, w io.Writer) error {
	episodes, err := m.store.Episodes(ctx, o, EpisodeFilter{Faded: true})
	if err != nil {
		return err
	}
	facts, err := m.store.Facts(ctx, o, FactFilter{Past: true, Faded: true})
	if err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	e := json.NewEncoder(out)
	if err := e.Encode(archiveLine{Format: archiveFormat, Version: archiveVersion, Exported: m.now().UTC()}); err != nil {
		return err
	}
	for i := range episodes {
		episodes[i].Terms, episodes[i].Seq = nil, 0 // made anew
		if err := e.Encode(archiveLine{Episode: &episodes[i]}); err != nil {
			return err
		}
	}
	for i := range facts {
		facts[i].Terms = nil
		if err := e.Encode(archiveLine{Fact: &facts[i]}); err != nil {
			return err
		}
	}
	return out.Flush()
}

// Imported is what an import adds, or would add, and what it leaves as it is
// because it is there already.
type Imported struct {
	Episodes, Facts []string
	Present         int
}

// Import adds what an archive holds and the owner does not have, in one
// transaction; with dry, it only says what it would add. An archive that is
// damaged or cut short in a line changes nothing.
func (m *Memory) Import(ctx context.Context, o Owner, r io.Reader, dry bool) (*Imported, error) {
	defer m.alone(o)()
	batch, err := m.readArchive(r)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrArchive, err)
	}
	out := &Imported{}
	have, err := m.store.Episodes(ctx, o, EpisodeFilter{Faded: true})
	if err != nil {
		return nil, err
	}
	known, err := m.store.Facts(ctx, o, FactFilter{Past: true, Faded: true})
	if err != nil {
		return nil, err
	}
	there := map[string]bool{}
	for i := range have {
		there[have[i].ID] = true
	}
	for i := range known {
		there[known[i].ID] = true
	}
	add := Batch{At: m.now()}
	for _, e := range batch.Episodes {
		if there[e.ID] {
			out.Present++
			continue
		}
		there[e.ID] = true
		out.Episodes, add.Episodes = append(out.Episodes, e.ID), append(add.Episodes, e)
	}
	for _, k := range batch.Facts {
		if there[k.ID] {
			out.Present++
			continue
		}
		there[k.ID] = true
		out.Facts, add.Facts = append(out.Facts, k.ID), append(add.Facts, k)
	}
	if dry || len(add.Episodes)+len(add.Facts) == 0 {
		return out, nil
	}
	return out, m.store.Write(ctx, o, add)
}

func (m *Memory) readArchive(r io.Reader) (Batch, error) {
	var b Batch
	s := bufio.NewScanner(r)
	s.Buffer(nil, maxArchiveLine)
	n := 1
	for ; s.Scan(); n++ {
		var l archiveLine
		if err := json.Unmarshal(s.Bytes(), &l); err != nil {
			return b, fmt.Errorf("line %d: %w", n, err)
		}
		if n == 1 {
			if l.Format != archiveFormat || l.Version != archiveVersion {
				return b, fmt.Errorf("format %q version %d, expected %q version %d", l.Format, l.Version, archiveFormat, archiveVersion)
			}
			continue
		}
		if err := m.takeLine(&b, &l); err != nil {
			return b, fmt.Errorf("line %d: %w", n, err)
		}
	}
	if err := s.Err(); err != nil {
		return b, fmt.Errorf("line %d: %w", n, err)
	}
	if n == 1 {
		return b, errors.New("empty")
	}
	return b, nil
}

func (m *Memory) takeLine(b *Batch, l *archiveLine) error {
	switch {
	case l.Episode != nil && l.Fact == nil:
		e := *l.Episode
		if err := checkText(e.Text); err != nil || e.ID == "" {
			return errors.Join(err, missingID(e.ID))
		}
		e.Text = m.scrub(e.Text)
		t := analysis.Analyze(e.Text, e.Lang)
		e.Lang, e.Terms = t.Lang, t.Terms()
		b.Episodes = append(b.Episodes, e)
	case l.Fact != nil && l.Episode == nil:
		k := *l.Fact
		if err := checkText(k.Text); err != nil || k.ID == "" {
			return errors.Join(err, missingID(k.ID))
		}
		k.Text, k.Object = m.scrub(k.Text), m.scrub(k.Object)
		k.Terms = factTerms(&k)
		b.Facts = append(b.Facts, k)
	default:
		return errors.New("neither an episode nor a fact")
	}
	return nil
}

func missingID(id string) error {
	if id == "" {
		return errors.New("an item without an id")
	}
	return nil
}
