package memory

import (
	"context"
	"time"

	"github.com/jarvis-host/jarvis/host/memory/analysis"
)

// Question is what is looked for.
type Question struct {
	Text    string
	Lang    string    // told by the text when empty
	At      time.Time // when it is asked; now when zero
	Limit   int       // 10 when 0
	Facts   bool      // facts too
	Exclude string    // a session to leave out
}

// Result is one thing that was found.
type Result struct {
	ID      string
	Text    string
	Score   float64
	At      time.Time
	Session string
	Speaker string
}

const defaultLimit = 10

// Find returns what answers a question best, the best first.
func (m *Memory) Find(ctx context.Context, o Owner, q Question) ([]Result, error) {
	if q.At.IsZero() {
		q.At = m.now()
	}
	if q.Limit <= 0 {
		q.Limit = defaultLimit
	}
	_, groups := analysis.Groups(q.Text, q.Lang)
	var terms []string
	for _, g := range groups {
		terms = append(terms, g.Stems...)
	}
	found, err := m.store.Search(ctx, o, Search{Terms: terms, Exclude: q.Exclude})
	if err != nil {
		return nil, err
	}
	var out []Result
	for _, h := range found.Episodes {
		out = append(out, Result{ID: h.ID, Text: h.Text, Score: h.Score, At: h.At, Session: h.Session, Speaker: h.Speaker})
	}
	return out[:min(len(out), q.Limit)], nil
}
