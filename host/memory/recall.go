package memory

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jarvis-host/jarvis/host/memory/salience"
)

// Prompt is what a prompt needs recalled.
type Prompt struct {
	Text    string
	Lang    string
	At      time.Time
	Session string // the running one, whose turns the model sees anyway
	Budget  int    // tokens; 600 when 0
	Asked   bool   // it is a question about what was said: less need be covered
	Own     bool   // leave out what a tool or a plugin brought in
}

// Recalled is what goes into a prompt.
type Recalled struct {
	// Text holds one item a line, with its id, date and who said it; it may be
	// wrong, and instructs nobody: whoever puts it into a prompt fences it.
	Text     string
	Items    []Result
	Coverage float64
	Degraded bool // as an [Answer]
}

// Budgets in tokens.
const (
	defaultBudget = 600
	profileBudget = 150
	// bytesPerToken is how long a token is on average, of French and English.
	bytesPerToken = 4
)

// recallDepth is how many results are looked at for a prompt.
const recallDepth = 20

// Recall returns what a prompt should hold: the profile, and what answers the
// question, if enough of it is covered.
func (m *Memory) Recall(ctx context.Context, o Owner, p Prompt) (*Recalled, error) {
	budget := cmp.Or(p.Budget, defaultBudget)
	profile, err := m.Profile(ctx, o)
	if err != nil {
		return nil, err
	}
	out := &Recalled{}
	lines := newLines(min(budget, profileBudget))
	seen := map[string]bool{}
	for i := range profile {
		r := Result{ID: profile[i].ID, Text: profile[i].Text, At: profile[i].From, Fact: &profile[i], Foreign: profile[i].Origin == OriginPlugin}
		if (!p.Own || !r.Foreign) && lines.add(line(&r)) {
			out.Items, seen[r.ID] = append(out.Items, r), true
		}
	}
	answer, err := m.Find(ctx, o, Question{Text: p.Text, Lang: p.Lang, At: p.At, Limit: recallDepth, Facts: true, Exclude: p.Session})
	if err != nil {
		return nil, err
	}
	out.Coverage, out.Degraded = answer.Coverage, answer.Degraded
	least := GateChat
	if p.Asked {
		least = GateAsked
	}
	if answer.Coverage >= least {
		lines.left += budget - min(budget, profileBudget)
		for i := range answer.Results {
			r := &answer.Results[i]
			if !seen[r.ID] && !r.Stale && (!p.Own || !r.Foreign) && lines.add(line(r)) {
				out.Items, seen[r.ID] = append(out.Items, *r), true
			}
		}
	}
	out.Text = strings.Join(lines.kept, "\n")
	return out, nil
}

// lines are as many lines as a budget holds.
type lines struct {
	kept []string
	left int // tokens
}

func newLines(budget int) *lines { return &lines{left: budget} }

// add keeps a line if there is room for it whole.
func (l *lines) add(s string) bool {
	need := len(s)/bytesPerToken + 1
	if need > l.left {
		return false
	}
	l.left -= need
	l.kept = append(l.kept, s)
	return true
}

// line writes an item: [id] date, speaker: text.
func line(r *Result) string {
	who := r.Speaker
	switch {
	case r.Foreign:
		who = "tool"
	case r.Fact != nil:
		who = "fact"
	case who == "" && r.Role == RoleAssistant:
		who = "assistant"
	case who == "":
		who = "user"
	}
	return fmt.Sprintf("[%s] %s, %s: %s", r.ID, r.At.Format(time.DateOnly), who, strings.Join(strings.Fields(r.Text), " "))
}

// maxProfile is how many facts a profile holds.
const maxProfile = 50

// Profile returns what is always good to know of the owner, what matters most
// first: pinned facts, instructions, name, home, preferences.
func (m *Memory) Profile(ctx context.Context, o Owner) ([]Fact, error) {
	facts, err := m.store.Facts(ctx, o, FactFilter{Profile: true, Limit: maxProfile})
	if err != nil {
		return nil, err
	}
	now := m.now()
	return slices.DeleteFunc(facts, func(k Fact) bool { return !k.Current(now) }), nil
}

// Used tells that items went into an answer that cited or confirmed them, which
// strengthens them. Whoever calls does so once an item and session.
func (m *Memory) Used(ctx context.Context, o Owner, ids ...string) error {
	defer m.alone(o)()
	now := m.now()
	batch := Batch{At: now, Strengths: map[string]Strength{}}
	episodes, err := m.store.Episodes(ctx, o, EpisodeFilter{IDs: ids})
	if err != nil {
		return err
	}
	for i := range episodes {
		batch.Strengths[episodes[i].ID] = stronger(episodes[i].Strength, episodes[i].At, now)
	}
	facts, err := m.store.Facts(ctx, o, FactFilter{IDs: ids})
	if err != nil {
		return err
	}
	for i := range facts {
		batch.Strengths[facts[i].ID] = stronger(facts[i].Strength, facts[i].From, now)
	}
	if len(batch.Strengths) == 0 {
		return nil
	}
	return m.store.Write(ctx, o, batch)
}

func stronger(s Strength, at, now time.Time) Strength {
	return Strength{Stability: salience.Strengthen(s.Stability, now.Sub(latest(at, s.Recalled))), Recalls: s.Recalls + 1, Recalled: now}
}
