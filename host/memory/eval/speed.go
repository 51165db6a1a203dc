package eval

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/jarvis-host/jarvis/host/memory"
)

// Speed is how fast a memory of some size is.
type Speed struct {
	Episodes    int
	Find, Write []time.Duration
	Export      time.Duration // of all of it
	Erase       time.Duration // of all of it, for good
	Bytes       int64         // on disk, for each episode
}

// String prints the figures as one row.
func (s *Speed) String() string {
	return fmt.Sprintf("%7d episodes  recall p50 %-8s p95 %-8s  write p50 %-8s p99 %-8s  export %-8s erasure %-8s %d bytes each", s.Episodes,
		Quantile(s.Find, .5).Round(100*time.Microsecond), Quantile(s.Find, .95).Round(100*time.Microsecond),
		Quantile(s.Write, .5).Round(100*time.Microsecond), Quantile(s.Write, .99).Round(100*time.Microsecond),
		s.Export.Round(time.Millisecond), s.Erase.Round(time.Millisecond), s.Bytes)
}

// Shape of what is made up to measure speed: words as frequent as in a language
// (Zipf), turns of about twelve words that are not stop words, sessions of twenty turns.
const (
	vocabulary   = 20000
	wordsPerTurn = 12
	perSession   = 20
)

// MeasureSpeed fills a memory with n made-up episodes, finds and writes, and
// erases it.
func MeasureSpeed(ctx context.Context, m *memory.Memory, s memory.Store, n, finds, writes int) (*Speed, error) {
	o, err := memory.OwnerOf(fmt.Sprint("speed", n))
	if err != nil {
		return nil, err
	}
	random := rand.New(rand.NewPCG(1, uint64(n))) //nolint:gosec // made-up text needs no secrecy
	zipf := rand.NewZipf(random, 1.07, 60, vocabulary)
	text := func(words int) string {
		var b strings.Builder
		for range words {
			fmt.Fprintf(&b, "%s ", word(zipf.Uint64()))
		}
		return b.String()
	}
	start := time.Date(2024, 1, 1, 8, 0, 0, 0, time.UTC)
	said := func(i int) memory.Said {
		return memory.Said{Session: fmt.Sprint("s", i/perSession), Text: text(1 + random.IntN(2*wordsPerTurn)), At: start.Add(time.Duration(i) * time.Minute), Lang: "en"}
	}
	const chunk = 5000
	for i := 0; i < n; i += chunk {
		var batch []memory.Said
		for j := i; j < min(n, i+chunk); j++ {
			batch = append(batch, said(j))
		}
		if _, err := m.Remember(ctx, o, batch...); err != nil {
			return nil, err
		}
	}
	out := &Speed{Episodes: n}
	for range finds {
		begun := time.Now()
		if _, err := m.Find(ctx, o, memory.Question{Text: "what " + text(6), Lang: "en", At: start}); err != nil {
			return nil, err
		}
		out.Find = append(out.Find, time.Since(begun))
	}
	counts, err := s.Counts(ctx, o)
	if err != nil {
		return nil, err
	}
	out.Bytes = counts.Bytes / int64(n)
	for i := range writes {
		begun := time.Now()
		if _, err := m.Remember(ctx, o, said(n+i)); err != nil {
			return nil, err
		}
		out.Write = append(out.Write, time.Since(begun))
	}
	begun := time.Now()
	if err := m.Export(ctx, o, io.Discard); err != nil {
		return nil, err
	}
	out.Export = time.Since(begun)
	begun = time.Now()
	if err := m.Erase(ctx, o); err != nil {
		return nil, err
	}
	out.Erase = time.Since(begun)
	return out, nil
}

// word spells a number with syllables.
func word(n uint64) string {
	const consonants, vowels = "bdfghklmnprstvz", "aeiou"
	var b []byte
	for n++; n > 0; n /= uint64(len(consonants) * len(vowels)) {
		k := n % uint64(len(consonants)*len(vowels))
		b = append(b, consonants[k/uint64(len(vowels))], vowels[k%uint64(len(vowels))])
	}
	return string(b) + "n"
}

// MeasureConsolidation tells how long it takes to tidy up n messages, and the
// facts that follow from them, where half of the messages have to go.
func MeasureConsolidation(ctx context.Context, s memory.Store, n int) (time.Duration, error) {
	o, err := memory.OwnerOf(fmt.Sprint("tidy", n))
	if err != nil {
		return 0, err
	}
	m := memory.New(memory.Options{Store: s, Limits: memory.Limits{Episodes: n / 2}})
	said := make([]memory.Said, n)
	for i := range said {
		said[i] = memory.Said{Session: fmt.Sprint("s", i/perSession), Text: fmt.Sprintf("I love thing%d", i*7/10), Lang: "en"}
	}
	if _, err := m.Remember(ctx, o, said...); err != nil {
		return 0, err
	}
	begun := time.Now()
	p, err := m.Consolidate(ctx, o, false)
	took := time.Since(begun)
	if err == nil && len(p.Faded) != n-n/2 {
		err = fmt.Errorf("%d of %d messages went", len(p.Faded), n)
	}
	return took, errors.Join(err, m.Erase(ctx, o))
}
