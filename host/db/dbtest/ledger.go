package dbtest

import (
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jarvis-host/jarvis/host/llm"
)

// Ledger is the behaviour of every llm.Ledger. open returns an empty one.
func Ledger(t *testing.T, open func(t *testing.T) llm.Ledger) {
	t.Helper()
	spent := func(day, user, model string, tokens int) llm.Spending {
		return llm.Spending{Day: day, User: user, Provider: "p", Model: model, Requests: 1, PromptTokens: tokens, CompletionTokens: 1, Cost: 0.25}
	}
	t.Run("SpendingsAddUpByDayUserAndModel", func(t *testing.T) {
		l := open(t)
		must(t, l.Spend(t.Context(), []llm.Spending{spent("2026-05-01", "alice", "a", 10), spent("2026-05-01", "alice", "b", 5), spent("2026-05-02", "alice", "a", 1)}))
		must(t, l.Spend(t.Context(), []llm.Spending{spent("2026-05-01", "alice", "a", 7), spent("2026-05-01", "bob", "a", 3), spent("2026-05-01", "", "a", 2)}))
		alice := "alice"
		got, err := l.Spent(t.Context(), &alice, "2026-05-01", "2026-05-01")
		must(t, err)
		twice := spent("2026-05-01", "alice", "a", 17)
		twice.Requests, twice.CompletionTokens, twice.Cost = 2, 2, 0.5
		if d := cmp.Diff([]llm.Spending{twice, spent("2026-05-01", "alice", "b", 5)}, got); d != "" {
			t.Error(d)
		}
		all, err := l.Spent(t.Context(), nil, "2026-05-01", "2026-05-02")
		must(t, err)
		if len(all) != 5 {
			t.Errorf("%d rows of all, want 5: %v", len(all), all)
		}
		nobody := ""
		own, err := l.Spent(t.Context(), &nobody, "2026-05-01", "2026-05-02")
		must(t, err)
		if d := cmp.Diff([]llm.Spending{spent("2026-05-01", "", "a", 2)}, own); d != "" {
			t.Error(d)
		}
	})
	t.Run("NothingIsLostAtOnce", func(t *testing.T) {
		l := open(t)
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if err := l.Spend(t.Context(), []llm.Spending{spent("2026-05-01", "alice", "a", 1)}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		got, err := l.Spent(t.Context(), nil, "", "9")
		must(t, err)
		if len(got) != 1 || got[0].Requests != 20 || got[0].PromptTokens != 20 {
			t.Errorf("got %v", got)
		}
	})
}
