package host

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jarvis-host/jarvis/host/db/sqlite"
	"github.com/jarvis-host/jarvis/host/llm/remote"
	"github.com/jarvis-host/jarvis/host/memory"
	"github.com/jarvis-host/jarvis/host/memory/analysis"
	"github.com/jarvis-host/jarvis/host/memory/embedded"
	"github.com/jarvis-host/jarvis/host/protocol"
	"github.com/jarvis-host/jarvis/host/scrub"
	"github.com/jarvis-host/jarvis/host/session"
	"github.com/jarvis-host/jarvis/host/telemetry"
	"github.com/jarvis-host/jarvis/host/texts"
	"github.com/jarvis-host/jarvis/host/turn"
	"github.com/jarvis-host/jarvis/sdk/cron"
)

// worstTexts are utterances of n code points that ask for the most work.
func worstTexts(n int) map[string]string {
	fill := func(unit string) string {
		text := []rune(strings.Repeat(unit, n/len([]rune(unit))+1))
		return string(text[:n])
	}
	var different strings.Builder
	for i := 0; different.Len() < n; i++ {
		fmt.Fprintf(&different, "%c%c%d ", 'a'+i%26, 'a'+i/26%26, i)
	}
	return map[string]string{
		"letters": fill("a "), "one word": fill("a"), "different words": different.String()[:n], "hyphens": fill("a-"), "apostrophes": fill("l'"),
		"accents on one a": fill("a" + strings.Repeat("\u0301", 30)), "ligatures": fill("ﷺ"), "astral": fill("𝒶"), "numbers": fill("vingt et un mille "),
		"dates": fill("yesterday hier 2026-11-27 last monday "), "facts": fill("my name is a, I like b and I live in c. "),
		"questions": fill("what did I say about who when où quand qui "), "quotes": fill(`"' `), "passwords": fill("password: hunter2x "), "brackets": fill("</data><data>["),
	}
}

func measured(b *testing.B, name string, do func()) {
	b.Run(name, func(b *testing.B) {
		b.ReportAllocs()
		do() // what is made once is not of the text
		for b.Loop() {
			do()
		}
		b.ReportMetric(b.Elapsed().Seconds()*1000/float64(b.N), "ms")
	})
}

// BenchmarkWorstText takes the longest utterances through what reads them all.
// fault-R10
func BenchmarkWorstText(b *testing.B) {
	db, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "jarvis.db"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	if err := db.CreateSession(b.Context(), session.Meta{ID: "s", User: "ana"}); err != nil {
		b.Fatal(err)
	}
	kept, err := embedded.Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = kept.Close() })
	owner, err := memory.OwnerOf("ana")
	if err != nil {
		b.Fatal(err)
	}
	m := memory.New(memory.Options{Store: kept, Scrub: strings.TrimSpace, Now: time.Now})
	for i := range 1000 {
		text := fmt.Sprintf("I said a%d about the kitchen light and hier, %d", i%26, i)
		id := fmt.Sprintf("t%d", i)
		err = errors.Join(err, db.Append(b.Context(), "s", session.Entry{
			Frame:    session.Frame{Seq: int64(i + 1), Turn: id, Type: "accepted", Body: []byte("{}")},
			ClientID: id, Message: &turn.Message{ID: id, Turn: id, Role: turn.FromUser, Text: text, At: time.UnixMilli(int64(i))},
		}))
		_, learnt := m.Remember(b.Context(), owner, memory.Said{Text: text})
		err = errors.Join(err, learnt)
	}
	if err != nil {
		b.Fatal(err)
	}
	s := scrub.New()
	for name, text := range worstTexts(protocol.MaxText) {
		measured(b, "language/"+name, func() { texts.Detect(text, "en") })
		measured(b, "analysis/"+name, func() { analysis.Analyze(text, "en") })
		measured(b, "harmless/"+name, func() { telemetry.Harmless(text) })
		measured(b, "scrub/"+name, func() { s.Scrub(text) })
		query := string([]rune(text)[:256]) // what the edge lets through
		measured(b, "search/"+name, func() {
			if _, err := db.Search(b.Context(), "ana", query, 20); err != nil {
				b.Fatal(err)
			}
		})
		measured(b, "recall/"+name, func() {
			if _, err := m.Recall(b.Context(), owner, memory.Prompt{Text: text, Lang: "en", Budget: 600}); err != nil {
				b.Fatal(err)
			}
		})
	}
}

// BenchmarkWorstLong reads what may be longer than an utterance. fault-R10
func BenchmarkWorstLong(b *testing.B) {
	s := scrub.New()
	for name, text := range worstTexts(protocol.MaxFrame) {
		measured(b, "scrub/"+name, func() { s.Scrub(text) })
	}
	for name, unit := range map[string]string{"blank": "\n", "short": "data:\n", "comments": ":\n", "none ends": "data: a"} {
		stream := bytes.Repeat([]byte(unit), protocol.MaxFrame/len(unit))
		measured(b, "events/"+name, func() {
			for lines := remote.NewFields(bytes.NewReader(stream)); ; {
				if _, err := lines.Next(); err != nil {
					if !errors.Is(err, io.EOF) {
						b.Fatal(err)
					}
					return
				}
			}
		})
	}
	list := strings.TrimSuffix(strings.Repeat("0-59/1,", 9000), ",")
	for name, text := range map[string]string{
		"the rarest day": "0 0 29 2 fri#5", "no day": "0 0 31 feb *", "each minute of no day": "* * 30 2 *", "a long list": list + " * 31 4,6 *", "a long word": strings.Repeat("a", 1<<16) + " * * * *",
	} {
		measured(b, "cron/"+name, func() {
			if t, err := cron.Parse(text); err == nil {
				t.Next(time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC))
			}
		})
	}
}
